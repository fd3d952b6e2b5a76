// Two bundles side by side: who is in which arm, what pages say, that both learn alike, replays.
#include "recommender/experiment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.h"
#include "recommender/checkpoint.h"
#include "recommender/engine.h"
#include "recommender/string_io.h"
#include "recommender/testing/world.h"
#include "recommender/weights.h"

namespace rondo::recommender::testing {
namespace {

using log::v1::Record;

std::string name_of(const Bundle& b) { return std::string(base::as_bytes(b.sha256())); }

Bundle tuned() {
  Bundle b = Bundle::defaults();
  b.value.novelty = 0.9f;
  b.rules.repeat_penalty = 0.2f;
  return b;
}
Bundle reshaped() {
  Bundle b = tuned();
  b.model.dimensions = 32;
  b.towers.dimensions = 16;
  return b;
}
Bundle curious() {
  Bundle b = tuned();
  b.exploration.uniform_share = 0.4f;
  b.exploration.new_topic_share = 0.1f;
  return b;
}
Bundle incompatible() {
  Bundle b = tuned();
  b.outcomes.skip_ms += 500;
  return b;
}

Record started(const Bundle& treatment, log::v1::ExperimentMode mode, uint32_t share = 5000) {
  Record record;
  auto& r = *record.mutable_experiment_started();
  r.set_name("try");
  r.set_treatment_sha256(name_of(treatment));
  r.set_salt("salt");
  r.set_share_permyriad(share);
  r.set_mode(mode);
  return record;
}
Record stopped(const std::string& name = "try") {
  Record record;
  record.mutable_experiment_stopped()->set_name(name);
  return record;
}
Record activated(const Bundle& bundle) {
  Record record;
  record.mutable_bundle_activated()->set_bundle_sha256(name_of(bundle));
  return record;
}

struct Fixture {
  Fixture() {
    auto known = std::make_shared<Bundles>();
    for (const Bundle& b : {Bundle::defaults(), tuned(), reshaped(), curious(), incompatible()})
      known->add(b);
    bundles = known;
    world = std::make_unique<World>(WorldOptions{.seed = 11}, Bundle::defaults(), bundles);
    EXPECT_TRUE(world->apply(activated(Bundle::defaults())).ok());
    world->publish_all();
    world->train(12, 2);
  }
  std::shared_ptr<const BundleSource> bundles;
  std::unique_ptr<World> world;
};

constexpr auto kSplit = log::v1::EXPERIMENT_MODE_SPLIT;
constexpr auto kInterleave = log::v1::EXPERIMENT_MODE_INTERLEAVE;

TEST(Experiment, TheShareIsKeptAndTheSaltDealsAnew) {
  Experiment a{.name = "a", .salt = "a", .share_permyriad = 2000, .mode = kSplit};
  Experiment b = a;
  b.salt = "b";
  int in = 0;
  int both = 0;
  constexpr int kViewers = 20'000;
  for (uint64_t viewer = 1; viewer <= kViewers; ++viewer) {
    bool first = assign(a, viewer) == Assignment::kTreatment;
    in += first ? 1 : 0;
    both += first && assign(b, viewer) == Assignment::kTreatment ? 1 : 0;
  }
  // Five standard errors.
  EXPECT_NEAR(in, 4000, 5 * 57);
  EXPECT_NEAR(both, 800, 5 * 28);
}

TEST(Experiment, PagesSayWhoRankedThem) {
  Fixture f;
  ASSERT_TRUE(f.world->apply(started(tuned(), kSplit)).ok());
  std::map<std::string, int> arms;
  for (uint64_t viewer = 500; viewer < 540; ++viewer) {
    auto page = f.world->engine->rank(f.world->request(viewer, 6));
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->experiment(), "try");
    ++arms[page->arm()];
    const bool treated = page->arm() == "treatment";
    EXPECT_EQ(page->bundle_sha256(), name_of(treated ? tuned() : Bundle::defaults()));
    for (const auto& term : page->slots(0).terms()) {
      if (term.name() != "novelty") continue;
      EXPECT_EQ(term.weight(), treated ? 0.9f : Bundle::defaults().value.novelty);
    }
  }
  EXPECT_EQ(arms.size(), 2u);
  EXPECT_GT(arms["control"], 5);
  EXPECT_GT(arms["treatment"], 5);
}

// With one bundle in both arms they stay equal, whoever is served by which: data do not differ.
TEST(Experiment, BothArmsLearnFromAllOutcomes) {
  Fixture f;
  ASSERT_TRUE(f.world->apply(started(Bundle::defaults(), kSplit)).ok());
  f.world->train(25, 2);
  std::string control = f.world->engine->weights().safetensors();
  const std::string bytes = saved(*f.world->engine);
  StringSource source(bytes);
  auto state = load_state(source, *f.bundles, PartitionId(0));
  ASSERT_TRUE(state.ok()) << state.error().describe();
  ASSERT_EQ((*state)->arms.size(), 2u);
  EXPECT_EQ(Weights::of(*(*state)->arms[1]).safetensors(), control);
}

TEST(Experiment, ThePromotedTreatmentGoesOnAsItIs) {
  Fixture f;
  World& world = *f.world;
  ASSERT_TRUE(world.apply(started(reshaped(), kSplit)).ok());
  world.train(12, 2);
  auto viewers = world.engine->stats().viewers;
  ASSERT_TRUE(world.apply(activated(reshaped())).ok());
  EXPECT_FALSE(world.engine->experiment().has_value());
  EXPECT_EQ(world.engine->bundle_sha256(), reshaped().sha256());
  EXPECT_EQ(world.engine->bundle_before(), Bundle::defaults().sha256());
  EXPECT_FALSE(world.engine->weights().model[size_t(Slot::kVideo)].ids.empty());
  EXPECT_EQ(world.engine->stats().viewers, viewers);
  auto page = world.engine->rank(world.request(500, 6));
  EXPECT_EQ(page->arm(), "");
  EXPECT_EQ(page->bundle_sha256(), name_of(reshaped()));
}

// The control is untouched by an experiment that ran beside it.
TEST(Experiment, StoppedItLeavesTheControlAsItWouldBe) {
  Fixture f;
  World& world = *f.world;
  ASSERT_TRUE(world.apply(started(reshaped(), kSplit, 10'000)).ok());
  world.train(8, 2);
  ASSERT_TRUE(world.apply(stopped()).ok());
  world.train(4, 1);
  auto without = make_engine(Bundle::defaults(), f.bundles);
  for (size_t i = 0; i < world.log.size(); ++i) {
    Record record = world.log[i].record;
    if (record.has_experiment_started() || record.has_experiment_stopped()) {
      // As time alone, which a Tick is not: a record of nobody.
      record.mutable_video_changed()->set_video_id(1);
    }
    ASSERT_TRUE(without->apply(Offset(i), world.log[i].time_us, record).ok());
  }
  EXPECT_EQ(without->weights().safetensors(), world.engine->weights().safetensors());
}

TEST(Experiment, IsRefusedWithTheReason) {
  Fixture f;
  auto reason = [&](const Record& record) {
    Digest before = f.world->engine->digest();
    auto result = f.world->engine->would_fold(record);
    EXPECT_FALSE(f.world->apply(record).ok());
    EXPECT_EQ(f.world->engine->digest(), before);
    return result.ok() ? std::string() : result.error().describe();
  };
  EXPECT_NE(reason(stopped()).find("no experiment runs"), std::string::npos);
  EXPECT_NE(reason(started(incompatible(), kSplit)).find("outcomes"), std::string::npos);
  Bundle unknown = tuned();
  unknown.value.taste = 0.123f;
  EXPECT_NE(reason(started(unknown, kSplit)).find("needs bundle"), std::string::npos);
  ASSERT_TRUE(f.world->apply(started(tuned(), kSplit)).ok());
  EXPECT_NE(reason(started(reshaped(), kSplit)).find("already"), std::string::npos);
  EXPECT_NE(reason(stopped("other")).find("try"), std::string::npos);
}

TEST(Experiment, InterleavedPagesTakeTurns) {
  Fixture f;
  World& world = *f.world;
  ASSERT_TRUE(world.apply(started(tuned(), kInterleave, 10'000)).ok());
  int first_control = 0;
  constexpr int kPages = 60;
  for (uint64_t viewer = 500; viewer < 500 + kPages; ++viewer) {
    auto page = world.engine->rank(world.request(viewer, 8));
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->arm(), "interleaved");
    EXPECT_EQ(page->bundle_sha256(), name_of(Bundle::defaults()));
    EXPECT_EQ(page->treatment_sha256(), name_of(tuned()));
    ASSERT_EQ(page->slots_size(), 8);
    std::set<uint64_t> videos;
    for (int i = 0; i < 8; ++i) {
      const auto& slot = page->slots(i);
      videos.insert(slot.video_id());
      EXPECT_GT(slot.propensity(), 0.0f);
      EXPECT_LE(slot.propensity(), 1.0f);
      EXPECT_TRUE(slot.team() == "control" || slot.team() == "treatment");
      EXPECT_TRUE(i % 2 == 0 || slot.team() != page->slots(i - 1).team());
      for (const auto& term : slot.terms()) {
        if (term.name() != "novelty") continue;
        EXPECT_EQ(term.weight(),
                  slot.team() == "treatment" ? 0.9f : Bundle::defaults().value.novelty);
      }
    }
    EXPECT_EQ(videos.size(), 8u);
    first_control += page->slots(0).team() == "control" ? 1 : 0;
  }
  EXPECT_NEAR(first_control, kPages / 2, 20);
}

// Of n videos that can be drawn the mean of 1/p over draws is n, when p is the probability of each
// draw: of the first slot from whichever team, of the second from the one whose turn it is.
TEST(Experiment, InterleavedPropensitiesAreExact) {
  Fixture f;
  World& world = *f.world;
  ASSERT_TRUE(world.apply(started(curious(), kInterleave, 10'000)).ok());
  constexpr int kPages = 1500;
  double first = 0;
  double second = 0;
  int of_treatment = 0;
  for (uint64_t viewer = 10'000; viewer < 10'000 + kPages; ++viewer) {
    auto page = world.engine->rank(world.request(viewer, 2));
    ASSERT_TRUE(page.ok());
    first += 1.0 / static_cast<double>(page->slots(0).propensity());
    if (page->slots(1).team() != "treatment") continue;
    second += 1.0 / static_cast<double>(page->slots(1).propensity());
    ++of_treatment;
  }
  // Four standard errors: 1/p is at most n / share of uniform draws.
  EXPECT_NEAR(first / kPages, 48, 11);
  EXPECT_NEAR(second / of_treatment, 47, 11);
}

TEST(Experiment, ReplaysAgreeFromAnyPoint) {
  Fixture f;
  World& world = *f.world;
  auto browse = [&] {
    auto session = world.start(7, 8);
    for (int i = 0; i < 5; ++i)
      world.swipe(session, 8, [](const std::string& t) { return t < "t4"; });
    world.train(3, 1);
  };
  std::vector<size_t> cuts;
  for (const Record& record :
       {started(reshaped(), kSplit), stopped(), started(tuned(), kInterleave), activated(tuned()),
        started(Bundle::defaults(), kSplit), activated(reshaped())}) {
    size_t at = world.log.size();
    cuts.insert(cuts.end(), {at, at + 1, at + 25});
    ASSERT_TRUE(world.apply(record).ok());
    browse();
  }
  expect_resumes(world, Bundle::defaults(), f.bundles, cuts);
}

}  // namespace
}  // namespace rondo::recommender::testing
