#include "api/http/ranges.h"

#include <algorithm>
#include <charconv>

namespace rondo::api::http {
namespace {

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

RangeRequest parse_range(std::string_view header, uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  RangeRequest whole;
  if (!header.starts_with(kUnit)) return whole;
  std::string_view spec = header.substr(kUnit.size());
  size_t dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return whole;
  std::string_view left = spec.substr(0, dash), right = spec.substr(dash + 1);
  RangeRequest part{.kind = RangeRequest::Kind::kPart, .range = {}};
  RangeRequest unsatisfiable{.kind = RangeRequest::Kind::kUnsatisfiable, .range = {}};
  if (left.empty()) {
    auto suffix = number(right);
    if (!suffix) return whole;
    if (*suffix == 0 || size == 0) return unsatisfiable;
    part.range.length = std::min(*suffix, size);
    part.range.first = size - part.range.length;
    return part;
  }
  auto first = number(left);
  auto last = right.empty() ? std::optional<uint64_t>(~uint64_t{0}) : number(right);
  if (!first || !last || *last < *first) return whole;
  if (*first >= size) return unsatisfiable;
  part.range.first = *first;
  part.range.length = std::min(*last, size - 1) - *first + 1;
  return part;
}

}  // namespace rondo::api::http
