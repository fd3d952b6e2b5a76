#include "media/frame_hash.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <numbers>

namespace rondo::media {
namespace {

constexpr int kFrequencies = 16;
constexpr int kQualityMin = 20;
// Bits that differ between two frames of one picture, as PDQ takes it for photos. Unrelated ones
// differ in 128, give or take 16; two takes in one room were seen at 60.
constexpr int kSameBitsMax = 31;
constexpr double kSameShareMin = 0.8;
// With a mark or a frame over it: enough only beside other evidence.
constexpr int kAlikeBitsMax = 72;
constexpr double kAlikeShareMin = 0.5;

using Basis = std::array<std::array<float, kHashSide>, kFrequencies>;

// Rows 1 to 16 of the transform: row 0, the mean, is left out.
Basis make_basis() {
  Basis basis{};
  for (int k = 0; k < kFrequencies; ++k) {
    for (int j = 0; j < kHashSide; ++j) {
      basis[k][j] = static_cast<float>(
          std::sqrt(2.0 / kHashSide) *
          std::cos(std::numbers::pi / (2.0 * kHashSide) * (k + 1) * (2 * j + 1)));
    }
  }
  return basis;
}

// The steps between neighbours, in hundredths of the whole range, as PDQ counts them.
int quality_of(std::span<const uint8_t, kHashSide * kHashSide> luma) {
  int steps = 0;
  auto step = [&](int a, int b) { steps += std::abs((a - b) * 100 / 255); };
  for (int y = 0; y < kHashSide; ++y) {
    for (int x = 0; x < kHashSide; ++x) {
      const int at = y * kHashSide + x;
      if (x > 0) step(luma[at], luma[at - 1]);
      if (y > 0) step(luma[at], luma[at - kHashSide]);
    }
  }
  return std::min(100, steps / 90);
}

double share_found(const std::vector<FrameHash>& of, const std::vector<FrameHash>& in, int bits) {
  const auto found = std::count_if(of.begin(), of.end(), [&](const FrameHash& a) {
    return std::any_of(in.begin(), in.end(),
                       [&](const FrameHash& b) { return distance(a, b) <= bits; });
  });
  return static_cast<double>(found) / static_cast<double>(of.size());
}

}  // namespace

FrameHash hash_frame(std::span<const uint8_t, kHashSide * kHashSide> luma) {
  static const Basis kBasis = make_basis();
  // Basis times picture, then times the basis turned.
  std::array<std::array<float, kHashSide>, kFrequencies> rows{};
  for (int k = 0; k < kFrequencies; ++k) {
    for (int y = 0; y < kHashSide; ++y) {
      for (int x = 0; x < kHashSide; ++x) {
        rows[k][x] += kBasis[k][y] * static_cast<float>(luma[y * kHashSide + x]);
      }
    }
  }
  std::array<float, kFrequencies * kFrequencies> spectrum{};
  for (int k = 0; k < kFrequencies; ++k) {
    for (int l = 0; l < kFrequencies; ++l) {
      for (int x = 0; x < kHashSide; ++x)
        spectrum[k * kFrequencies + l] += rows[k][x] * kBasis[l][x];
    }
  }
  auto sorted = spectrum;
  const auto middle = sorted.begin() + sorted.size() / 2;
  std::nth_element(sorted.begin(), middle, sorted.end());
  FrameHash hash;
  for (size_t i = 0; i < spectrum.size(); ++i) {
    if (spectrum[i] > *middle) hash.bits[i / 64] |= uint64_t{1} << (i % 64);
  }
  hash.quality = quality_of(luma);
  return hash;
}

int distance(const FrameHash& a, const FrameHash& b) {
  int bits = 0;
  for (size_t i = 0; i < a.bits.size(); ++i) bits += std::popcount(a.bits[i] ^ b.bits[i]);
  return bits;
}

double likeness(std::span<const FrameHash> a, std::span<const FrameHash> b, int bits) {
  auto visible = [](std::span<const FrameHash> all) {
    std::vector<FrameHash> some;
    std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                 [](const FrameHash& hash) { return hash.quality >= kQualityMin; });
    return some;
  };
  const auto left = visible(a), right = visible(b);
  if (left.empty() || right.empty()) return 0;
  return std::min(share_found(left, right, bits), share_found(right, left, bits));
}

bool near_duplicates(std::span<const FrameHash> a, std::span<const FrameHash> b, bool same_sound) {
  return same_sound ? likeness(a, b, kAlikeBitsMax) >= kAlikeShareMin
                    : likeness(a, b, kSameBitsMax) >= kSameShareMin;
}

}  // namespace rondo::media
