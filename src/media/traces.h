// What a video's first step finds out and its publication needs: kept as one object beside the
// media ("traces/<video id>", which is not served) until the last step is done, so that a crash
// between the two costs no second decoding (docs/formats/media.md).
//
// Pure functions; thread safe. Errors: corrupt (the bytes are not of this form, or over its
// limits).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "media/frame_hash.h"
#include "media/sound_trace.h"

namespace rondo::media {

struct Traces {
  std::string placeholder;      // placeholder.h
  std::vector<FrameHash> look;  // a frame a second, kHashedFramesMax at most
  SoundTrace sound;
};

std::string pack(const Traces& traces);
Result<Traces> unpack_traces(std::string_view bytes);

// The parts by themselves, as the database keeps them.
std::string pack_look(std::span<const FrameHash> look);
Result<std::vector<FrameHash>> unpack_look(std::string_view bytes);
std::string pack_fingerprint(std::span<const uint32_t> items);
Result<std::vector<uint32_t>> unpack_fingerprint(std::string_view bytes);

}  // namespace rondo::media
