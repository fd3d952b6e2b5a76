#include "media/identity.h"

#include <gtest/gtest.h>

#include <random>

#include "media/schema.h"
#include "media/test_support.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/storage_migrations.h"

namespace rondo::media {
namespace {

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() {
    database_ = storage::open_sqlite({.path = scratch_ / "rondo.db"}).value();
    std::vector<storage::Migration> all;
    for (const auto& m : storage::storage_migrations()) all.push_back(m);
    for (const auto& m : migrations()) all.push_back(m);
    database_->migrate(all).value();
    restart();
  }
  void restart() { identities_ = Identities::create(*database_, clock_).value(); }

  // Bits by chance; `look` and `sound` 0: nothing to see, nothing to hear.
  static Traces traces(unsigned look, unsigned sound) {
    Traces out;
    std::mt19937_64 random(look);
    for (int i = 0; look != 0 && i < 6; ++i) {
      FrameHash hash;
      for (auto& word : hash.bits) word = random();
      hash.quality = 60;
      out.look.push_back(hash);
    }
    if (look == 0) out.look.resize(6);
    std::mt19937 tune(sound);
    for (int i = 0; sound != 0 && i < 40; ++i) out.sound.fingerprint.push_back(tune());
    return out;
  }
  Identity assign(uint64_t video, const Traces& traces) {
    clock_.advance(std::chrono::seconds(1));
    return identities_->assign(VideoId(video), traces).value();
  }

  ScratchFolder scratch_;
  base::ManualClock clock_{base::WallTime(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<Identities> identities_;
};

TEST_F(IdentityTest, NamesLooksAndSoundsByTheFirstThatHadThem) {
  EXPECT_EQ(assign(1, traces(10, 100)).look, VideoId(1));
  EXPECT_EQ(assign(1, traces(10, 100)).sound, VideoId(1)) << "again: the same";
  const Identity copy = assign(2, traces(10, 100));
  EXPECT_EQ(copy.look, VideoId(1));
  EXPECT_EQ(copy.sound, VideoId(1));
  const Identity dubbed = assign(3, traces(10, 200));
  EXPECT_EQ(dubbed.look, VideoId(1));
  EXPECT_EQ(dubbed.sound, VideoId(3));
  const Identity danced = assign(4, traces(20, 100));
  EXPECT_EQ(danced.look, VideoId(4));
  EXPECT_EQ(danced.sound, VideoId(1));
}

TEST_F(IdentityTest, NothingIsNoDuplicateOfNothing) {
  for (uint64_t video : {1, 2}) {
    const Identity dark = assign(video, traces(0, 0));
    EXPECT_EQ(dark.look, VideoId(video));
    EXPECT_EQ(dark.sound, VideoId());
  }
}

// A logo: 60 bits of each frame. Beside its own sound it is found, beside another not.
TEST_F(IdentityTest, AMarkedPictureNeedsTheSameSound) {
  assign(1, traces(10, 100));
  Traces marked = traces(10, 100);
  for (FrameHash& hash : marked.look) hash.bits[0] ^= 0x0fffffffffffffff;
  EXPECT_EQ(assign(2, marked).look, VideoId(1));
  marked.sound = traces(0, 300).sound;
  EXPECT_EQ(assign(3, marked).look, VideoId(1)) << "like the marked one itself";
  Traces other = traces(20, 100), silent = other;
  assign(4, other);
  for (FrameHash& hash : silent.look) hash.bits[0] ^= 0x0fffffffffffffff;
  silent.sound = {};
  EXPECT_EQ(assign(5, silent).look, VideoId(5));
}

TEST_F(IdentityTest, KnowsAllAfterARestart) {
  for (unsigned i = 1; i <= 2500; ++i) assign(i, traces(i, i % 7 == 0 ? i : 0));
  restart();
  EXPECT_EQ(assign(9001, traces(1, 0)).look, VideoId(1));
  EXPECT_EQ(assign(9002, traces(2499, 7)).look, VideoId(2499));
  EXPECT_EQ(assign(9003, traces(9003, 7)).sound, VideoId(7));
  EXPECT_EQ(assign(9004, traces(9004, 2492)).sound, VideoId(2492));
}

TEST_F(IdentityTest, ForgetsAVideoAndWithTheLastOneItsSound) {
  assign(1, traces(10, 100));
  assign(2, traces(10, 100));
  ASSERT_TRUE(identities_->forget(VideoId(1)).ok());
  ASSERT_TRUE(identities_->forget(VideoId(1)).ok());
  EXPECT_EQ(assign(3, traces(10, 100)).look, VideoId(1)) << "the name stays while one has it";
  EXPECT_EQ(assign(3, traces(10, 100)).sound, VideoId(1));
  ASSERT_TRUE(identities_->forget(VideoId(2)).ok());
  ASSERT_TRUE(identities_->forget(VideoId(3)).ok());
  for (bool again : {false, true}) {
    if (again) restart();
    const Identity anew = assign(again ? 5 : 4, traces(again ? 30 : 10, again ? 400 : 100));
    EXPECT_EQ(anew.look, VideoId(again ? 5 : 4));
    EXPECT_EQ(anew.sound, VideoId(again ? 5 : 4));
  }
}

TEST(Traces, ComeBackFromTheirBytesAndNothingElseDoes) {
  Traces traces;
  traces.placeholder = "0123456789";
  traces.look.resize(3);
  traces.look[1].bits = {1, 2, 3, 4};
  traces.look[1].quality = 77;
  traces.sound.fingerprint = {1, 0xffffffff, 3};
  traces.sound.waveform = std::string(kWaveformPeaks, 'x');
  const std::string bytes = pack(traces);
  const Traces back = unpack_traces(bytes).value();
  EXPECT_EQ(back.placeholder, traces.placeholder);
  EXPECT_EQ(back.sound.fingerprint, traces.sound.fingerprint);
  EXPECT_EQ(back.sound.waveform, traces.sound.waveform);
  ASSERT_EQ(back.look.size(), 3u);
  EXPECT_EQ(back.look[1].bits, traces.look[1].bits);
  EXPECT_EQ(back.look[1].quality, 77);
  EXPECT_EQ(pack(back), bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(unpack_traces(bytes.substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(unpack_traces(bytes + "x").ok());
}

}  // namespace
}  // namespace rondo::media
