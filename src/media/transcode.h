// From a probed file to what Rondo serves: one fragmented MP4 a rung, and what is derived from the
// picture. A pass of FFmpeg decodes the picture once, for all that it is asked for.
//
// What comes out, whatever goes in: H.264 High (or AV1 Main, where a rung says so), 8 bit 4:2:0,
// BT.709, square pixels, upright, frames at their own times (60 a second at most), a key frame a
// second; the sound of sound.h, or none; no metadata of the source. HDR is tone-mapped; what is
// see-through is on black. A picture may differ in some bytes from one time to the next, as x264
// keeps to a rate with several threads.
//
// Thread safe; blocks. Errors as in probe.h; "damaged" also when the picture ends early.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "media/fmp4.h"
#include "media/frame_hash.h"
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

// What one pass makes; something at least.
struct Pass {
  std::vector<Rung> rungs;  // the best first
  bool poster = false;      // with it the placeholder and the frames to be hashed
  bool glimpses = false;    // storyboard and preview
  // Of all its rungs, a file of sound.h in the folder that the pass writes into: asked for when the
  // pictures are made, and joined with each. Empty: the source has none. Not an input of the pass:
  // FFmpeg reads first for the output that is farthest behind, a storyboard is that to the end, and
  // the sound would come late into the fragments.
  std::function<Result<std::filesystem::path>()> sound;
};

// One frame a second is hashed, of so many seconds.
inline constexpr size_t kHashedFramesMax = 120;

struct RenditionFile {
  Rung rung;
  std::filesystem::path file;
  Mp4Index index;
};

struct Transcoded {
  std::vector<RenditionFile> renditions;  // the best first
  // JPEG, the bytes of placeholder.h, one hash a second: when a poster was asked for.
  std::filesystem::path poster;
  std::string placeholder;
  std::vector<FrameHash> look;
  // When glimpses were asked for.
  std::filesystem::path storyboard, preview;
  double seconds = 0;
};

// What is see-through is on black, as the player's background is: filters for pictures with alpha.
inline constexpr std::string_view kOnBlack =
    "format=yuva420p|yuva422p|yuva444p|yuva420p10|yuva422p10|yuva444p10|gbrap|gbrap10|gbrap12,"
    "premultiply=inplace=1";
// What every picture that is served as video comes out as: options of a scale filter, and what
// follows it.
inline constexpr std::string_view kOutColors =
    "out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1,setparams=range=tv:"
    "color_primaries=bt709:color_trc=bt709:colorspace=bt709";

// For on_stdout_line of a command with run_options() over so much time. What comes after is the
// caller's to report: ends at 0.99.
std::function<void(std::string_view line)> progress_reader(uint64_t duration_ms,
                                                           ProgressCallback progress);

// The rungs of a probed file, all of them; the frames a second that they have.
std::vector<Rung> rungs_of(const Probe& probe);
double frame_rate_of(const Probe& probe);

// FFmpeg's for a pass over `input`; it writes into its working directory.
std::vector<std::string> transcode_arguments(const Probe& probe, const Pass& pass,
                                             const TranscodeOptions& options,
                                             std::string_view input);

// FFmpeg's for joining a rung's picture, of such a pass, with its sound: names in its working
// directory.
std::vector<std::string> join_arguments(const Rung& rung, const std::filesystem::path& sound,
                                        const Probe& probe, const TranscodeOptions& options);

// Writes into `output`, where nothing else has the names of its files.
Result<Transcoded> transcode(const Sandbox& sandbox, const std::filesystem::path& file,
                             const Probe& probe, const Pass& pass,
                             const std::filesystem::path& output, const TranscodeOptions& options,
                             const ProgressCallback& progress, const std::stop_token& stop);

}  // namespace rondo::media
