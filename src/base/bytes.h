// Bytes in a fixed order: little-endian writer and bounded reader, hex and base64url.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace rondo::base {

// Appends to a string that it does not own.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  template <typename T>
  requires std::is_arithmetic_v<T>
  void put(T value) {
    static_assert(std::endian::native == std::endian::little);
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    out_.append(raw, sizeof(T));
  }
  void put_bytes(std::string_view bytes) { out_.append(bytes); }
  // 32-bit length, then the bytes.
  void put_string(std::string_view bytes) {
    put(static_cast<uint32_t>(bytes.size()));
    out_.append(bytes);
  }

 private:
  std::string& out_;
};

// Reads what ByteWriter wrote; every read is checked, corrupt when the bytes end too soon.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  requires std::is_arithmetic_v<T> Result<T> get() {
    if (rest_.size() < sizeof(T)) return corrupt("the bytes end too soon");
    T value;
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  Result<std::string_view> get_bytes(size_t count) {
    if (rest_.size() < count) return corrupt("the bytes end too soon");
    std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  Result<std::string_view> get_string(size_t bytes_max) {
    RD_TRY(uint32_t size, get<uint32_t>());
    if (size > bytes_max) return corrupt("a string is longer than its limit");
    return get_bytes(size);
  }
  std::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Big-endian keys sort as their numbers do.
inline void append_be64(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}
inline uint64_t read_be64(const char* bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view text);
// RFC 4648 section 5, without padding.
std::string to_base64url(std::string_view bytes);
// Accepts both alphabets and optional padding.
Result<std::string> from_base64(std::string_view text);

}  // namespace rondo::base
