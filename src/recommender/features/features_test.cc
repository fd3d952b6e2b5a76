#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/random.h"
#include "recommender/features/affinity.h"
#include "recommender/features/catalogue.h"
#include "recommender/features/decayed_counters.h"
#include "recommender/features/pending.h"
#include "recommender/features/seen_set.h"
#include "recommender/features/viewer.h"
#include "recommender/features/watch_histogram.h"

namespace rondo::recommender::features {
namespace {

constexpr uint64_t kDayUs = 86'400'000'000ull;

TEST(SeenSet, AgreesWithASet) {
  base::Rng rng(3);
  SeenSet seen;
  std::set<uint32_t> model;
  for (int i = 0; i < 30'000; ++i) {
    // Dense below 9,000 (turns into a bitmap), sparse above.
    auto index = static_cast<uint32_t>(rng.below(2) == 0 ? rng.below(9'000) : rng.below(1 << 20));
    EXPECT_EQ(seen.insert(index), model.insert(index).second);
    auto other = static_cast<uint32_t>(rng.below(1 << 20));
    EXPECT_EQ(seen.contains(other), model.count(other) != 0);
  }
  EXPECT_EQ(seen.size(), model.size());
  EXPECT_EQ(seen.to_vector(), std::vector<uint32_t>(model.begin(), model.end()));
  VideoSet videos;
  videos.reset(1 << 20);
  seen.insert_into(videos);
  for (uint32_t i = 0; i < 1 << 20; ++i) ASSERT_EQ(videos.contains(i), model.count(i) != 0);
}

TEST(VideoSet, AgreesWithASet) {
  base::Rng rng(4);
  VideoSet set;
  VideoSet others;
  std::set<uint32_t> model;
  set.resize(100);
  set.resize(1'000);  // what is there stays
  others.reset(1'000);
  for (int i = 0; i < 2'000; ++i) {
    const auto video = static_cast<uint32_t>(rng.below(1'000));
    const bool in = rng.below(3) != 0;
    set.set(video, in);
    in ? static_cast<void>(model.insert(video)) : static_cast<void>(model.erase(video));
    if (rng.below(10) == 0) others.insert(static_cast<uint32_t>(rng.below(1'000)));
  }
  auto agree = [&] {
    ASSERT_EQ(set.count(), model.size());
    size_t rank = 0;
    for (uint32_t video : model) EXPECT_EQ(set.nth(rank++), video);
    auto next = model.rbegin();
    for (size_t w = set.words().size(); w-- > 0;) {
      for_each_of_word(w, set.words()[w], [&](uint32_t video) { EXPECT_EQ(video, *next++); });
    }
    EXPECT_EQ(next, model.rend());
  };
  agree();
  set.erase_all(others);
  std::erase_if(model, [&](uint32_t video) { return others.contains(video); });
  agree();
}

TEST(DecayedCounters, FadeAtThreeHalfLives) {
  DecayedCounters c;
  c.add(Event::kFinish, kDayUs);
  EXPECT_NEAR(c.at(Event::kFinish, Horizon::kDay, 2 * kDayUs), 0.5f, 1e-6f);
  EXPECT_NEAR(c.at(Event::kFinish, Horizon::kWeek, 8 * kDayUs), 0.5f, 1e-6f);
  EXPECT_NEAR(c.at(Event::kFinish, Horizon::kHour, kDayUs + 3'600'000'000), 0.5f, 1e-6f);
  c.add(Event::kFinish, 2 * kDayUs);
  EXPECT_NEAR(c.raw(Event::kFinish, Horizon::kDay), 1.5f, 1e-6f);
  EXPECT_EQ(c.raw(Event::kSkip, Horizon::kDay), 0.0f);
}

TEST(WatchHistogram, QuantileWithinTheDurationBucket) {
  WatchHistogram h;
  EXPECT_NEAR(h.quantile(10'000, 5'000), 0.5f, 1e-6f);  // nothing known: the fraction
  for (int i = 0; i < 4000; ++i) h.add(14'000, 3'000, kDayUs);
  for (int i = 0; i < 1000; ++i) h.add(14'000, 12'000, kDayUs);
  EXPECT_GT(h.quantile(13'000, 11'900), 0.85f);
  EXPECT_LT(h.quantile(13'000, 1'000), 0.05f);
  float before = 0;
  for (uint32_t ms = 0; ms < 60'000; ms += 50) {
    float q = h.quantile(13'000, ms);
    EXPECT_GE(q, before);
    EXPECT_LE(q, 1.0f);
    before = q;
  }
  // Another bucket knows nothing of it.
  EXPECT_NEAR(h.quantile(40'000, 20'000), 0.5f, 1e-6f);
  EXPECT_EQ(watch_bin(0), 0u);
  EXPECT_EQ(watch_bin(UINT32_MAX), kWatchBins - 1);
  EXPECT_EQ(duration_bucket(UINT32_MAX), kDurationBuckets - 1);
}

TEST(Affinity, LikeBeatsFinishBeatsNothingBeatsSkip) {
  auto options = Bundle::defaults().affinity;
  Affinities a(8);
  a.add(1, {options.finish + options.like, 0}, 100, options);
  a.add(2, {options.finish, 0}, 100, options);
  a.add(4, {0, options.skip}, 100, options);
  EXPECT_GT(a.value(1, 100, options), a.value(2, 100, options));
  EXPECT_GT(a.value(2, 100, options), a.value(3, 100, options));
  EXPECT_EQ(a.value(3, 100, options), 0.0f);
  EXPECT_LT(a.value(4, 100, options), 0.0f);
  // More of the same is more certain; time takes it back.
  float once = a.value(2, 100, options);
  a.add(2, {options.finish, 0}, 100, options);
  EXPECT_GT(a.value(2, 100, options), once);
  EXPECT_LT(a.value(2, 100 + 3600 * 24 * 60, options), once / 2);
}

TEST(Affinity, TheWeakestMakesRoom) {
  auto options = Bundle::defaults().affinity;
  Affinities a(3);
  a.add(5, {3, 0}, 1, options);
  a.add(6, {0.1f, 0}, 1, options);
  a.add(7, {0, 2}, 1, options);
  a.add(8, {1, 0}, 1, options);
  EXPECT_EQ(a.entries().size(), 3u);
  EXPECT_EQ(a.value(6, 1, options), 0.0f);
  EXPECT_GT(a.value(8, 1, options), 0.0f);
}

TEST(Catalogue, KeepsItsLimitsAndItsCounts) {
  Bundle bundle = Bundle::defaults();
  bundle.limits.videos_max = 2;
  bundle.limits.topics_max = 1;
  Catalogue c(bundle);
  std::vector<std::string> topics{"a", "b", "a"};
  Catalogue::Publication p{.video_id = 1,
                           .author_id = 9,
                           .duration_ms = 5000,
                           .topics = topics,
                           .language = "en",
                           .sound_id = 0,
                           .published_us = 2 * kDayUs};
  ASSERT_TRUE(c.publish(p, kDayUs).has_value());
  EXPECT_EQ(c.video(0).topic_count, 1);  // "b" has no room, "a" counts once
  EXPECT_EQ(c.video(0).published_us, kDayUs);
  c.count(0, Event::kOutcome, kDayUs);
  c.count(0, Event::kFinish, kDayUs);
  c.set_eligible(0, false);
  EXPECT_FALSE(c.eligible().contains(0));
  ASSERT_TRUE(c.publish(p, kDayUs).has_value());
  EXPECT_EQ(c.size(), 1u);
  EXPECT_EQ(c.video(0).finishes, 1u);
  EXPECT_TRUE(c.eligible().contains(0));
  p.video_id = 2;
  ASSERT_TRUE(c.publish(p, kDayUs).has_value());
  p.video_id = 3;
  EXPECT_FALSE(c.publish(p, kDayUs).has_value());
}

// Merit fades in the trend keys as it would if each were decayed to the same moment.
TEST(Catalogue, TrendKeysCompareAcrossTime) {
  Bundle bundle = Bundle::defaults();
  Catalogue c(bundle);
  std::vector<std::string> topics{"a"};
  for (uint64_t id : {1, 2, 3}) {
    c.publish({.video_id = id,
               .author_id = 9,
               .duration_ms = 5000,
               .topics = topics,
               .language = "en",
               .sound_id = 0,
               .published_us = kDayUs},
              kDayUs);
  }
  auto finishes = [&c](uint32_t video, int count, uint64_t now_us) {
    for (int i = 0; i < count; ++i) {
      c.count(video, Event::kOutcome, now_us);
      c.count(video, Event::kFinish, now_us);
    }
  };
  finishes(0, 20, kDayUs);
  finishes(1, 8, 3 * kDayUs);
  EXPECT_GT(c.trend_keys()[1], c.trend_keys()[0]);  // 8 now against 20 two half-lives ago
  finishes(2, 3, 3 * kDayUs);
  EXPECT_GT(c.trend_keys()[0], c.trend_keys()[2] - 1);
  EXPECT_GT(c.trend_keys()[1], c.trend_keys()[2]);
}

TEST(Catalogue, ANewVideoSpendsItsBudgetAndIsPromotedOnTheLowerBound) {
  Bundle bundle = Bundle::defaults();
  Catalogue c(bundle);
  std::vector<std::string> topics{"a"};
  for (uint64_t id : {1, 2}) {
    c.publish({.video_id = id,
               .author_id = 9,
               .duration_ms = 5000,
               .topics = topics,
               .language = "en",
               .sound_id = 0,
               .published_us = kDayUs},
              kDayUs);
  }
  for (int i = 0; i < 50; ++i) {
    for (uint32_t video : {0u, 1u}) {
      EXPECT_TRUE(c.fresh().contains(video));
      c.count(video, Event::kOutcome, kDayUs);
      if (video == 0) c.count(video, Event::kFinish, kDayUs);
      c.count(video, Event::kImpression, kDayUs);
    }
  }
  EXPECT_EQ(c.video(0).stage, 1);
  EXPECT_TRUE(c.fresh().contains(0));
  EXPECT_EQ(c.video(1).stage, 3);
  EXPECT_FALSE(c.fresh().contains(1));
}

TEST(Viewers, AnonymousOnesExpireIdleAccountsStay) {
  Bundle bundle = Bundle::defaults();
  Viewers viewers(bundle);
  std::unique_ptr<Viewer> evicted;
  Viewer* watcher = viewers.find_or_make(1, true, kDayUs, evicted);
  watcher->impressions = 3;
  viewers.find_or_make(2, true, kDayUs, evicted);   // never saw a thing: gone after a day
  viewers.find_or_make(3, false, kDayUs, evicted);  // an account
  EXPECT_EQ(viewers.take_expired(2 * kDayUs - 1), nullptr);
  auto gone = viewers.take_expired(2 * kDayUs);
  ASSERT_NE(gone, nullptr);
  EXPECT_EQ(gone->id, 2u);
  viewers.note_active(*watcher, 10 * kDayUs);
  EXPECT_EQ(viewers.take_expired(39 * kDayUs), nullptr);
  gone = viewers.take_expired(40 * kDayUs);
  ASSERT_NE(gone, nullptr);
  EXPECT_EQ(gone->id, 1u);
  EXPECT_EQ(viewers.take_expired(4000 * kDayUs), nullptr);
  EXPECT_NE(viewers.find(3), nullptr);
}

TEST(Viewers, AtTheLimitTheIdlestAnonymousOneGoes) {
  Bundle bundle = Bundle::defaults();
  bundle.limits.viewers_max = 3;
  Viewers viewers(bundle);
  std::unique_ptr<Viewer> evicted;
  for (uint64_t id : {1, 2, 3}) viewers.find_or_make(id, id != 1, kDayUs + id, evicted);
  viewers.note_active(*viewers.find(2), 2 * kDayUs);
  ASSERT_NE(viewers.find_or_make(4, false, 3 * kDayUs, evicted), nullptr);
  ASSERT_NE(evicted, nullptr);
  EXPECT_EQ(evicted->id, 3u);
  viewers.find_or_make(5, false, 3 * kDayUs, evicted);
  EXPECT_EQ(evicted->id, 2u);
  EXPECT_EQ(viewers.find_or_make(6, true, 3 * kDayUs, evicted), nullptr);
  EXPECT_EQ(viewers.size(), 3u);
}

PendingPage page_of(uint64_t viewer, std::vector<uint32_t> videos) {
  PendingPage page;
  page.viewer = viewer;
  for (uint32_t video : videos) page.slots.emplace_back().video = video;
  return page;
}

TEST(Pending, MatchesExactlyAndComesDueInOrder) {
  Pending p;
  p.add(10, page_of(7, {1, 2}), 100);
  p.add(11, page_of(8, {3}), 150);
  EXPECT_EQ(p.open_slots(), 3u);
  EXPECT_NE(p.match(10, 0, 7, 1), nullptr);
  EXPECT_EQ(p.match(10, 0, 8, 1), nullptr);
  EXPECT_EQ(p.match(10, 0, 7, 2), nullptr);
  EXPECT_EQ(p.match(10, 2, 7, 1), nullptr);
  EXPECT_EQ(p.match(12, 0, 7, 1), nullptr);
  p.show(10, 1, {300, 900});
  EXPECT_EQ(p.take_due_page(99), std::nullopt);
  EXPECT_EQ(p.take_due_page(1000), std::optional<uint64_t>(10));
  p.close(10, 0);
  EXPECT_EQ(p.take_due_page(1000), std::optional<uint64_t>(11));
  EXPECT_EQ(p.take_due(0, 299).has_value(), false);
  ASSERT_EQ(p.waiting(0).size(), 1u);
  auto due = p.take_due(0, 300);
  ASSERT_TRUE(due.has_value());
  EXPECT_EQ(due->slot, 1u);
  EXPECT_EQ(p.waiting(1).size(), 1u);
  EXPECT_EQ(p.find_shown(7, 2), std::optional(std::pair(uint64_t{10}, 1u)));
  EXPECT_EQ(p.find_shown(7, 1), std::nullopt);
  EXPECT_EQ(p.pages_of(7), std::vector<uint64_t>{10});
  p.close(10, 1);
  EXPECT_EQ(p.find(10), nullptr);
  EXPECT_EQ(p.open_slots(), 1u);
  p.erase_page(11);
  EXPECT_EQ(p.open_slots(), 0u);
}

}  // namespace
}  // namespace rondo::recommender::features
