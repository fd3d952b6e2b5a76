// Byte ranges (RFC 9110, section 14): one range of a representation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rondo::api::http {

struct Range {
  uint64_t first = 0;
  uint64_t length = 0;
};

struct RangeRequest {
  enum class Kind { kWhole, kPart, kUnsatisfiable } kind = Kind::kWhole;
  Range range;
};

// What of `size` bytes a Range header asks for. Headers that are not understood, and several ranges
// at once, mean the whole (as the RFC allows).
RangeRequest parse_range(std::string_view header, uint64_t size);

}  // namespace rondo::api::http
