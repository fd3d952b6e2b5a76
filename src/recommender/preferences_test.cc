// What a viewer asks for holds on the very next page: levels of topics, muted words, reset.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "recommender/string_io.h"
#include "recommender/testing/world.h"

namespace rondo::recommender::testing {
namespace {

using log::v1::PreferenceChanged;
using log::v1::Record;
using log::v1::Served;

constexpr uint64_t kViewer = 7;

class Preferences : public ::testing::Test {
 protected:
  Preferences() { world.publish_all(); }

  void change(const PreferenceChanged& change) {
    Record record;
    *record.mutable_preference_changed() = change;
    record.mutable_preference_changed()->set_viewer_id(kViewer);
    record.mutable_preference_changed()->set_anonymous(true);
    ASSERT_TRUE(world.apply(record).ok());
  }
  void level(const std::string& topic, int32_t level) {
    PreferenceChanged c;
    c.add_topics()->set_topic(topic);
    c.mutable_topics(0)->set_level(level);
    change(c);
  }
  void mute(const std::string& text, const std::vector<uint32_t>& words) {
    PreferenceChanged c;
    c.add_mute()->set_text(text);
    for (uint32_t word : words) c.mutable_mute(0)->add_words(word);
    change(c);
  }
  // Everything that is left for the viewer, as the engine would serve it.
  std::set<uint64_t> servable() {
    std::set<uint64_t> out;
    std::vector<uint64_t> all;
    for (const auto& logged : world.log) {
      if (logged.record.has_video_published()) {
        all.push_back(logged.record.video_published().video_id());
      }
    }
    auto scores = world.engine->score(world.request(kViewer, 1), all);
    for (size_t i = 0; i < all.size(); ++i) {
      if ((*scores)[i].servable) out.insert(all[i]);
    }
    // A page of the whole pool holds the same: sources and uniform draws go by one filter.
    std::set<uint64_t> paged;
    auto request = world.request(kViewer, 32);
    for (int round = 0; round < 3; ++round) {
      auto page = world.engine->rank(request);
      for (const auto& slot : page->slots()) {
        paged.insert(slot.video_id());
        if (request.exclude_size() < 64) request.add_exclude(slot.video_id());
      }
    }
    EXPECT_EQ(paged, out);
    return out;
  }
  uint64_t senseless() const { return world.engine->stats().records_senseless; }
  double share_over_pages(const std::string& topic) {
    double sum = 0;
    for (int i = 0; i < 20; ++i) sum += world.share(world.serve(kViewer, 8).served, topic) / 20;
    return sum;
  }

  World world{WorldOptions()};
};

TEST_F(Preferences, ATopicAtItsLowestLevelIsHidden) {
  level("t3", -100);
  for (uint64_t video : servable()) EXPECT_NE(world.topic(video), "t3");
  level("t3", 0);
  EXPECT_EQ(servable().size(), 48u);
}

TEST_F(Preferences, LevelsLeanTheVeryNextPageAndSaySo) {
  double before = share_over_pages("t3");
  level("t3", 100);
  double more = share_over_pages("t3");
  level("t3", -60);
  double less = share_over_pages("t3");
  EXPECT_GT(more, before + 0.2);
  EXPECT_LT(less, before / 2);

  level("t3", 80);
  bool found = false;
  Served page = world.serve(kViewer, 8).served;
  for (const auto& slot : page.slots()) {
    float sum = 0;
    for (const auto& term : slot.terms()) {
      sum += term.contribution();
      if (term.name() != "asked_topic") continue;
      EXPECT_EQ(term.value(), world.topic(slot.video_id()) == "t3" ? 0.8f : 0.0f);
    }
    EXPECT_EQ(sum, slot.score());
    for (const auto& reason : slot.reasons()) {
      if (reason.kind() != "asked_more") continue;
      found = true;
      EXPECT_EQ(reason.subject(), "t3");
      EXPECT_EQ(reason.count(), 80u);
    }
  }
  EXPECT_TRUE(found);
}

TEST_F(Preferences, ATopicMayBeAskedForBeforeAVideoHasIt) {
  level("t99", 100);
  world.publish(3000, 501, {"t99"});
  bool asked = false;
  Served page = world.serve(kViewer, 8).served;
  for (const auto& slot : page.slots()) {
    for (const auto& reason : slot.reasons()) {
      asked = asked || (slot.video_id() == 3000 && reason.kind() == "asked_more");
    }
  }
  EXPECT_TRUE(asked);
}

TEST_F(Preferences, MutedWordsHideAtOnceAndAPhraseNeedsAllOfItsWords) {
  world.publish(3001, 501, {"t1"}, 10'000, {10, 20, 30});
  world.publish(3002, 502, {"t1"}, 10'000, {20, 40});
  world.publish(3003, 503, {"t1"}, 10'000, {74});  // shares its bit with 10
  auto hidden = [&] {
    auto left = servable();
    std::set<uint64_t> out;
    for (uint64_t video : {3001u, 3002u, 3003u}) {
      if (left.count(video) == 0) out.insert(video);
    }
    EXPECT_EQ(left.size() + out.size(), 51u);
    return out;
  };
  EXPECT_EQ(hidden(), std::set<uint64_t>{});
  mute("ten", {10});
  EXPECT_EQ(hidden(), std::set<uint64_t>{3001});
  mute("twenty forty", {20, 40});
  EXPECT_EQ(hidden(), (std::set<uint64_t>{3001, 3002}));
  PreferenceChanged unmute;
  unmute.add_unmute("ten");
  change(unmute);
  EXPECT_EQ(hidden(), std::set<uint64_t>{3002});
  // The video's words change with its caption.
  world.publish(3002, 502, {"t1"}, 10'000, {20, 50, 60});
  EXPECT_EQ(hidden(), std::set<uint64_t>{});
  world.publish(3003, 503, {"t1"}, 10'000, {20, 40, 74});
  EXPECT_EQ(hidden(), std::set<uint64_t>{3003});
}

TEST_F(Preferences, ResetKeepsWhatWasSeenAndAskedFor) {
  auto session = world.start(kViewer, 8);
  std::set<uint64_t> seen;
  for (int i = 0; i < 10; ++i) {
    seen.insert(world.swipe(session, 8, [](const std::string& t) { return t == "t1"; }).video);
  }
  world.publish(3001, 501, {"t1"}, 10'000, {10});
  mute("ten", {10});
  level("t2", 50);
  PreferenceChanged reset;
  reset.set_reset(true);
  reset.set_reset_turned_down(true);
  change(reset);
  auto left = servable();
  EXPECT_EQ(left.count(3001), 0u);
  for (uint64_t video : seen) EXPECT_EQ(left.count(video), 0u) << video;
  auto page = world.engine->rank(world.request(kViewer, 32));
  for (const auto& slot : page->slots()) {
    for (const auto& term : slot.terms()) {
      if (term.name() == "topic_affinity") {
        EXPECT_EQ(term.value(), 0.0f);
      }
      if (term.name() == "asked_topic") {
        EXPECT_EQ(term.value(), world.topic(slot.video_id()) == "t2" ? 0.5f : 0.0f);
      }
    }
  }
}

TEST_F(Preferences, LimitsHoldAndAreCounted) {
  for (int i = 0; i < 64; ++i) level("x" + std::to_string(i), 10);
  for (uint32_t i = 0; i < 64; ++i) mute("m" + std::to_string(i), {1000 + i});
  uint64_t before = senseless();
  level("t3", -100);
  mute("ten", {10});
  level("x1", 101);
  mute("m1 m2", {3, 2});
  EXPECT_EQ(senseless(), before + 4);
  world.publish(3001, 501, {"t1"}, 10'000, {10});
  auto left = servable();
  EXPECT_EQ(left.size(), 49u);
  // Turned down from a video it holds all the same.
  Page page = world.serve(kViewer, 8);
  world.show(kViewer, page.place(0));
  world.not_interested(kViewer, page.place(0), log::v1::NOT_INTERESTED_TOPIC);
  for (uint64_t video : servable()) {
    EXPECT_NE(world.topic(video), world.topic(page.place(0).video));
  }
}

TEST_F(Preferences, AreInTheCheckpointAndTheDigest) {
  world.publish(3001, 501, {"t1"}, 10'000, {10, 20});
  auto digest = world.engine->digest();
  level("t3", -100);
  EXPECT_NE(world.engine->digest(), digest);
  digest = world.engine->digest();
  mute("ten", {10});
  EXPECT_NE(world.engine->digest(), digest);
  const std::string bytes = saved(*world.engine);
  StringSource source(bytes);
  auto loaded =
      Engine::load(source, std::make_shared<const Bundles>(Bundle::defaults()), PartitionId(0));
  ASSERT_TRUE(loaded.ok()) << loaded.error().describe();
  EXPECT_EQ((*loaded)->digest(), world.engine->digest());
  world.engine = std::move(*loaded);
  auto left = servable();
  EXPECT_EQ(left.count(3001), 0u);
  for (uint64_t video : left) EXPECT_NE(world.topic(video), "t3");
}

TEST_F(Preferences, TheSameChangeTwiceIsOneChange) {
  PreferenceChanged c;
  c.add_topics()->set_topic("t3");
  c.mutable_topics(0)->set_level(-40);
  c.add_mute()->set_text("ten");
  c.mutable_mute(0)->add_words(10);
  change(c);
  std::vector<uint64_t> videos;
  for (uint64_t v = 1001; v < 1049; ++v) videos.push_back(v);
  auto scores = [&] { return *world.engine->score(world.request(kViewer, 8), videos); };
  const auto once = scores();
  change(c);
  const auto twice = scores();
  for (size_t i = 0; i < videos.size(); ++i) {
    EXPECT_EQ(once[i].servable, twice[i].servable);
    EXPECT_EQ(once[i].score, twice[i].score);
  }
  const auto asked = world.engine->preferences(kViewer);
  ASSERT_EQ(asked.levels.size(), 1u);
  EXPECT_EQ(asked.levels[0].level, -40);
  EXPECT_EQ(asked.muted, std::vector<std::string>{"ten"});
  EXPECT_EQ(senseless(), 0u);
}

}  // namespace
}  // namespace rondo::recommender::testing
