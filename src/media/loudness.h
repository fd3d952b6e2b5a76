// Loudness after EBU R 128: measured over the whole sound track first, then moved to -14 LUFS by
// one gain, the same from start to end. Where peaks would then pass -1 dBTP, a limiter takes them
// down, and what that costs in loudness is measured and made up for. Coding adds peaks of its own:
// where it is close, the coded sound is measured too, and the limiter set lower.
//
// The first decoding also yields the sound's trace (sound_trace.h), for those who ask for it.
//
// Blocks; thread safe. Errors as in probe.h.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "media/probe.h"
#include "media/sandbox.h"
#include "media/sound_trace.h"

namespace rondo::media {

struct Level {
  double gain_db = 0;
  bool limit = false;  // take peaks down to the ceiling
  double ceiling_dbtp = 0;
};

// What the sound of a file is brought to before anything else, as a filter chain: 48 kHz stereo
// that starts with the picture and has no gaps.
std::string sound_filters();

// How the sound is coded: FFmpeg's options for an output.
std::vector<std::string> sound_encoding();

// `scratch`: a folder for files that are gone at the end.
// Nothing when the track is silent, or too short to have a loudness: it stays as it is, and `trace`
// (may be null) says nothing.
Result<std::optional<Level>> measure_level(const Sandbox& sandbox,
                                           const std::filesystem::path& file, const Probe& probe,
                                           const MediaLimits& limits,
                                           const std::filesystem::path& scratch, int threads,
                                           const std::stop_token& stop, SoundTrace* trace);

// The filters that bring a sound so measured to the target.
std::string level_filters(const Level& level);

}  // namespace rondo::media
