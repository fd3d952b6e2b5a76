#include "base/ids.h"

#include <array>

namespace rondo::base {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kTextLength = 13;

constexpr std::array<int8_t, 256> kValues = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    auto c = static_cast<unsigned char>(kAlphabet[i]);
    values[c] = static_cast<int8_t>(i);
    if (c >= 'a') values[c - 'a' + 'A'] = static_cast<int8_t>(i);
  }
  return values;
}();

}  // namespace

std::string id_to_text(uint64_t value) {
  std::string text(kTextLength, '0');
  for (size_t i = kTextLength; i-- > 0;) {
    text[i] = kAlphabet[value & 31];
    value >>= 5;
  }
  return text;
}

Result<uint64_t> id_from_text(std::string_view text) {
  if (text.size() != kTextLength) return invalid("an id has 13 characters");
  uint64_t value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    int digit = kValues[static_cast<unsigned char>(text[i])];
    if (digit < 0) return invalid("an id has only 0-9 and a-z without i, l, o and u");
    if (i == 0 && digit > 15) return invalid("this id is larger than 64 bits");
    value = (value << 5) | static_cast<uint64_t>(digit);
  }
  return value;
}

}  // namespace rondo::base
