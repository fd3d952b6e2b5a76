// Media bytes and the web client's files.
#pragma once

#include "api/route.h"

namespace rondo::api::handlers {

// GET /media/{video}/{file}: immutable, with ranges, ETag and zero-copy.
runtime::Task<http::Response> get_media(Context&);
// Everything else that is read: the web client.
runtime::Task<http::Response> get_static(Context&);

}  // namespace rondo::api::handlers
