// Whether a file so described is taken: each limit by itself, and the refusal in words, with what
// was measured beside the limit.
//
// Pure functions; thread safe. Errors: the refusals that probe.h lists.
#pragma once

#include <string_view>

#include "base/result.h"
#include "media/describe.h"
#include "media/limits.h"
#include "media/probe.h"

namespace rondo::media {

Error damaged(std::string_view how);
Error too_many_streams(size_t at_least, const MediaLimits& limits);

Result<void> judge_file_size(uint64_t bytes, const MediaLimits& limits);
Result<void> judge_streams(const Chosen& chosen, const MediaLimits& limits);
Result<void> judge_picture(const VideoStream& video);  // how it is coded
Result<void> judge_pixels(const VideoStream& video, const MediaLimits& limits);
Result<void> judge_frame_rate(double frames_per_second, const MediaLimits& limits);
Result<void> judge_duration(uint64_t duration_ms, const MediaLimits& limits);

}  // namespace rondo::media
