// What whoever runs the network sees and does: the queue of work, and the room on the disk.
#pragma once

#include "api/route.h"
#include "api/wire.h"

namespace rondo::api::handlers {

runtime::Task<Result<Reply<wire::OperatedQueue>>> list_jobs(Context&, None, None);
runtime::Task<Result<Reply<None>>> cancel_job(Context&, None, None);
runtime::Task<Result<Reply<None>>> retry_job(Context&, None, None);
runtime::Task<Result<Reply<wire::OperatedStorage>>> get_storage(Context&, None, None);

}  // namespace rondo::api::handlers
