// Elementary functions with the same bits on every machine: no libm, whose results differ between
// versions. Plain IEEE operations in a fixed order; -ffp-contract=off keeps it so.
//
// Free functions, thread safe, defined for every input: NaN gives NaN.
#pragma once

#include <bit>
#include <cstdint>

namespace rondo::recommender::kernels {

// e^x, relative error below 4e-7. Saturates: 0 below -87, the largest finite value above 88.
inline float exp(float x) {
  if (x != x) return x;
  if (x < -87.0f) return 0.0f;
  if (x > 88.0f) return 3.0e38f;
  // x = n ln2 + r, |r| <= ln2 / 2. Adding 1.5 * 2^23 rounds to a whole number in the default mode.
  constexpr float kRound = 12582912.0f;
  float n = (x * 1.44269504f + kRound) - kRound;
  float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;  // ln2 in two parts
  // Taylor to r^7: the rest is below 6e-9.
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  auto exponent = static_cast<int32_t>(n);
  return p * std::bit_cast<float>(static_cast<uint32_t>(exponent + 127) << 23);
}

// ln x for normal x > 0, absolute error below 2e-7 near 1. Zero, denormal and negative: -87.4, that
// is below every result for a normal number; so that a ratio of counts never makes an infinity.
inline float log(float x) {
  if (x != x) return x;
  if (x < 1.17549435e-38f) return -87.4f;
  auto bits = std::bit_cast<uint32_t>(x);
  int exponent = static_cast<int>(bits >> 23) - 127;
  auto m = std::bit_cast<float>((bits & 0x7FFFFFu) | 0x3F800000u);  // [1, 2)
  if (m > 1.41421356f) {
    m *= 0.5f;
    ++exponent;
  }
  // ln m = 2 atanh(s), s = (m - 1) / (m + 1), |s| <= 0.172: terms to s^9.
  float s = (m - 1.0f) / (m + 1.0f);
  float s2 = s * s;
  float p = 1.0f / 9;
  p = p * s2 + 1.0f / 7;
  p = p * s2 + 1.0f / 5;
  p = p * s2 + 1.0f / 3;
  p = p * s2 + 1.0f;
  return static_cast<float>(exponent) * 0.693147181f + 2.0f * s * p;
}

inline float log2(float x) { return log(x) * 1.44269504f; }

// 1 / (1 + e^-x), in (0, 1) up to rounding.
inline float sigmoid(float x) {
  if (x >= 0) return 1.0f / (1.0f + exp(-x));
  float e = exp(x);
  return e / (1.0f + e);
}

// Relative error below 6e-7; in [-1, 1].
inline float tanh(float x) {
  if (x != x) return x;
  float size = x < 0 ? -x : x;
  if (size < 0.25f) {  // where 1 - e^-2x would cancel: Taylor to x^9
    float x2 = x * x;
    float p = 62.0f / 2835;
    p = p * x2 - 17.0f / 315;
    p = p * x2 + 2.0f / 15;
    p = p * x2 - 1.0f / 3;
    p = p * x2 + 1.0f;
    return x * p;
  }
  float e = exp(-2.0f * size);
  float y = (1.0f - e) / (1.0f + e);
  return x < 0 ? -y : y;
}

// The inverse of sigmoid for 0 < p < 1.
inline float logit(float p) { return log(p) - log(1.0f - p); }

// IEEE demands the correctly rounded root: the instruction is exact.
inline float sqrt(float x) { return __builtin_sqrtf(x); }

// Neither an infinity nor a NaN.
template <typename T>
constexpr bool is_finite(T x) {
  return x - x == 0;
}

// What is left of 1 after `elapsed_us` at this half-life.
inline float half_life_decay(uint64_t elapsed_us, uint64_t half_life_us) {
  if (elapsed_us == 0) return 1.0f;
  float half_lives = static_cast<float>(elapsed_us) / static_cast<float>(half_life_us);
  return half_lives > 100.0f ? 0.0f : exp(-0.693147181f * half_lives);
}

}  // namespace rondo::recommender::kernels
