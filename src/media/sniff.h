// What the first bytes of a file say that it is: the one thing known before anything opens it.
//
// The answer chooses the demuxer that FFmpeg is forced to use, so that nothing in the file can
// choose another (a playlist, an image sequence, a concatenation script).
// Pure; no errors: bytes of no known kind are `kOther`.
#pragma once

#include <cstddef>
#include <string_view>

namespace rondo::media {

// With so many bytes (or the whole file, if shorter) sniff() gives its final answer.
inline constexpr size_t kSniffBytes = 1024;

enum class FileKind { kVideo, kOther };

struct Sniffed {
  FileKind kind = FileKind::kOther;
  // Of a video: the name of FFmpeg's demuxer ("mov"). Empty otherwise.
  std::string_view demuxer;
  // What it is for a person: "an MP4 or QuickTime file", "a PDF document".
  std::string_view description;
};

Sniffed sniff(std::string_view first_bytes);

}  // namespace rondo::media
