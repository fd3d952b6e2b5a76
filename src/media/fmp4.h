// Fragmented MP4 as Rondo serves it: `ftyp`, `moov`, one `sidx` a track, then fragments (`moof`,
// `mdat`) to the end of the file, each of about a second and starting with a key frame
// (docs/formats/media.md). Here its index is read, checked, and mended in one place.
//
// The files come out of the sandbox, so their bytes are foreign: every read is bounded and checked.
// Thread safe for different files. Errors: corrupt (the file is not laid out so; the message says
// where), internal (it cannot be read or written).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace rondo::media {

struct Fragment {
  uint64_t offset = 0;  // in the file
  uint64_t size_bytes = 0;
  uint64_t duration = 0;  // of the picture, in units of `timescale`
};

struct Mp4Index {
  uint64_t size_bytes = 0;        // of the whole file
  uint64_t init_bytes = 0;        // ftyp and moov: what a decoder needs first
  uint64_t fragments_offset = 0;  // where the first fragment starts; between: the index
  uint32_t timescale = 1;
  std::string video_codec;  // RFC 6381: "avc1.64001f", "av01.0.05M.08"
  bool has_audio = false;
  std::vector<Fragment> fragments;  // without gaps, to the end of the file

  uint64_t video_duration() const;  // in units of `timescale`
  double video_seconds() const {
    return static_cast<double>(video_duration()) / static_cast<double>(timescale);
  }
  // The longer of picture and sound.
  double seconds = 0;
};

Result<Mp4Index> read_mp4_index(const std::filesystem::path& file);

// Makes the last frame of the picture last until `end_seconds` after the start, in the fragment and
// in the index: encoders forget how long the last frame is shown. Does nothing when the picture is
// that long already. The index given is brought up to date.
Result<void> extend_last_frame(const std::filesystem::path& file, double end_seconds,
                               Mp4Index& index);

}  // namespace rondo::media
