// The bytes of a state, written and read by one description (checkpoint.cc): blocks that carry
// their section, their size and a CRC-32C, so that a flipped bit anywhere is found.
//
//   block = section u32 | size u32 | crc u32 | payload     crc over section, size and payload
//
// The writer hashes what it writes; without a sink it only hashes: that is the digest. Numbers are
// little-endian. Not thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "recommender/engine.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender {

inline constexpr size_t kBlockBytesTarget = 256 << 10;
inline constexpr size_t kBlockBytesMax = 16 << 20;

constexpr uint32_t section_tag(const char (&name)[5]) {
  uint32_t tag = 0;
  for (int i = 3; i >= 0; --i) tag = (tag << 8) | static_cast<unsigned char>(name[i]);
  return tag;
}

class ArchiveWriter {
 public:
  static constexpr bool kReading = false;
  explicit ArchiveWriter(Sink* sink) : sink_(sink) {}

  void begin(uint32_t section);
  // Between two entities: the place where a block may end.
  void entity_done() {
    if (buffer_.size() >= kBlockBytesTarget) flush();
  }
  void end() { flush(); }
  base::Sha256Digest finish() { return hash_.finish(); }

  template <typename T>
  requires std::is_arithmetic_v<T>
  void operator()(const T& value) { base::ByteWriter(buffer_).put(value); }
  void text(const std::string& value, size_t) { base::ByteWriter(buffer_).put_string(value); }
  // Elements through `each`; `count_max` bounds what a reader accepts.
  template <typename T, typename Each>
  void list(const std::vector<T>& values, size_t count_max, Each each) {
    RD_ASSERT(values.size() <= count_max);
    (*this)(static_cast<uint32_t>(values.size()));
    for (const T& value : values) each(value);
  }
  bool ok() const { return true; }

 private:
  void flush();

  Sink* sink_;
  base::Sha256 hash_;
  uint32_t section_ = 0;
  std::string buffer_;
};

class ArchiveReader {
 public:
  static constexpr bool kReading = true;
  explicit ArchiveReader(Source& source) : source_(source) {}

  // The first failure is kept; what is read after it is zero.
  void begin(uint32_t section);
  void entity_done() {}
  void end();
  bool ok() const { return !error_.has_value(); }
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }
  Error take_error() { return std::move(*error_); }

  template <typename T>
  requires std::is_arithmetic_v<T>
  void operator()(T& value) {
    value = T{};
    if (!need()) return;
    // A bool is a byte that must be 0 or 1: any other is not a value of the type.
    using Stored = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;
    auto read = base::ByteReader(rest_).get<Stored>();
    if (!read.ok()) return fail(std::move(read).error());
    if (std::is_same_v<T, bool> && *read > 1)
      return fail(corrupt("checkpoint: a flag is not 0 or 1"));
    if constexpr (std::is_floating_point_v<T>) {
      if (!kernels::is_finite(*read)) {
        return fail(corrupt("checkpoint: a number is infinite, or none"));
      }
    }
    value = static_cast<T>(*read);
    rest_.remove_prefix(sizeof(T));
  }
  void text(std::string& value, size_t bytes_max) {
    value.clear();
    if (!need()) return;
    auto read = base::ByteReader(rest_).get_string(bytes_max);
    if (!read.ok()) return fail(std::move(read).error());
    value = std::string(*read);
    rest_.remove_prefix(sizeof(uint32_t) + value.size());
  }
  template <typename T, typename Each>
  void list(std::vector<T>& values, size_t count_max, Each each) {
    uint32_t count = 0;
    (*this)(count);
    values.clear();
    if (count > count_max) return fail(corrupt("checkpoint: a list is longer than its limit"));
    // Grows as elements come: a false count must not claim memory for what is not there.
    for (uint32_t i = 0; i < count && ok(); ++i) each(values.emplace_back());
  }

 private:
  // True when there are bytes of this section to read.
  bool need();
  void read_block();

  Source& source_;
  std::optional<Error> error_;
  uint32_t section_ = 0;
  std::string block_;
  std::string_view rest_;
};

}  // namespace rondo::recommender
