// How far a video is, told as it changes: what GET of the video answers, as server-sent events.
#pragma once

#include "api/route.h"

namespace rondo::api::handlers {

runtime::Task<http::Response> get_video_events(Context&);

}  // namespace rondo::api::handlers
