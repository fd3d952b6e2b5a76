// Randomness as a parameter (habit 6). SecureRandom for secrets and ids; Rng for everything that a
// seed must replay: its sequence is part of the contract and never changes.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/hash.h"

namespace rondo::base {

// xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021).
class Rng {
 public:
  explicit Rng(uint64_t seed);
  // All 256 bits of the digest are the state.
  explicit Rng(const Sha256Digest& seed);
  uint64_t next();
  // Uniform in [0, 1): the upper 24 bits.
  float uniform();
  // Uniform in [0, bound), bound > 0, without bias (Lemire's method).
  uint64_t below(uint64_t bound);

 private:
  std::array<uint64_t, 4> state_;
};

// From the operating system through libsodium. Thread safe.
class SecureRandom {
 public:
  SecureRandom();
  uint64_t next64();
  // Never 0, so that 0 can mean "none".
  uint64_t next_id();
  std::string bytes(size_t count);
};

}  // namespace rondo::base
