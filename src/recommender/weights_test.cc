#include "recommender/weights.h"

#include <gtest/gtest.h>

#include <cstring>

#include "recommender/string_io.h"
#include "recommender/testing/world.h"

namespace rondo::recommender::testing {
namespace {

std::string learned(uint64_t viewer = 7) {
  World world(WorldOptions{.seed = 4});
  world.publish_all();
  world.train(40, 3);
  auto session = world.start(viewer, 8);
  for (int i = 0; i < 12; ++i) {
    world.swipe(session, 8, [](const std::string& t) { return t == "t1"; });
  }
  world.tick();
  return world.engine->weights().safetensors();
}

TEST(Weights, AreTheSameAfterWritingAndReading) {
  std::string bytes = learned();
  auto parsed = Weights::parse(bytes, Bundle::defaults());
  ASSERT_TRUE(parsed.ok()) << parsed.error().describe();
  EXPECT_EQ(parsed->safetensors(), bytes);
  EXPECT_FALSE(parsed->model[size_t(Slot::kVideo)].ids.empty());
  EXPECT_FALSE(parsed->towers[0].ids.empty());
}

TEST(Weights, HoldNobody) {
  constexpr uint64_t kViewer = 0x8877665544332211;
  std::string id(8, '\0');
  std::memcpy(id.data(), &kViewer, 8);
  EXPECT_EQ(learned(kViewer).find(id), std::string::npos);
}

TEST(Weights, ABundleStartsWithThemAndIsNamedByThem) {
  Bundle plain = Bundle::defaults();
  Bundle trained = plain;
  ASSERT_TRUE(trained.load_weights(learned()).ok());
  EXPECT_NE(trained.sha256(), plain.sha256());
  EXPECT_EQ(trained.canonical(), plain.canonical());
  // Nobody has watched anything yet, but the videos' rows are those that were learned.
  World world(WorldOptions{.seed = 4}, trained);
  world.publish_all();
  auto now = world.engine->weights();
  EXPECT_EQ(now.model[size_t(Slot::kVideo)].values,
            trained.start.weights->model[size_t(Slot::kVideo)].values);
  EXPECT_EQ(now.dense, trained.start.weights->dense);
  // A checkpoint of it goes on where it was, not at the start again.
  world.train(10, 2);
  const std::string bytes = saved(*world.engine);
  StringSource source(bytes);
  auto loaded = Engine::load(source, std::make_shared<const Bundles>(trained), PartitionId(0));
  ASSERT_TRUE(loaded.ok()) << loaded.error().describe();
  EXPECT_EQ((*loaded)->digest(), world.engine->digest());
  EXPECT_NE(world.engine->weights().dense, now.dense);
}

TEST(Weights, AreRefusedWithTheReason) {
  std::string good = learned();
  Bundle bundle = Bundle::defaults();
  auto reason = [&](const std::string& bytes, const Bundle& of) {
    auto parsed = Weights::parse(bytes, of);
    return parsed.ok() ? std::string() : parsed.error().describe();
  };
  EXPECT_NE(reason("", bundle).find("shorter"), std::string::npos);
  EXPECT_NE(reason(std::string(16, '\xff'), bundle).find("header"), std::string::npos);
  Bundle wider = bundle;
  wider.model.dimensions = 32;
  EXPECT_NE(reason(good, wider).find("dense"), std::string::npos);
  std::string renamed = good;
  renamed.replace(renamed.find("\"dense\""), 7, "\"dance\"");
  EXPECT_NE(reason(renamed, bundle).find("dance"), std::string::npos);
  std::string endless = good;
  std::memset(endless.data() + endless.size() - 400, 0xff, 4);  // a NaN among the numbers
  EXPECT_NE(reason(endless, bundle).find("not a number"), std::string::npos);
  EXPECT_TRUE(reason(good, bundle).empty());
}

TEST(Weights, CutAnywhereTheyAreRefused) {
  std::string good = learned();
  Bundle bundle = Bundle::defaults();
  for (size_t size = 0; size < good.size(); size += 1 + size / 40) {
    EXPECT_FALSE(Weights::parse(std::string_view(good).substr(0, size), bundle).ok()) << size;
  }
  // A flipped bit of the header is refused or harmless, never a crash.
  uint64_t header = 0;
  std::memcpy(&header, good.data(), sizeof header);
  for (size_t at = 0; at < 8 + header; ++at) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    (void)Weights::parse(flipped, bundle);
  }
}

}  // namespace
}  // namespace rondo::recommender::testing
