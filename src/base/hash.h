// Hashes: SHA-256 for what must be provable, CRC-32C for stored bytes, mix64 for tables.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rondo::base {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest sha256(std::string_view bytes);

// The same over bytes that come in pieces. Not thread safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  Sha256Digest finish();  // once

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

inline std::string_view as_bytes(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// CRC-32C (Castagnoli), continued from `crc` (0 to start).
uint32_t crc32c(std::string_view bytes, uint32_t crc);

// Finaliser of SplitMix64: a bijection that spreads every bit.
constexpr uint64_t mix64(uint64_t x) {
  x ^= x >> 30;
  x *= 0xBF58476D1CE4E5B9u;
  x ^= x >> 27;
  x *= 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// A 64-bit hash of a text, the same on every machine: the first 8 bytes of its SHA-256.
uint64_t stable_hash64(std::string_view text);

}  // namespace rondo::base
