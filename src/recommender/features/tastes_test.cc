#include "recommender/features/tastes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "recommender/features/viewer.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::features {
namespace {

Viewing skip(float expected) { return {true, 0, 0.4f, expected, 0.5f}; }
Viewing watch(float quantile, float skip_expected) {
  return {false, quantile, 0.4f, skip_expected, 0.5f};
}

TEST(Surprise, WhatWasExpectedSaysLittle) {
  EXPECT_LT(told_by(skip(0.5f)).score, 0.0f);
  EXPECT_GT(told_by(watch(0.9f, 0.5f)).score, 0.0f);
  // Everybody skips it, or nobody does.
  EXPECT_GT(told_by(skip(0.9f)).score, told_by(skip(0.5f)).score);
  EXPECT_LT(told_by(skip(0.1f)).score, told_by(skip(0.5f)).score);
  EXPECT_LT(told_by(watch(0.9f, 0.1f)).score, told_by(watch(0.9f, 0.5f)).score);
  // A long watch speaks for it, a short one hardly, and a longer one than was expected most.
  EXPECT_GT(told_by(watch(0.95f, 0.3f)).score, told_by(watch(0.6f, 0.3f)).score);
  EXPECT_GT(told_by({false, 0.8f, 0.4f, 0.3f, 0.3f}).score,
            told_by({false, 0.8f, 0.4f, 0.3f, 0.8f}).score);
}

TEST(Surprise, TheScoreIsNoneInTheMeanAndItsSquareIsTheInformation) {
  constexpr int kSteps = 4000;
  for (float skip_expected : {0.1f, 0.3f, 0.7f}) {
    for (float watch_expected : {0.4f, 0.6f, 0.75f}) {
      const float location = 1.5f * kernels::logit(watch_expected);
      const float least = kernels::sigmoid(kernels::logit(0.4f) - location);
      const auto skipped = told_by({true, 0, 0.4f, skip_expected, watch_expected});
      double mean = double{skip_expected} * double{skipped.score};
      double square = double{skip_expected} * double{skipped.score} * double{skipped.score};
      double information = double{skip_expected} * double{skipped.information};
      for (int i = 0; i < kSteps; ++i) {
        const float u =
            least + (1 - least) * (static_cast<float>(i) + 0.5f) / static_cast<float>(kSteps);
        const float quantile = kernels::sigmoid(kernels::logit(u) + location);
        const auto told = told_by({false, quantile, 0.4f, skip_expected, watch_expected});
        const double share = (1 - double{skip_expected}) / kSteps;
        mean += share * double{told.score};
        square += share * double{told.score} * double{told.score};
        information += share * double{told.information};
      }
      EXPECT_NEAR(mean, 0, 0.01) << skip_expected << " " << watch_expected;
      EXPECT_NEAR(square, information, 0.02) << skip_expected << " " << watch_expected;
    }
  }
}

TEST(Surprise, AllIsFiniteAtTheLimits) {
  for (float p : {0.0f, 1.0f}) {
    for (float q : {0.0f, 1.0f}) {
      for (bool skipped : {false, true}) {
        const Viewing viewing{skipped, q, 1.0f - q, p, p};
        const Told told = told_by(viewing);
        EXPECT_TRUE(std::isfinite(told.score));
        EXPECT_GE(told.information, 0.0f);
        EXPECT_TRUE(std::isfinite(odds_of_turn(viewing, 8)));
      }
    }
  }
}

TEST(Surprise, DoubtIsOfOutcomesAgainstTastes) {
  const auto options = Bundle::defaults().tastes;
  auto outcomes = [&](Doubt& doubt, bool skipped, int count, uint32_t from_s) {
    for (int i = 0; i < count; ++i) {
      const float odds = odds_of_turn(skipped ? skip(0.25f) : watch(0.7f, 0.25f), 2);
      if (doubt.add(odds, from_s + static_cast<uint32_t>(i), options.doubt_max)) return i + 1;
    }
    return 0;
  };
  Doubt doubt;
  EXPECT_EQ(outcomes(doubt, false, 100, 0), 0);
  EXPECT_EQ(doubt.odds, 0.0f);
  EXPECT_EQ(outcomes(doubt, true, 2, 100), 0);  // a bad day
  EXPECT_EQ(outcomes(doubt, false, 3, 102), 0);
  EXPECT_EQ(doubt.odds, 0.0f);
  const int needed = outcomes(doubt, true, 100, 200);
  EXPECT_GE(needed, 3);
  EXPECT_LE(needed, 8);
  EXPECT_EQ(doubt.since_s, 200u);
}

TEST(Tastes, AreTheKalmanFiltersOfWhatIsMeasured) {
  // One trait, measured directly with a known error: the posterior is known.
  Bundle::Tastes options = Bundle::defaults().tastes;
  options.deviation = {2, 2, 2, 2};
  options.drift = {};
  Tastes tastes;
  double precision = 0.25;
  double weighed = 0;
  for (float measured : {1.0f, -0.5f, 3.0f}) {
    constexpr float kError = 0.8f;  // variance
    const float believed = tastes.of(Taste::kTopic).mean(7, 100, options);
    tastes.learn(std::array{Trait{Taste::kTopic, 7, 1}},
                 {(measured - believed) / kError, 1 / kError}, 100, options);
    precision += 1 / double{kError};
    weighed += double{measured} / double{kError};
    const Belief& belief = tastes.of(Taste::kTopic).entries()[0];
    EXPECT_NEAR(double{belief.mean}, weighed / precision, 1e-5);
    EXPECT_NEAR(double{belief.variance}, 1 / precision, 1e-5);
  }
}

TEST(Tastes, WhatIsKnownMovesLess) {
  const auto options = Bundle::defaults().tastes;
  Tastes tastes;
  auto& topics = tastes.of(Taste::kTopic);
  for (int i = 0; i < 20; ++i) {
    tastes.learn(std::array{Trait{Taste::kTopic, 1, 1}}, {0.0f, 0.5f}, 100, options);
  }
  tastes.learn(std::array{Trait{Taste::kTopic, 1, 0.5f}, Trait{Taste::kTopic, 2, 0.5f}},
               {1.0f, 0.25f}, 100, options);
  EXPECT_GT(topics.mean(1, 100, options), 0.0f);
  EXPECT_GT(topics.mean(2, 100, options), 3 * topics.mean(1, 100, options));
}

TEST(Tastes, TurnWithinAFewOutcomesAndFadeWithTime) {
  const auto options = Bundle::defaults().tastes;
  Tastes tastes;
  auto mean = [&](uint32_t now_s) { return tastes.of(Taste::kTopic).mean(1, now_s, options); };
  // What is believed is expected.
  auto meet = [&](bool skipped) {
    const Viewing viewing{skipped, 0.8f, 0.4f, kernels::sigmoid(-mean(100)),
                          kernels::sigmoid(mean(100) / 1.5f)};
    tastes.learn(std::array{Trait{Taste::kTopic, 1, 1}}, told_by(viewing), 100, options);
  };
  for (int i = 0; i < 50; ++i) meet(false);
  const float liked = mean(100);
  EXPECT_GT(liked, 1.0f);
  EXPECT_NEAR(mean(100 + 7 * 24 * 3600), liked / 2, 1e-3f);
  EXPECT_NEAR(mean(100 + 365 * 24 * 3600), 0.0f, 1e-3f);
  for (int i = 0; i < 10; ++i) meet(true);
  EXPECT_LT(mean(100), 0.0f);
}

TEST(Tastes, WhatWasNotMetForLongestMakesRoom) {
  const auto options = Bundle::defaults().tastes;
  Beliefs beliefs(3);
  beliefs.meet(5, 10, options, Taste::kTopic);
  beliefs.meet(6, 20, options, Taste::kTopic);
  beliefs.meet(7, 20, options, Taste::kTopic);
  beliefs.meet(5, 30, options, Taste::kTopic);
  beliefs.meet(1, 40, options, Taste::kTopic);
  ASSERT_EQ(beliefs.entries().size(), 3u);
  EXPECT_EQ(beliefs.entries()[0].key, 1u);
  EXPECT_EQ(beliefs.entries()[1].key, 5u);
  EXPECT_EQ(beliefs.entries()[2].key, 7u);
}

TEST(Tastes, AVideoIsAllOfItsTraits) {
  const auto options = Bundle::defaults();
  Video video;
  video.author = 3;
  video.duration_ms = 15'000;
  video.language = {'f', 'r'};
  video.topics = {9, 4};
  video.topic_count = 2;
  const auto traits = traits_of(video, options.affinity);
  ASSERT_EQ(traits.size(), 5u);
  EXPECT_EQ(traits[0].key, 9u);
  EXPECT_FLOAT_EQ(traits[0].weight + traits[1].weight, 1.0f);
  EXPECT_FLOAT_EQ(traits[1].weight, options.affinity.minor_topic * traits[0].weight);
  EXPECT_NE(language_key({'f', 'r'}), language_key({'e', 'n'}));
  EXPECT_EQ(language_key({}), 0u);
}

TEST(Tastes, TurnedOnesAreReadNoMore) {
  const auto bundle = Bundle::defaults();
  Viewer viewer;
  for (uint32_t v = 0; v < 6; ++v) {
    viewer.history_entry(v, 10 * v, 16).flags = HistoryEntry::kWatched | HistoryEntry::kFinished;
  }
  viewer.topics.add(1, {4, 0}, 50, bundle.affinity);
  viewer.tastes.learn(std::array{Trait{Taste::kTopic, 1, 1}, Trait{Taste::kLanguage, 2, 1}},
                      {2, 0.5f}, 50, bundle.tastes);
  const float topic = viewer.tastes.of(Taste::kTopic).mean(1, 50, bundle.tastes);
  const float language = viewer.tastes.of(Taste::kLanguage).mean(2, 50, bundle.tastes);
  EXPECT_EQ(viewer.liked().size(), 6u);
  viewer.doubt = {5, 40};
  viewer.turn(bundle.tastes);
  EXPECT_EQ(viewer.liked(), (std::vector<uint32_t>{4, 5}));
  EXPECT_EQ(viewer.recent().size(), 2u);
  EXPECT_EQ(viewer.history.size(), 6u);
  EXPECT_EQ(viewer.doubt.odds, 0.0f);
  EXPECT_EQ(viewer.topics.outcomes(1), 0u);
  EXPECT_FLOAT_EQ(viewer.topics.entries()[0].positive, 4 * bundle.tastes.turned_left);
  EXPECT_FLOAT_EQ(viewer.tastes.of(Taste::kTopic).mean(1, 50, bundle.tastes),
                  topic * bundle.tastes.turned_left);
  EXPECT_EQ(viewer.tastes.of(Taste::kLanguage).mean(2, 50, bundle.tastes), language);
  viewer.reset();
  EXPECT_EQ(viewer.turned_s, 0u);
  EXPECT_TRUE(viewer.tastes.of(Taste::kLanguage).entries().empty());
}

}  // namespace
}  // namespace rondo::recommender::features
