// A file out of the sandbox: its index, when it reads, tiles the file to its end, and a longer last
// frame leaves one that still reads and is as long as was asked for.

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "media/fmp4.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int kFile = ::memfd_create("fmp4", 0);
  static const std::string kPath = "/proc/self/fd/" + std::to_string(kFile);
  if (::ftruncate(kFile, 0) != 0 || ::pwrite(kFile, data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  auto index = rondo::media::read_mp4_index(kPath);
  if (!index.ok()) return 0;
  uint64_t at = index->fragments_offset;
  for (const auto& fragment : index->fragments) {
    if (fragment.offset != at) std::abort();
    at += fragment.size_bytes;
  }
  if (at != size || index->init_bytes > index->fragments_offset) std::abort();
  const double end = index->video_seconds() + 0.5;
  if (!std::isfinite(end)) std::abort();
  if (!rondo::media::extend_last_frame(kPath, end, *index).ok()) return 0;
  auto again = rondo::media::read_mp4_index(kPath);
  if (!again.ok() || again->video_duration() != index->video_duration()) std::abort();
  return 0;
}
