#include "media/sound_trace.h"

#include <gtest/gtest.h>

#include <random>

#include "media/test_support.h"

namespace rondo::media {
namespace {

std::vector<uint32_t> items(unsigned seed, size_t count) {
  std::mt19937 random(seed);
  std::vector<uint32_t> out(count);
  for (auto& item : out) item = random();
  return out;
}

std::vector<uint32_t> with_errors(std::vector<uint32_t> of, unsigned seed, double share) {
  std::mt19937 random(seed);
  std::bernoulli_distribution wrong(share);
  for (auto& item : of) {
    for (int bit = 0; bit < 32; ++bit) item ^= static_cast<uint32_t>(wrong(random)) << bit;
  }
  return of;
}

TEST(SameSound, SurvivesCodingCutsAndShiftsOnly) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    const auto sound = items(seed, 80);
    EXPECT_TRUE(same_sound(sound, sound));
    EXPECT_TRUE(same_sound(sound, with_errors(sound, seed + 1, 0.1)));
    const std::vector<uint32_t> part(sound.begin() + 30, sound.begin() + 60);
    EXPECT_TRUE(same_sound(sound, with_errors(part, seed, 0.1))) << "a part of it";
    EXPECT_TRUE(same_sound(part, sound));
    std::vector<uint32_t> cut(sound.begin() + 10, sound.end());
    EXPECT_TRUE(same_sound(sound, cut));
    EXPECT_FALSE(same_sound(sound, items(seed + 1000, 80)));
    EXPECT_FALSE(same_sound(sound, with_errors(sound, seed, 0.3)));
    // Half of it is the same: less than has to be.
    auto mixed = items(seed + 2000, 80);
    std::copy(sound.begin(), sound.begin() + 40, mixed.begin());
    EXPECT_FALSE(same_sound(sound, mixed));
  }
  EXPECT_FALSE(same_sound({}, {}));
  const auto brief = items(1, kFingerprintItemsMin - 1);
  EXPECT_FALSE(same_sound(brief, brief)) << "too short to tell";
}

TEST(Fingerprint, OfATuneIsKeptOfAToneIsNot) {
  ScratchFolder scratch;
  const auto read = [&](const std::vector<uint32_t>& of, std::string_view tail) {
    std::string bytes(reinterpret_cast<const char*>(of.data()), of.size() * 4);
    write_file(scratch / "print", bytes + std::string(tail));
    return read_fingerprint(scratch / "print").value();
  };
  EXPECT_EQ(read(items(1, 40), "xyz"), items(1, 40)) << "half an item at the end is none";
  EXPECT_TRUE(read(std::vector<uint32_t>(200, 77), "").empty());
  EXPECT_TRUE(read(items(1, 5), "").empty());
  EXPECT_EQ(read(items(1, 5000), "").size(), kFingerprintItemsMax);
  EXPECT_FALSE(read_fingerprint(scratch / "nothing").ok());
}

TEST(Waveform, ShowsWhereItIsLoud) {
  ScratchFolder scratch;
  std::vector<int16_t> samples(100'000, 0);
  for (size_t i = 50'000; i < 51'000; ++i) samples[i] = i % 2 == 0 ? -2000 : 1500;
  samples[99'999] = 500;
  write_file(scratch / "pcm", {reinterpret_cast<const char*>(samples.data()), samples.size() * 2});
  const std::string peaks = read_waveform(scratch / "pcm").value();
  ASSERT_EQ(peaks.size(), kWaveformPeaks);
  for (size_t i = 0; i < peaks.size(); ++i) {
    EXPECT_EQ(static_cast<uint8_t>(peaks[i]), i == 50 ? 255 : i == 99 ? 63 : 0) << i;
  }
  write_file(scratch / "pcm", std::string(1000, '\0'));
  EXPECT_TRUE(read_waveform(scratch / "pcm")->empty());
  write_file(scratch / "pcm", "");
  EXPECT_TRUE(read_waveform(scratch / "pcm")->empty());
  write_file(scratch / "pcm", "abc");
  EXPECT_EQ(read_waveform(scratch / "pcm")->size(), kWaveformPeaks);
}

}  // namespace
}  // namespace rondo::media
