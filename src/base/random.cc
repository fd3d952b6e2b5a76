#include "base/random.h"

#include <sodium.h>

#include <cstring>

#include "base/result.h"

namespace rondo::base {
namespace {

constexpr uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

}  // namespace

Rng::Rng(uint64_t seed) {
  for (auto& word : state_) {
    seed += 0x9E3779B97F4A7C15u;
    word = mix64(seed);
  }
}

Rng::Rng(const Sha256Digest& seed) {
  std::memcpy(state_.data(), seed.data(), seed.size());
  state_[0] |= (state_[0] | state_[1] | state_[2] | state_[3]) == 0 ? 1 : 0;
}

uint64_t Rng::next() {
  uint64_t result = rotl(state_[1] * 5, 7) * 9;
  uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotl(state_[3], 45);
  return result;
}

float Rng::uniform() { return static_cast<float>(next() >> 40) * 0x1p-24f; }

uint64_t Rng::below(uint64_t bound) {
  RD_ASSERT(bound > 0);
  using Wide = unsigned __int128;
  Wide product = Wide(next()) * bound;
  auto low = static_cast<uint64_t>(product);
  if (low < bound) {
    uint64_t threshold = -bound % bound;
    while (low < threshold) {
      product = Wide(next()) * bound;
      low = static_cast<uint64_t>(product);
    }
  }
  return static_cast<uint64_t>(product >> 64);
}

SecureRandom::SecureRandom() { RD_ASSERT(sodium_init() >= 0); }

uint64_t SecureRandom::next64() {
  uint64_t value;
  randombytes_buf(&value, sizeof value);
  return value;
}

uint64_t SecureRandom::next_id() {
  uint64_t value = 0;
  while (value == 0) value = next64();
  return value;
}

std::string SecureRandom::bytes(size_t count) {
  std::string out(count, '\0');
  randombytes_buf(out.data(), count);
  return out;
}

}  // namespace rondo::base
