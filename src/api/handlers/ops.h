// Operation: health, readiness, metrics, the API's own description, the network's.
#pragma once

#include "api/route.h"
#include "api/wire.h"

namespace rondo::api::handlers {

runtime::Task<http::Response> healthz(Context&);
runtime::Task<http::Response> readyz(Context&);
runtime::Task<http::Response> metrics(Context&);
runtime::Task<http::Response> openapi(Context&);
runtime::Task<Result<Reply<wire::Network>>> get_network(Context&, None, None);

}  // namespace rondo::api::handlers
