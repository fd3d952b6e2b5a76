#include "media/placeholder.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace rondo::media {
namespace {

constexpr int kLumaWaves = 7;  // along the longer side
constexpr int kColorWaves = 3;

using Channel = std::array<float, kPlaceholderPixels>;

// A channel's mean, and its waves in the order of the format.
struct Spectrum {
  float mean = 0;
  std::vector<float> waves;
  float strongest = 0;
};

Spectrum transform(const Channel& channel, int across, int down) {
  auto wave = [](int frequency, int at) {
    return std::cos(std::numbers::pi_v<float> * static_cast<float>(frequency) *
                    (static_cast<float>(at) + 0.5f) / kPlaceholderSide);
  };
  Spectrum out;
  for (int j = 0; j < down; ++j) {
    for (int i = 0; i * down + j * across < across * down; ++i) {
      float sum = 0;
      for (int y = 0; y < kPlaceholderSide; ++y) {
        for (int x = 0; x < kPlaceholderSide; ++x) {
          sum += channel[static_cast<size_t>(y * kPlaceholderSide + x)] * wave(i, x) * wave(j, y);
        }
      }
      sum *= static_cast<float>((i > 0 ? 2 : 1) * (j > 0 ? 2 : 1)) / kPlaceholderPixels;
      if (i == 0 && j == 0) {
        out.mean = sum;
      } else {
        out.waves.push_back(sum);
        out.strongest = std::max(out.strongest, std::abs(sum));
      }
    }
  }
  return out;
}

uint8_t to_byte(float value) {
  return static_cast<uint8_t>(std::clamp(std::lround(value), 0l, 255l));
}

}  // namespace

std::string make_placeholder(std::span<const uint8_t, kPlaceholderPixels * 3> rgb, int width,
                             int height) {
  Channel luma{}, blue{}, red{};
  for (size_t i = 0; i < kPlaceholderPixels; ++i) {
    const float r = rgb[i * 3], g = rgb[i * 3 + 1], b = rgb[i * 3 + 2];
    luma[i] = 0.299f * r + 0.587f * g + 0.114f * b;
    blue[i] = 128 + (b - luma[i]) / 1.772f;
    red[i] = 128 + (r - luma[i]) / 1.402f;
  }
  const float longer = static_cast<float>(std::max(width, height));
  auto waves_along = [&](int side) {
    return std::clamp(static_cast<int>(std::lround(kLumaWaves * static_cast<float>(side) / longer)),
                      2, kLumaWaves);
  };
  const int across = waves_along(width), down = waves_along(height);
  const Spectrum spectra[] = {transform(luma, across, down),
                              transform(blue, kColorWaves, kColorWaves),
                              transform(red, kColorWaves, kColorWaves)};
  std::string out;
  auto put = [&](int byte) { out.push_back(static_cast<char>(byte)); };
  put(across << 4 | down);
  for (const Spectrum& s : spectra) put(to_byte(s.mean));
  for (const Spectrum& s : spectra) put(to_byte(s.strongest));
  bool half = false;
  for (const Spectrum& s : spectra) {
    // As a decoder will know it.
    const float scale = std::max<float>(to_byte(s.strongest), 1);
    for (float wave : s.waves) {
      const int level =
          std::clamp(static_cast<int>(std::lround(7.5f + 7.5f * wave / scale)), 0, 15);
      if (half) {
        out.back() = static_cast<char>(static_cast<uint8_t>(out.back()) | level);
      } else {
        put(level << 4);
      }
      half = !half;
    }
  }
  return out;
}

}  // namespace rondo::media
