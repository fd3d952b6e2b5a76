// Captions of foreign bytes: what is taken and written anew reads the same, and holds no tag or
// line that the reader did not mean.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "media/captions.h"

namespace {

// Every tag is one of those that are kept, and ends.
bool is_clean(std::string_view text) {
  for (size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    std::string_view tag = text.substr(at + 1, text.find('>', at) - at - 1);
    if (text.find('>', at) == std::string_view::npos || tag.find('<') != tag.npos) return false;
    if (tag.starts_with('/')) tag.remove_prefix(1);
    const std::string_view name = tag.substr(0, tag.find(' '));
    if (name != "b" && name != "i" && name != "u" && name != "v") return false;
  }
  return text.find("-->") == text.npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto cues = rondo::media::read_captions(bytes, 64 << 10);
  if (!cues.ok()) return 0;
  for (const auto& cue : *cues) {
    if (!is_clean(cue.text)) std::abort();
  }
  auto again = rondo::media::read_captions(rondo::media::write_captions(*cues), 1 << 20);
  if (!again.ok() || *again != *cues) std::abort();
  return 0;
}
