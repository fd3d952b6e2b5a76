// The sound of a file as it is served: AAC-LC, 48 kHz, stereo, starting with the picture, without
// gaps, no metadata; made once, for all renditions.
//
// Its loudness is EBU R 128's: measured over the whole track first, then moved to -14 LUFS by one
// gain, the same from start to end. Where peaks would then pass -1 dBTP, a limiter takes them down,
// and what that costs in loudness is measured and made up for. Coding adds peaks of its own: where
// it is close, the coded sound is measured too, and made again behind a lower limiter.
//
// Blocks; thread safe for different folders. Errors as in probe.h.
#pragma once

#include <filesystem>
#include <stop_token>

#include "base/result.h"
#include "media/probe.h"
#include "media/sandbox.h"
#include "media/sound_trace.h"

namespace rondo::media {

struct SoundContext {
  const Sandbox& sandbox;
  const MediaLimits& limits;
  std::filesystem::path folder;  // where the files go
  int threads = 2;
  std::stop_token stop;
};

struct Sound {
  std::filesystem::path file;  // an MP4 with this track alone
  SoundTrace trace;            // says nothing when the track is silent
};

// A track that is silent, or too short to have a loudness, keeps its level. Of `probe` it needs the
// demuxer and the sound's stream, which has to be there.
Result<Sound> make_sound(const SoundContext& context, const std::filesystem::path& file,
                         const Probe& probe);

// The same file again, out of a rendition.
Result<std::filesystem::path> take_sound(const SoundContext& context,
                                         const std::filesystem::path& rendition);

}  // namespace rondo::media
