// Refusals and failures of media work, in words for the person who uploaded.
//
// Pure functions; thread safe. The reasons are listed in probe.h and transcode.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "media/process.h"

namespace rondo::media {

// What went wrong with a command of FFmpeg's, as the Error that probe and transcode give.
Error command_failed(const ProcessResult& result, std::string_view doing);

// A refusal: code invalid, field "file".
Error refused(std::string reason, std::string sentence);
// "not_a_video", by name of what it is.
Error not_a_video(std::string_view description);

// "11 min 02 s", "42 s", "0.4 s".
std::string duration_text(uint64_t milliseconds);
// "1.3 GB", "512 kB".
std::string size_text(uint64_t bytes);

}  // namespace rondo::media
