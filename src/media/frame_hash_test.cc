#include "media/frame_hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <random>

#include "media/test_support.h"

namespace rondo::media {
namespace {

constexpr size_t kBytes = kHashSide * kHashSide;

std::vector<FrameHash> hashes_of(const std::filesystem::path& file, const std::string& filters) {
  auto shown = run_trusted({"ffmpeg", "-v", "error", "-i", file.string(), "-map", "0:v:0", "-vf",
                            filters + "fps=1:round=up,scale=64:64:flags=area,format=gray", "-f",
                            "rawvideo", "-"});
  EXPECT_TRUE(shown.succeeded()) << shown.err;
  std::vector<FrameHash> hashes;
  for (size_t at = 0; at + kBytes <= shown.out.size(); at += kBytes) {
    hashes.push_back(hash_frame(std::span<const uint8_t, kBytes>(
        reinterpret_cast<const uint8_t*>(shown.out.data()) + at, kBytes)));
  }
  return hashes;
}

// Waves in all directions, stronger the longer they are, as in real pictures.
std::array<uint8_t, kBytes> picture(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  std::array<double, kBytes> sum{};
  for (int wave = 0; wave < 60; ++wave) {
    const double fx = unit(random) * 9, fy = unit(random) * 9, phase = unit(random) * 6.3;
    const double strength = 60 / (1 + fx + fy);
    for (size_t i = 0; i < kBytes; ++i) {
      const double x = static_cast<double>(i % 64) / 64, y = static_cast<double>(i / 64) / 64;
      sum[i] += strength * std::cos(6.283 * (fx * x + fy * y) + phase);
    }
  }
  std::array<uint8_t, kBytes> luma{};
  for (size_t i = 0; i < kBytes; ++i)
    luma[i] = static_cast<uint8_t>(std::clamp(128 + sum[i], 10.0, 230.0));
  return luma;
}

TEST(FrameHash, ChangesLittleWithThePictureAndMuchWithAnother) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto plain = picture(seed);
    auto noisy = plain, brighter = plain;
    std::mt19937 random(seed);
    for (auto& value : noisy) value = static_cast<uint8_t>(value + random() % 11 - 5);
    for (auto& value : brighter) value = static_cast<uint8_t>(value * 9 / 10 + 20);
    const FrameHash hash = hash_frame(plain);
    EXPECT_EQ(distance(hash, hash), 0);
    EXPECT_LT(distance(hash, hash_frame(noisy)), 40);
    EXPECT_LT(distance(hash, hash_frame(brighter)), 20);
    EXPECT_GT(distance(hash, hash_frame(picture(seed + 1000))), 90);
    int set = 0;
    for (uint64_t word : hash.bits) set += std::popcount(word);
    EXPECT_NEAR(set, 128, 2) << "the median halves them";
  }
}

TEST(FrameHash, APlainPictureHasNothingToSee) {
  std::array<uint8_t, kBytes> grey{};
  grey.fill(128);
  const FrameHash hash = hash_frame(grey);
  EXPECT_EQ(hash.quality, 0);
  EXPECT_EQ(likeness(std::vector{hash}, std::vector{hash}, 72), 0)
      << "black is not a duplicate of black";
  EXPECT_GT(hash_frame(picture(1)).quality, 20);
}

// The pairs that were published as near duplicates are found among all the clips; no others.
TEST(FrameHash, FindsNearDuplicatesAmongTheClips) {
  const std::map<std::string, std::string> family = {{"tmk-pattern-grey.mp4", "pattern"},
                                                     {"tmk-pattern-small-logo.mp4", "pattern"},
                                                     {"tmk-pattern-large-logo.mp4", "pattern"},
                                                     {"tmk-chair22-grey.mp4", "chair"},
                                                     {"tmk-chair22-sepia.mp4", "chair"},
                                                     {"tmk-doorknob-hd.mp4", "doorknob"},
                                                     {"tmk-pattern-longer.mp4", "another take"},
                                                     {"mdn-flower.mp4", "flower"},
                                                     {"mdn-flower.webm", "flower"},
                                                     {"mdn-frog.mp4", "frog"},
                                                     {"mdn-frog.webm", "frog"},
                                                     {"flutter-bee.mp4", "bee"},
                                                     {"flutter-butterfly.mp4", "butterfly"},
                                                     {"mdn-friday.mp4", "friday"},
                                                     {"mdn-pig.mp4", "pig"},
                                                     {"c2pa-video1-signed.mp4", "c2pa"},
                                                     {"c2pa-video1-unsigned.mp4", "c2pa"},
                                                     {"intel-asl-book.mkv", "book"},
                                                     {"intel-asl-thanks.mkv", "thanks"},
                                                     {"exo-sample.avi", "sample"}};
  std::map<std::string, std::vector<FrameHash>> hashes;
  for (const auto& [file, name] : family) {
    RONDO_CLIP(clip, file);
    hashes[file] = hashes_of(clip, "");
    ASSERT_FALSE(hashes[file].empty()) << file;
  }
  // A large logo over the picture is found only where the sound is the same, too.
  const auto marked = [](const std::string& file) { return file == "tmk-pattern-large-logo.mp4"; };
  for (const auto& [a, one] : family) {
    for (const auto& [b, other] : family) {
      if (a >= b) continue;
      SCOPED_TRACE(a + " and " + b + ", alike at 31 and 72 bits: " +
                   std::to_string(likeness(hashes[a], hashes[b], 31)) + ", " +
                   std::to_string(likeness(hashes[a], hashes[b], 72)));
      EXPECT_EQ(near_duplicates(hashes[a], hashes[b], false),
                one == other && !marked(a) && !marked(b));
      if (one == other) {
        EXPECT_TRUE(near_duplicates(hashes[a], hashes[b], true));
      }
    }
  }
  // Smaller, and without its first second.
  RONDO_CLIP(bee, "flutter-bee.mp4");
  const auto again = hashes_of(bee, "trim=start=1,setpts=PTS-STARTPTS,scale=320:-2,");
  EXPECT_TRUE(near_duplicates(hashes["flutter-bee.mp4"], again, true));
}

}  // namespace
}  // namespace rondo::media
