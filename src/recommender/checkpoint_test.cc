#include <gtest/gtest.h>

#include <limits>

#include "base/bytes.h"
#include "recommender/archive.h"
#include "recommender/engine.h"
#include "recommender/string_io.h"
#include "recommender/testing/world.h"

namespace rondo::recommender::testing {
namespace {

Result<std::unique_ptr<Engine>> loaded(std::string_view bytes,
                                       const Bundle& bundle = Bundle::defaults(),
                                       PartitionId partition = PartitionId(0)) {
  StringSource source(bytes);
  return Engine::load(source, std::make_shared<const Bundles>(bundle), partition);
}

// A log with everything in it.
std::unique_ptr<World> busy_world(uint64_t seed) {
  auto world = std::make_unique<World>(WorldOptions{.seed = seed});
  world->publish_all();
  world->train(30, 3);
  auto session = world->start(7, 8);
  for (int i = 0; i < 14; ++i) {
    Place shown =
        world->swipe(session, 8, [](const std::string& t) { return t == "t2" || t == "t5"; });
    if (i == 3) world->like(7, shown);
    if (i == 5) world->not_interested(7, shown, log::v1::NOT_INTERESTED_TOPIC);
  }
  log::v1::Record follow;
  follow.mutable_follow_changed()->set_viewer_id(7);
  follow.mutable_follow_changed()->set_author_id(502);
  follow.mutable_follow_changed()->set_following(true);
  EXPECT_TRUE(world->apply(follow).ok());
  log::v1::Record hidden;
  hidden.mutable_video_changed()->set_video_id(1003);
  EXPECT_TRUE(world->apply(hidden).ok());
  world->advance(40 * 60 * kSecondUs);
  world->train(10, 2);
  world->advance(40 * 60 * kSecondUs);
  Page page = world->serve(8, 8);
  world->show(8, page.place(0));
  world->finish(8, page.place(0));
  return world;
}

TEST(Checkpoint, SaveLoadSaveIsTheSame) {
  auto world = busy_world(1);
  std::string bytes = saved(*world->engine);
  auto engine = loaded(bytes);
  ASSERT_TRUE(engine.ok()) << engine.error().describe();
  EXPECT_EQ((*engine)->digest(), world->engine->digest());
  EXPECT_EQ((*engine)->next_offset(), world->engine->next_offset());
  EXPECT_EQ(saved(**engine), bytes);
}

TEST(Checkpoint, AnEmptyEngineToo) {
  auto engine = make_engine();
  auto again = loaded(saved(*engine));
  ASSERT_TRUE(again.ok()) << again.error().describe();
  EXPECT_EQ((*again)->digest(), engine->digest());
}

// Interrupted anywhere, an engine goes on as if it had not been: the same pages, the same state.
TEST(Checkpoint, LoadAndContinueEqualsNeverStopping) {
  auto world = busy_world(2);
  const auto& log = world->log;
  base::Rng rng(5);
  for (int trial = 0; trial < 4; ++trial) {
    size_t cut = rng.below(log.size());
    SCOPED_TRACE(cut);
    auto straight = make_engine();
    std::unique_ptr<Engine> resumed;
    for (size_t i = 0; i < log.size(); ++i) {
      if (i == cut) {
        auto engine = loaded(saved(*straight));
        ASSERT_TRUE(engine.ok()) << engine.error().describe();
        resumed = std::move(engine).value();
      }
      const auto& record = log[i].record;
      if (resumed && record.has_served()) {
        ASSERT_EQ(resumed->rank(record.served().request())->SerializeAsString(),
                  record.served().SerializeAsString());
      }
      ASSERT_TRUE(straight->apply(Offset(i), log[i].time_us, record).ok());
      if (resumed) {
        ASSERT_TRUE(resumed->apply(Offset(i), log[i].time_us, record).ok());
      }
    }
    EXPECT_EQ(resumed->digest(), straight->digest());
    EXPECT_EQ(resumed->stats().examples_trained, straight->stats().examples_trained);
  }
}

TEST(Checkpoint, AFlippedBitAnywhereIsRefused) {
  World world(WorldOptions{.videos = 6, .topics = 2, .authors = 2});
  world.publish_all();
  world.train(3, 1);
  std::string bytes = saved(*world.engine);
  ASSERT_TRUE(loaded(bytes).ok());
  base::Rng rng(3);
  // Every byte of the first and last blocks, and a sample of the rest.
  for (size_t i = 0; i < bytes.size(); i += (i < 200 || i + 100 > bytes.size()) ? 1 : 61) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << rng.below(8)));
    auto engine = loaded(damaged);
    ASSERT_FALSE(engine.ok()) << "byte " << i;
    EXPECT_FALSE(engine.error().message().empty());
  }
}

TEST(Checkpoint, ACutOneIsRefused) {
  auto world = busy_world(3);
  std::string bytes = saved(*world->engine);
  for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 97) {
    auto engine = loaded(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(engine.ok()) << size;
  }
}

TEST(Checkpoint, ANumberMustBeOne) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float value : {1.5f, kInfinity, -kInfinity, kInfinity - kInfinity}) {
    StringSink sink;
    ArchiveWriter writer(&sink);
    writer.begin(section_tag("DENS"));
    writer(value);
    writer.end();
    StringSource source(sink.text);
    ArchiveReader reader(source);
    reader.begin(section_tag("DENS"));
    float read = 0;
    reader(read);
    EXPECT_EQ(reader.ok(), value == 1.5f) << value;
  }
}

TEST(Checkpoint, SaysWhatItNeeds) {
  auto world = busy_world(4);
  std::string bytes = saved(*world->engine);
  Bundle other = Bundle::defaults();
  other.value.novelty = 0.5f;
  auto engine = loaded(bytes, other);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(
      engine.error().message().find(base::to_hex(base::as_bytes(Bundle::defaults().sha256()))),
      std::string::npos);
  engine = loaded(bytes, Bundle::defaults(), PartitionId(3));
  ASSERT_FALSE(engine.ok());
  EXPECT_NE(engine.error().message().find("partition"), std::string::npos);
}

}  // namespace
}  // namespace rondo::recommender::testing
