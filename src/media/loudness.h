// Loudness after EBU R 128: measured over the whole sound track first, then moved to -14 LUFS, in
// a straight line where the peaks allow it.
//
// Blocks; thread safe. Errors as in probe.h.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "media/probe.h"
#include "media/sandbox.h"

namespace rondo::media {

struct Loudness {
  double integrated_lufs = 0;
  double true_peak_dbtp = 0;
  double range_lu = 0;
  double threshold_lufs = 0;
  double offset_lu = 0;  // what a first guess would miss by
};

// What the sound of a file is brought to before anything else, as a filter chain: 48 kHz stereo
// that starts with the picture and has no gaps.
std::string sound_filters();

// Nothing when the track is silent, or so quiet that raising it would only raise noise.
Result<std::optional<Loudness>> measure_loudness(const Sandbox& sandbox,
                                                 const std::filesystem::path& file,
                                                 const Probe& probe, const MediaLimits& limits,
                                                 int threads, std::stop_token stop);

// The filters that bring a sound so measured to the target.
std::string loudness_filters(const Loudness& measured);

}  // namespace rondo::media
