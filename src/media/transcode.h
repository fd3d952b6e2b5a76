// From a probed file to what Rondo serves: one fragmented MP4 a rung and a poster, in one pass of
// FFmpeg over the picture (and one before it over the sound, for its loudness).
//
// What comes out, whatever goes in: H.264 High, 8 bit 4:2:0, BT.709, square pixels, upright, frames
// at their own times (60 a second at most), a key frame a second; AAC-LC 48 kHz stereo at -14 LUFS,
// or no sound track; no metadata of the source. HDR is tone-mapped. The same input gives the same
// bytes with the same versions and number of threads.
//
// Thread safe; blocks. Errors as in probe.h; "damaged" also when the picture ends early.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "media/fmp4.h"
#include "media/ladder.h"
#include "media/probe.h"
#include "media/sandbox.h"

namespace rondo::media {

struct TranscodeOptions {
  int threads = 2;  // of each decoder, filter graph and encoder
  MediaLimits limits;
};

// From 0 to 1, never backwards; called on the calling thread.
using ProgressCallback = std::function<void(double)>;

struct RenditionFile {
  Rung rung;
  std::filesystem::path file;
  Mp4Index index;
};

struct Transcoded {
  std::vector<RenditionFile> renditions;  // the best first
  std::filesystem::path poster;           // JPEG
  Size poster_size;
  double frame_rate = 0;
  double seconds = 0;
  bool has_audio = false;
};

// Writes into `output`, an empty directory.
Result<Transcoded> transcode(const Sandbox& sandbox, const std::filesystem::path& file,
                             const Probe& probe, const std::filesystem::path& output,
                             const TranscodeOptions& options, const ProgressCallback& progress,
                             std::stop_token stop);

}  // namespace rondo::media
