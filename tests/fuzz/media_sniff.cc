// The first bytes of a file that somebody sends: a video has a demuxer to force, and what is no
// video has none; the answer depends on the first bytes only.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "media/sniff.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using rondo::media::FileKind;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto sniffed = rondo::media::sniff(bytes);
  if ((sniffed.kind == FileKind::kVideo) == sniffed.demuxer.empty()) std::abort();
  if (sniffed.description.empty()) std::abort();
  const auto head = rondo::media::sniff(bytes.substr(0, rondo::media::kSniffBytes));
  if (head.kind != sniffed.kind || head.demuxer != sniffed.demuxer) std::abort();
  return 0;
}
