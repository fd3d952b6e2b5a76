// Captions: an author's to put and remove, everybody's to read, as WebVTT and within HLS.
#pragma once

#include "api/route.h"
#include "api/wire.h"

namespace rondo::api::handlers {

// No file is larger, whatever the configuration: as much is read before a handler is asked.
inline constexpr uint64_t kCaptionsBodyBytesMax = 2048 << 10;

runtime::Task<http::Response> put_captions(Context&);
runtime::Task<Result<Reply<None>>> delete_captions(Context&, None, None);
// GET /api/v1/videos/{video}/captions/{language}: the present ones.
runtime::Task<http::Response> get_captions(Context&);

// GET /media/{video}/captions/{file}: LANGUAGE-VERSION.vtt, immutable; LANGUAGE-VERSION.m3u8, the
// same for HLS; master-N.m3u8, the multivariant playlist of N renditions with all captions of now.
// A version of before they were replaced gives the present ones, which are not to be kept then.
runtime::Task<http::Response> get_captions_file(Context&);

}  // namespace rondo::api::handlers
