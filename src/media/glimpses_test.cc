#include "media/glimpses.h"

#include <gtest/gtest.h>

#include <cmath>

#include "media/placeholder.h"

namespace rondo::media {
namespace {

TEST(Storyboard, HasAPictureForEveryMomentAndNoMore) {
  for (uint64_t duration_ms : {1ull, 499ull, 500ull, 501ull, 7'300ull, 25'000ull, 25'001ull,
                               60'000ull, 599'999ull, 600'000ull}) {
    SCOPED_TRACE(duration_ms);
    const Storyboard s = storyboard_of(1080, 1920, duration_ms);
    EXPECT_GE(s.interval_ms, 500);
    EXPECT_EQ(s.interval_ms % 100, 0);
    EXPECT_LE(s.count, 50);
    // The last picture is of a moment before the end, and the next would not be.
    EXPECT_LT(static_cast<uint64_t>(s.count - 1) * s.interval_ms, duration_ms);
    EXPECT_GE(static_cast<uint64_t>(s.count) * s.interval_ms, duration_ms);
    EXPECT_GE(s.columns * s.rows, s.count);
    EXPECT_LT(s.columns * (s.rows - 1), s.count);
    EXPECT_EQ(s.tile_width, 90);
    EXPECT_EQ(s.tile_height, 160);
  }
  const Storyboard wide = storyboard_of(4096, 16, 5000);
  EXPECT_EQ(wide.tile_width, 160);
  EXPECT_EQ(wide.tile_height, 16);
}

// The reader of the format, as docs/formats/placeholder.md has it.
PlaceholderPicture show(const std::string& bytes) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes.at(i)); };
  const int across = byte(0) >> 4, down = byte(0) & 15;
  size_t half = 14;
  std::array<std::array<double, kPlaceholderPixels>, 3> planes{};
  for (size_t c = 0; c < 3; ++c) {
    planes[c].fill(byte(1 + c));
    const int lx = c == 0 ? across : 3, ly = c == 0 ? down : 3;
    for (int j = 0; j < ly; ++j) {
      for (int i = 0; i * ly + j * lx < lx * ly; ++i) {
        if (i == 0 && j == 0) continue;
        const int level = half % 2 == 0 ? byte(half / 2) >> 4 : byte(half / 2) & 15;
        ++half;
        const double strength = (level - 7.5) / 7.5 * std::max<int>(byte(4 + c), 1);
        for (int y = 0; y < 32; ++y) {
          for (int x = 0; x < 32; ++x) {
            planes[c][static_cast<size_t>(y * 32 + x)] += strength *
                                                          std::cos(M_PI * i * (x + 0.5) / 32) *
                                                          std::cos(M_PI * j * (y + 0.5) / 32);
          }
        }
      }
    }
  }
  EXPECT_EQ((half + 1) / 2, bytes.size()) << "every byte means something";
  PlaceholderPicture out{};
  for (size_t i = 0; i < kPlaceholderPixels; ++i) {
    const double y = planes[0][i];
    const double b = y + 1.772 * (planes[1][i] - 128), r = y + 1.402 * (planes[2][i] - 128);
    const double g = (y - 0.299 * r - 0.114 * b) / 0.587;
    const double rgb[] = {r, g, b};
    for (size_t c = 0; c < 3; ++c) {
      out[i * 3 + c] = static_cast<uint8_t>(std::clamp(rgb[c], 0.0, 255.0));
    }
  }
  return out;
}

double mean_error(const PlaceholderPicture& a, const PlaceholderPicture& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

TEST(Placeholder, ShowsThePictureBlurred) {
  PlaceholderPicture sunset{}, plain{};
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      const size_t at = static_cast<size_t>(y * 32 + x) * 3;
      sunset[at] = static_cast<uint8_t>(255 - y * 5);
      sunset[at + 1] = static_cast<uint8_t>(60 + x * 3);
      sunset[at + 2] = static_cast<uint8_t>(40 + y * 6);
      plain[at] = 200;
      plain[at + 1] = 30;
      plain[at + 2] = 90;
    }
  }
  const std::string bytes = make_placeholder(sunset, 1080, 1920);
  EXPECT_LE(bytes.size(), 24u);
  EXPECT_LE(bytes.size(), kPlaceholderBytesMax);
  EXPECT_LT(mean_error(show(bytes), sunset), 8);
  EXPECT_GT(mean_error(show(bytes), plain), 40) << "another picture is another placeholder";
  EXPECT_LT(mean_error(show(make_placeholder(plain, 640, 360)), plain), 4);
}

TEST(Placeholder, IsBoundedForAnyPicture) {
  for (int width : {16, 100, 720, 4096}) {
    for (int height : {16, 100, 720, 4096}) {
      PlaceholderPicture noise{};
      for (size_t i = 0; i < noise.size(); ++i) {
        noise[i] = static_cast<uint8_t>((i * 2654435761u) >> 13);
      }
      const std::string bytes = make_placeholder(noise, width, height);
      EXPECT_LE(bytes.size(), kPlaceholderBytesMax);
      show(bytes);
    }
  }
}

}  // namespace
}  // namespace rondo::media
