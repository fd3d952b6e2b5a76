// Going over to another bundle in the middle of a log: what survives, and that replays agree.
#include "recommender/activation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "recommender/engine.h"
#include "recommender/string_io.h"
#include "recommender/testing/world.h"
#include "recommender/weights.h"

namespace rondo::recommender::testing {
namespace {

using log::v1::Record;

Record activated(const Bundle& bundle) {
  Record record;
  record.mutable_bundle_activated()->set_bundle_sha256(
      std::string(base::as_bytes(bundle.sha256())));
  return record;
}

// Other weights of the value model: all that is learned fits.
Bundle tuned() {
  Bundle b = Bundle::defaults();
  b.value.novelty = 0.9f;
  b.rules.repeat_penalty = 0.2f;
  return b;
}

// Another shape: nothing of the ranker and the towers fits.
Bundle reshaped() {
  Bundle b = Bundle::defaults();
  b.model.dimensions = 32;
  b.towers.dimensions = 16;
  b.co_watch.neighbours_max = 4;
  b.co_watch.neighbours_solved = 4;
  b.limits.viewer_history_max = 16;
  b.limits.videos_max = 40;
  b.limits.anonymous_idle_days = 1;
  b.outcomes.reservation_minutes = 5;
  return b;
}

struct Fixture {
  Fixture() {
    auto known = std::make_shared<Bundles>();
    for (const Bundle& b : {Bundle::defaults(), tuned(), reshaped()}) known->add(b);
    bundles = known;
    world = std::make_unique<World>(WorldOptions{.seed = 11}, Bundle::defaults(), bundles);
    EXPECT_TRUE(world->apply(activated(Bundle::defaults())).ok());
    world->publish_all();
    world->train(30, 3);
  }
  std::shared_ptr<const BundleSource> bundles;
  std::unique_ptr<World> world;
};

TEST(Activation, KeepsWhatWasLearnedWhereItFits) {
  Fixture f;
  // What waits is learned under the one that leaves: at a Tick nothing does.
  f.world->tick();
  Weights before = f.world->engine->weights();
  ASSERT_FALSE(before.model[size_t(Slot::kVideo)].ids.empty());
  ASSERT_TRUE(f.world->apply(activated(tuned())).ok());
  EXPECT_EQ(f.world->engine->bundle_sha256(), tuned().sha256());
  EXPECT_EQ(f.world->engine->bundle_before(), Bundle::defaults().sha256());
  EXPECT_EQ(f.world->engine->weights().safetensors(), before.safetensors());
  auto page = f.world->engine->rank(f.world->request(100'003, 6));
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->bundle_sha256(), base::as_bytes(tuned().sha256()));
  for (const auto& term : page->slots(0).terms()) {
    EXPECT_TRUE(term.name() != "novelty" || term.weight() == 0.9f);
  }
}

TEST(Activation, StartsAnewWhereItDoesNotFit) {
  Fixture f;
  f.world->tick();
  Weights before = f.world->engine->weights();
  ASSERT_TRUE(f.world->apply(activated(reshaped())).ok());
  Weights after = f.world->engine->weights();
  EXPECT_TRUE(after.model[size_t(Slot::kVideo)].ids.empty());
  EXPECT_TRUE(after.towers[0].ids.empty());
  EXPECT_EQ(after.dense, Weights::of(Arm(reshaped())).dense);
  // And back again: the rows of before are gone, since nothing remembers them.
  ASSERT_TRUE(f.world->apply(activated(Bundle::defaults())).ok());
  EXPECT_NE(f.world->engine->weights().safetensors(), before.safetensors());
  EXPECT_EQ(f.world->engine->bundle_before(), reshaped().sha256());
}

// Hidden layers of another width: the rows and the linear part stay, the network is new.
TEST(Activation, KeepsRowsWhenOnlyTheNetworkIsAnother) {
  Fixture f;
  f.world->tick();
  Weights before = f.world->engine->weights();
  Bundle wider = Bundle::defaults();
  wider.model.hidden_1 += 16;
  auto known = std::make_shared<Bundles>(wider);
  known->add(Bundle::defaults());
  std::string bytes = saved(*f.world->engine);
  StringSource source(bytes);
  auto engine = Engine::load(source, known, PartitionId(0));
  ASSERT_TRUE(engine.ok()) << engine.error().describe();
  ASSERT_TRUE((*engine)->apply((*engine)->next_offset(), f.world->now_us, activated(wider)).ok());
  Weights after = (*engine)->weights();
  EXPECT_EQ(after.model[size_t(Slot::kVideo)].values, before.model[size_t(Slot::kVideo)].values);
  EXPECT_EQ(after.dense[kHeads], before.dense[kHeads]);
  EXPECT_GT(after.dense.size(), before.dense.size());
}

TEST(Activation, OtherStartingWeightsReplaceWhatWasLearned) {
  Fixture f;
  f.world->tick();
  Bundle trained = Bundle::defaults();
  World elsewhere(WorldOptions{.seed = 99});
  elsewhere.publish_all();
  elsewhere.train(10, 2);
  ASSERT_TRUE(trained.load_weights(elsewhere.engine->weights().safetensors()).ok());
  Bundle tweaked = trained;
  tweaked.value.novelty = 0.7f;
  auto known = std::make_shared<Bundles>(trained);
  known->add(Bundle::defaults());
  known->add(tweaked);
  std::string bytes = saved(*f.world->engine);
  StringSource source(bytes);
  auto engine = std::move(Engine::load(source, known, PartitionId(0))).value();
  auto apply = [&](const Record& record) {
    ASSERT_TRUE(engine->apply(engine->next_offset(), f.world->now_us, record).ok());
  };
  apply(activated(trained));
  EXPECT_EQ(engine->weights().dense, trained.start.weights->dense);
  Record tick;
  tick.mutable_tick()->set_epoch(1);
  // The same weights again are no reason to start again.
  std::string learned = engine->weights().safetensors();
  apply(activated(tweaked));
  EXPECT_EQ(engine->weights().safetensors(), learned);
}

// Histories, seen sets and reservations are the viewers', whatever the bundle.
TEST(Activation, ViewersStayAsTheyAre) {
  Fixture f;
  World& world = *f.world;
  auto session = world.start(7, 8);
  std::set<uint64_t> shown;
  for (int i = 0; i < 8; ++i) {
    shown.insert(world.swipe(session, 8, [](const std::string& t) { return t == "t2"; }).video);
  }
  EngineStats before = world.engine->stats();
  for (const Bundle& b : {reshaped(), tuned()}) {
    ASSERT_TRUE(world.apply(activated(b)).ok());
    EngineStats after = world.engine->stats();
    EXPECT_EQ(after.viewers, before.viewers);
    EXPECT_EQ(after.videos, before.videos);
    EXPECT_GE(after.examples_trained, before.examples_trained);
    EXPECT_EQ(after.batches_rejected, 0u);
    for (int i = 0; i < 6; ++i) {
      Place place = world.swipe(session, 8, [](const std::string& t) { return t == "t2"; });
      EXPECT_TRUE(shown.insert(place.video).second) << "twice: " << place.video;
    }
  }
  // What is known of the viewer speaks in the first page that comes after.
  auto page = world.engine->rank(world.request(7, 4));
  ASSERT_TRUE(page.ok());
  bool known = false;
  for (const auto& slot : page->slots()) {
    for (const auto& term : slot.terms())
      known |= term.name() == "topic_affinity" && term.value() != 0;
  }
  EXPECT_TRUE(known);
}

// Whatever is learned after a change of shape is learned: the fold neither stops nor rejects.
TEST(Activation, LearnsOnUnderTheOther) {
  Fixture f;
  ASSERT_TRUE(f.world->apply(activated(reshaped())).ok());
  uint64_t before = f.world->engine->stats().examples_trained;
  f.world->train(10, 2);
  EXPECT_GT(f.world->engine->stats().examples_trained, before);
  EXPECT_EQ(f.world->engine->stats().batches_rejected, 0u);
  EXPECT_FALSE(f.world->engine->weights().model[size_t(Slot::kVideo)].ids.empty());
}

TEST(Activation, AnUnknownBundleStopsTheFold) {
  Fixture f;
  Bundle unknown = tuned();
  unknown.value.novelty = 0.1f;
  Digest before = f.world->engine->digest();
  auto refused = f.world->apply(activated(unknown));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find(base::to_hex(base::as_bytes(unknown.sha256()))),
            std::string::npos);
  EXPECT_EQ(f.world->engine->digest(), before);
}

// The bundle that an engine was made with does not matter once the log has named its own.
TEST(Activation, TheFirstBundleOfALogDecides) {
  Fixture f;
  Bundle trained = Bundle::defaults();
  ASSERT_TRUE(trained.load_weights(f.world->engine->weights().safetensors()).ok());
  std::vector<Digest> digests;
  for (const Bundle& b : {Bundle::defaults(), reshaped(), trained}) {
    auto engine = make_engine(b, f.bundles);
    Record version;
    version.mutable_engine_activated()->set_engine_version(std::string(kEngineVersion));
    ASSERT_TRUE(engine->apply(Offset(0), kStartUs, version).ok());
    ASSERT_TRUE(engine->apply(Offset(1), kStartUs, activated(tuned())).ok());
    EXPECT_FALSE(engine->bundle_before().has_value());
    digests.push_back(engine->digest());
  }
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_EQ(digests[0], digests[2]);
}

// From a checkpoint at any point, before, at and after each change: the same pages, the same state.
TEST(Activation, ReplaysAgreeAcrossChanges) {
  Fixture f;
  World& world = *f.world;
  std::vector<size_t> changes;
  for (const Bundle& b : {tuned(), reshaped(), Bundle::defaults()}) {
    auto session = world.start(7, 8);
    for (int i = 0; i < 4; ++i)
      world.swipe(session, 8, [](const std::string& t) { return t < "t4"; });
    changes.push_back(world.log.size());
    ASSERT_TRUE(world.apply(activated(b)).ok());
    for (int i = 0; i < 4; ++i)
      world.swipe(session, 8, [](const std::string& t) { return t < "t4"; });
    world.advance(6 * 60 * kSecondUs);
    world.train(4, 1);
    world.advance(2 * 86'400 * kSecondUs / 3);
    world.tick();
  }
  std::vector<size_t> cuts{0, 100, world.log.size() - 1};
  for (size_t at : changes) cuts.insert(cuts.end(), {at - 1, at, at + 1, at + 20});
  expect_resumes(world, Bundle::defaults(), f.bundles, cuts);
}

}  // namespace
}  // namespace rondo::recommender::testing
