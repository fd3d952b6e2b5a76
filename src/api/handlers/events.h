// What viewers did: POST /api/v1/events.
#pragma once

#include "api/route.h"
#include "api/wire.h"

namespace rondo::api::handlers {

runtime::Task<Result<Reply<wire::EventReceipt>>> post_events(Context&, None, wire::EventBatch);

}  // namespace rondo::api::handlers
