// What an author wants of a file before it is published: a part of it, and the picture on its
// cover.
//
// The cut is exact to the frame: it is decoded and coded again, nearly without loss, at the size of
// the best rendition at most, upright, with the colours as they are; everything that comes after
// takes it for the file. (Copying the packets would start at a key frame, up to ten seconds early.)
// The cover is taken from a rendition that is made already.
//
// Thread safe for different files; blocks. Errors as in probe.h, and invalid, field "trim", reason
// "trim_beyond_end" or "trim_too_short".
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "blob/blob_store.h"
#include "media/limits.h"
#include "media/sandbox.h"
#include "media/transcode.h"

namespace rondo::media {

struct EditorOptions {
  std::filesystem::path work_folder;  // belongs to one Editor, which empties it
  SandboxOptions sandbox;
  MediaLimits limits;
  uint64_t trim_ms_min = 500;  // what a trim leaves of a file, at least
  int threads = 2;
};

struct Span {
  uint64_t start_ms = 0;
  uint64_t end_ms = 0;  // later; what is beyond the end of the file is its end
};

class Editor {
 public:
  // `store` has to outlive the editor.
  static Result<std::unique_ptr<Editor>> create(EditorOptions options, blob::BlobStore& store);

  // Puts that part of `source` at `to`, whole or not at all. Found there: done before.
  Result<void> cut(const std::filesystem::path& source, const Span& span,
                   const std::filesystem::path& to, const ProgressCallback& progress,
                   std::stop_token stop) const;

  // Puts media/<video id>/cover.jpg: what `rendition` ("480p") of a video of `duration_ms` shows at
  // `at_ms`, or its last picture when that is later. Found there: done before.
  Result<void> make_cover(VideoId video, const std::string& rendition, uint64_t duration_ms,
                          uint64_t at_ms, std::stop_token stop) const;

 private:
  Editor(EditorOptions options, blob::BlobStore& store)
      : options_(std::move(options)), sandbox_(options_.sandbox), store_(store) {}

  const EditorOptions options_;
  const Sandbox sandbox_;
  blob::BlobStore& store_;
};

}  // namespace rondo::media
