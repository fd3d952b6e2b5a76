#include "blob/key.h"

#include <string>

namespace rondo::blob {

namespace {

bool allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

Error wrong(std::string_view key, std::string_view why) {
  // Foreign text of any length: quote its beginning only.
  std::string quoted(key.substr(0, kKeyBytesMax));
  return base::invalid("'" + quoted + "' is not a key of a stored object: " + std::string(why));
}

Result<void> check(std::string_view key) {
  if (key.size() > kKeyBytesMax) return wrong(key, "it is longer than 200 characters");
  char before = '/';
  for (char c : key) {
    if (c == '/') {
      if (before == '/') return wrong(key, "a segment is empty");
    } else if (!allowed(c)) {
      return wrong(key, "only a-z, 0-9, '.', '_', '-' and '/' are allowed");
    } else if (c == '.' && before == '/') {
      return wrong(key, "a segment must not begin with '.'");
    }
    before = c;
  }
  return {};
}

}  // namespace

Result<void> check_key(std::string_view key) {
  if (key.empty()) return wrong(key, "it is empty");
  if (key.back() == '/') return wrong(key, "it must not end with '/'");
  return check(key);
}

Result<void> check_prefix(std::string_view prefix) { return check(prefix); }

}  // namespace rondo::blob
