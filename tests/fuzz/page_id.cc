// A page id of foreign text: one that parses is the only text of its page.

#include "records/page_id.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto id = rondo::records::parse_page_id(text);
  if (id.ok() && rondo::records::to_text(*id) != text) std::abort();
  return 0;
}
