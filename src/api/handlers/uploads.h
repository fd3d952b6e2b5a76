// Resumable uploads: tus 1.0 with creation, termination and expiration.
#pragma once

#include "api/route.h"
#include "api/wire.h"

namespace rondo::api::handlers {

// Of one PATCH. An upload of any size is sent in as many as it takes.
inline constexpr uint64_t kUploadPieceBytesMax = uint64_t{1} << 30;

runtime::Task<http::Response> describe_uploads(Context&);
runtime::Task<http::Response> create_upload(Context&);
runtime::Task<http::Response> get_upload(Context&);
runtime::Task<http::Response> append_upload(Context&);
runtime::Task<http::Response> delete_upload(Context&);

runtime::Task<Result<Reply<wire::StorageUse>>> get_own_storage(Context&, None, None);

}  // namespace rondo::api::handlers
