#include "recommender/reranker/slate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "recommender/features/catalogue.h"

namespace rondo::recommender::reranker {
namespace {

constexpr std::array<std::array<float, 2>, 3> kVectors = {{{1, 0}, {0, 1}, {0.5f, 0.5f}}};
constexpr std::array<float, 2> kAnyVector = {1, 1};

features::VideoSet set_of(std::span<const uint32_t> videos) {
  features::VideoSet out;
  for (uint32_t video : videos) {
    out.resize(video + 1);
    out.insert(video);
  }
  return out;
}

struct Setting {
  std::vector<SlateItem> items;
  std::vector<uint32_t> pool;
  std::vector<Placed> before;
};

Setting random_setting(base::Rng& rng) {
  Setting s;
  uint32_t count = 5 + static_cast<uint32_t>(rng.below(80));
  for (uint32_t video = 0; video < count; ++video) {
    s.pool.push_back(video * 3);
    if (rng.below(4) == 0) continue;  // in the pool, found by no source
    s.items.push_back(
        {.video = video * 3,
         .author = static_cast<uint32_t>(rng.below(6)),
         .topic = rng.below(10) == 0 ? features::kNoIndex : static_cast<uint32_t>(rng.below(5)),
         .score = 2 * rng.uniform() - 1,
         .is_new = rng.below(3) == 0,
         .impressions = static_cast<uint32_t>(rng.below(60)),
         .debut = {.need = rng.below(4) == 0 ? 20 * rng.uniform() : 0, .late = rng.below(2) == 0},
         .topic_is_new = rng.below(3) == 0,
         .vector = kVectors[rng.below(3)]});
  }
  for (uint64_t i = rng.below(4); i > 0; --i) {
    s.before.push_back({static_cast<uint32_t>(rng.below(6)), static_cast<uint32_t>(rng.below(5)),
                        kVectors[rng.below(3)]});
  }
  return s;
}

const SlateItem* item_of(const Setting& s, uint32_t video) {
  for (const auto& item : s.items) {
    if (item.video == video) return &item;
  }
  return nullptr;
}

// The probability of `video` in the next slot, from the distribution alone.
double probability(const Setting& s, const Distribution& d, uint32_t video) {
  double p = d.uniform_each;
  for (size_t i = 0; i < s.items.size(); ++i) {
    if (s.items[i].video != video) continue;
    for (const auto& part : d.parts) p += part[i];
  }
  return p;
}

TEST(Slate, PropensitiesSumToOneAndAreTheDrawsOwn) {
  Bundle bundle = Bundle::defaults();
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    base::Rng rng(seed);
    Setting s = random_setting(rng);
    Slate slate(bundle, s.items, set_of(s.pool), s.before, 12, {rng.below(30), 1000}, rng);
    std::vector<uint32_t> placed;
    while (!slate.done()) {
      Distribution d = slate.distribution();
      double sum = 0;
      for (uint32_t video : s.pool) {
        bool gone = std::find(placed.begin(), placed.end(), video) != placed.end();
        if (!gone) sum += probability(s, d, video);
      }
      EXPECT_NEAR(sum, 1.0, 1e-9);
      auto draw = slate.draw(d, rng);
      EXPECT_DOUBLE_EQ(draw.propensity, probability(s, d, draw.video));
      EXPECT_GT(draw.propensity, 0);
      EXPECT_EQ(std::count(placed.begin(), placed.end(), draw.video), 0);
      placed.push_back(draw.video);
      const SlateItem* item = item_of(s, draw.video);
      slate.place(draw.video, item == nullptr ? Placed{0, features::kNoIndex, kAnyVector}
                                              : Placed{item->author, item->topic, item->vector});
    }
    EXPECT_EQ(placed.size(), std::min<size_t>(12, s.pool.size()));
  }
}

// What is recorded is what happens: frequencies of many draws of the same slot.
TEST(Slate, DrawsFollowTheDistribution) {
  Bundle bundle = Bundle::defaults();
  bundle.rules.temperature = 0.5f;
  bundle.exploration.uniform_share = 0.1f;
  base::Rng rng(11);
  Setting s = random_setting(rng);
  Slate slate(bundle, s.items, set_of(s.pool), s.before, 4, {6, 1000}, rng);
  Distribution d = slate.distribution();
  constexpr int kDraws = 200'000;
  std::map<uint32_t, int> counts;
  for (int i = 0; i < kDraws; ++i) ++counts[slate.draw(d, rng).video];
  double chi = 0;
  int cells = 0;
  for (uint32_t video : s.pool) {
    double expected = kDraws * probability(s, d, video);
    double off = counts[video] - expected;
    chi += off * off / expected;
    ++cells;
  }
  // Mean of chi-square is the degrees of freedom; five standard deviations above it.
  EXPECT_LT(chi, (cells - 1) + 5 * std::sqrt(2.0 * (cells - 1)));
}

TEST(Slate, KeepsTheRulesWhileItCan) {
  Bundle bundle = Bundle::defaults();
  bundle.exploration.uniform_share = 0;  // it alone knows no rules
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    base::Rng rng(seed);
    Setting s = random_setting(rng);
    Slate slate(bundle, s.items, set_of(s.pool), s.before, 10, {rng.below(30), 1000}, rng);
    std::vector<Placed> line = s.before;
    while (!slate.done()) {
      Distribution d = slate.distribution();
      auto draw = slate.draw(d, rng);
      const SlateItem* item = item_of(s, draw.video);
      if (item == nullptr) break;  // no scored candidate is left
      Placed next{item->author, item->topic, item->vector};
      if (d.rules_relaxed < 1) {
        for (size_t back = 1; back <= std::min<size_t>(2, line.size()); ++back) {
          EXPECT_NE(line[line.size() - back].author, next.author);
        }
      }
      if (next.topic != features::kNoIndex && d.rules_relaxed < 2 && line.size() >= 2) {
        EXPECT_FALSE(line.back().topic == next.topic && line[line.size() - 2].topic == next.topic);
      }
      line.push_back(next);
      if (next.topic != features::kNoIndex && d.rules_relaxed < 3) {
        size_t from = line.size() > 10 ? line.size() - 10 : 0;
        EXPECT_LE(std::count_if(line.begin() + static_cast<ptrdiff_t>(from), line.end(),
                                [&](const Placed& p) { return p.topic == next.topic; }),
                  6);
      }
      slate.place(draw.video, next);
    }
  }
}

TEST(Slate, RulesGiveWayInTheirOrder) {
  Bundle bundle = Bundle::defaults();
  auto relaxed = [&bundle](const std::vector<SlateItem>& items, const std::vector<Placed>& before) {
    std::vector<uint32_t> pool;
    for (const auto& item : items) pool.push_back(item.video);
    base::Rng rng(3);
    return Slate(bundle, items, set_of(pool), before, 1, {5, 1000}, rng)
        .distribution()
        .rules_relaxed;
  };
  SlateItem item{.video = 1,
                 .author = 4,
                 .topic = 2,
                 .score = 0,
                 .is_new = false,
                 .impressions = 0,
                 .debut = {},
                 .topic_is_new = false,
                 .vector = kAnyVector};
  EXPECT_EQ(relaxed({item}, {{1, 1, kAnyVector}}), 0);
  EXPECT_EQ(relaxed({item}, {{4, 1, kAnyVector}}), 1);
  EXPECT_EQ(relaxed({item}, {{1, 2, kAnyVector}, {3, 2, kAnyVector}}), 2);
  std::vector<Placed> full;
  for (uint32_t i = 0; i < 6; ++i) full.push_back({10 + i, 2, kAnyVector});
  full.push_back({20, 1, kAnyVector});
  EXPECT_EQ(relaxed({item}, full), 3);
}

TEST(Slate, AColdViewersFirstPageSpreadsOverTopics) {
  Bundle bundle = Bundle::defaults();
  bundle.exploration.uniform_share = 0;
  base::Rng rng(4);
  std::vector<SlateItem> items;
  std::vector<uint32_t> pool;
  for (uint32_t v = 0; v < 48; ++v) {
    items.push_back({.video = v,
                     .author = v,
                     .topic = v % 8,
                     .score = 0.1f * rng.uniform(),
                     .is_new = false,
                     .impressions = 100,
                     .debut = {},
                     .topic_is_new = true,
                     .vector = kAnyVector});
    pool.push_back(v);
  }
  for (int trial = 0; trial < 50; ++trial) {
    Slate slate(bundle, items, set_of(pool), {}, 8, {0, 1000}, rng);
    std::map<uint32_t, int> topics;
    while (!slate.done()) {
      auto draw = slate.draw(slate.distribution(), rng);
      ++topics[draw.video % 8];
      slate.place(draw.video, {draw.video, draw.video % 8, kAnyVector});
    }
    EXPECT_GE(topics.size(), 7u);
  }
}

// Of 20 videos with a draw each, all alike: the debuts' share is what they need of the network's
// impressions, within its limits, and each has of it by its own need.
TEST(Slate, NewVideosComeAsOftenAsTheirFirstBudgetNeeds) {
  Bundle bundle = Bundle::defaults();
  bundle.exploration.bonus = 0;
  std::vector<SlateItem> items;
  std::vector<uint32_t> pool;
  for (uint32_t v = 0; v < 20; ++v) {
    items.push_back({.video = v,
                     .author = v,
                     .topic = features::kNoIndex,
                     .score = 0,
                     .is_new = v < 2,
                     .impressions = 0,
                     .debut = {.need = v == 0   ? 10.0f
                                       : v == 1 ? 30.0f
                                                : 0.0f},
                     .topic_is_new = false,
                     .vector = kAnyVector});
    pool.push_back(v);
  }
  auto new_part = [&](float impressions_an_hour, size_t outcomes = 10'000'000) {
    base::Rng rng(5);
    return Slate(bundle, items, set_of(pool), {}, 1, {outcomes, impressions_an_hour}, rng)
        .distribution()
        .parts[static_cast<size_t>(Part::kNewVideo) - 1];
  };
  auto part = new_part(500);  // 40 of 500, with a margin of a quarter
  EXPECT_NEAR(part[0] + part[1], 0.1, 1e-6);
  EXPECT_NEAR(part[1] / part[0], 3, 1e-5);
  EXPECT_EQ(part[2], 0);
  part = new_part(10);
  EXPECT_NEAR(part[0] + part[1], double{bundle.exploration.debut_share_max}, 1e-6);
  part = new_part(1e9f);
  EXPECT_NEAR(part[0] + part[1], double{bundle.exploration.new_video_share}, 1e-6);
  // Of somebody whose taste is not known yet they learn little, and take much.
  part = new_part(500, 0);
  EXPECT_EQ(part[0] + part[1], 0);
  part = new_part(500, static_cast<size_t>(bundle.exploration.debut_outcomes));
  EXPECT_NEAR(part[0] + part[1], 0.05, 1e-6);

  // Whom it fits worse still has its part once it is late; but not where there is room for too few.
  items[1].score = -100;
  part = new_part(500);
  EXPECT_NEAR(part[0], 0.1, 1e-6);
  items[1].debut.late = true;
  part = new_part(500);
  EXPECT_NEAR(part[0], 0.025, 1e-6);
  EXPECT_NEAR(part[1], 0.075, 1e-6);
  part = new_part(10);
  EXPECT_NEAR(part[0], double{bundle.exploration.debut_share_max}, 1e-6);
}

TEST(Slate, WhatIsLikeTheLastOneStepsBack) {
  Bundle bundle = Bundle::defaults();
  auto greedy = [&bundle](float penalty) {
    bundle.rules.likeness_penalty = penalty;
    std::vector<SlateItem> items;
    for (uint32_t v = 0; v < 2; ++v) {
      items.push_back({.video = v,
                       .author = v,
                       .topic = features::kNoIndex,
                       .score = 0.5f,
                       .is_new = false,
                       .impressions = 0,
                       .debut = {},
                       .topic_is_new = false,
                       .vector = kVectors[v]});
    }
    const std::vector<uint32_t> pool = {0, 1};
    const std::vector<Placed> before = {{7, features::kNoIndex, kVectors[0]}};
    base::Rng rng(5);
    return Slate(bundle, items, set_of(pool), before, 1, {50, 1000}, rng)
        .distribution()
        .parts[static_cast<size_t>(Part::kGreedy) - 1];
  };
  auto alike = greedy(0);
  EXPECT_DOUBLE_EQ(alike[0], alike[1]);
  auto apart = greedy(0.2f);
  EXPECT_NEAR(std::log(apart[1] / apart[0]), 0.2 / double{bundle.rules.temperature}, 1e-4);
}

}  // namespace
}  // namespace rondo::recommender::reranker
