// The language of foreign bytes: a tag or nothing, and nothing of what is no text.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "media/text_language.h"

namespace {

bool is_tag(const std::string& language) {
  return language.empty() || (language.size() == 2 && language[0] >= 'a' && language[0] <= 'z' &&
                              language[1] >= 'a' && language[1] <= 'z');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!is_tag(rondo::media::dominant_language(bytes))) std::abort();
  const std::string other = rondo::media::other_language(bytes, bytes.substr(0, 8));
  if (!is_tag(other)) std::abort();
  if (rondo::media::other_language(bytes, "en") == "en") std::abort();
  if (!rondo::media::dominant_language(std::string(bytes) + " \xFF").empty() && size < 60'000) {
    std::abort();
  }
  return 0;
}
