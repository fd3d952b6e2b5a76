#include "recommender/retrieval/towers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace rondo::recommender::retrieval {
namespace {

constexpr uint32_t kVideos = 60;
constexpr uint32_t kTastes = 3;

class TowersTest : public ::testing::Test {
 protected:
  TowersTest() : catalogue(bundle), towers(bundle) {
    for (uint32_t v = 0; v < kVideos; ++v) publish(1000 + v, 500 + v);
  }

  uint32_t publish(uint64_t id, uint64_t author) {
    std::vector<std::string> topics{"t" + std::to_string(id % 4)};
    auto index = catalogue.publish({.video_id = id,
                                    .author_id = author,
                                    .duration_ms = 9000,
                                    .topics = topics,
                                    .language = "en",
                                    .sound_id = 0,
                                    .published_us = 5},
                                   5);
    towers.refresh(catalogue, *index);
    return *index;
  }

  // Viewers like the videos of their taste, index modulo 3, in a random order.
  void learn(int steps) {
    for (int step = 0; step < steps; ++step) {
      std::vector<std::vector<float>> tastes;
      std::vector<TowerExample> batch;
      for (uint64_t viewer = 1; viewer <= 16; ++viewer) {
        auto taste = static_cast<uint32_t>(rng.below(kTastes));
        std::vector<uint32_t> likes;
        for (int i = 0; i < 5; ++i) likes.push_back(of_taste(taste));
        tastes.push_back(towers.taste(likes));
        batch.push_back({viewer, of_taste(taste), {}});
      }
      for (size_t i = 0; i < batch.size(); ++i) batch[i].taste = tastes[i];
      towers.learn(catalogue, batch, rng.next(), 10);
    }
  }
  uint32_t of_taste(uint32_t taste) {
    return static_cast<uint32_t>(rng.below(kVideos / kTastes)) * kTastes + taste;
  }

  // The share of the ten best that are of the taste.
  double precision(uint32_t taste, const std::vector<uint32_t>& likes) {
    auto query = towers.query(towers.taste(likes));
    std::vector<std::pair<float, uint32_t>> order;
    for (uint32_t v = 0; v < kVideos; ++v) order.emplace_back(-towers.score(query, v), v);
    std::sort(order.begin(), order.end());
    int right = 0;
    for (size_t i = 0; i < 10; ++i) right += order[i].second % kTastes == taste ? 1 : 0;
    return right / 10.0;
  }

  base::Rng rng{3};
  const Bundle bundle = Bundle::defaults();
  features::Catalogue catalogue;
  Towers towers;
};

TEST_F(TowersTest, LearnWhoLikesWhatFromLikesAlone) {
  learn(400);
  for (uint32_t taste = 0; taste < kTastes; ++taste) {
    EXPECT_GE(precision(taste, {taste, taste + 9, taste + 21}), 0.9) << taste;
  }
  EXPECT_LT(towers.contents().loss, 4.0f);
}

TEST_F(TowersTest, AVideoCanBeFoundAsSoonAsItIsThere) {
  learn(400);
  // A new video of an author whose videos one taste likes.
  std::vector<uint32_t> likes{0, 3, 6};
  uint32_t fresh = publish(5000, 500 + 3 * 5);
  uint32_t other = publish(5001, 999);
  auto query = towers.query(towers.taste(likes));
  EXPECT_GT(towers.score(query, fresh), towers.score(query, other));
}

TEST_F(TowersTest, TheCodesRankNearlyAsTheVectorsDo) {
  learn(200);
  auto query = towers.query(towers.taste(std::vector<uint32_t>{1, 4, 7}));
  std::vector<float> coarse(kVideos);
  towers.scan(query, coarse);
  float largest = 0;
  for (uint32_t v = 0; v < kVideos; ++v) largest = std::max(largest, std::abs(coarse[v]));
  for (uint32_t v = 0; v < kVideos; ++v) {
    EXPECT_NEAR(coarse[v], towers.score(query, v), 0.02f * largest);
  }
}

TEST_F(TowersTest, NobodysTasteIsZeroAndHarmless) {
  auto none = towers.taste({});
  for (float x : none) EXPECT_EQ(x, 0.0f);
  std::vector<TowerExample> batch{{1, 2, none}};
  towers.learn(catalogue, batch, 1, 10);
  towers.learn(catalogue, {}, 1, 10);
  auto query = towers.query(none);
  for (uint32_t v = 0; v < kVideos; ++v) EXPECT_TRUE(std::isfinite(towers.score(query, v)));
}

TEST_F(TowersTest, AStepThatIsNotANumberIsRejectedWhole) {
  learn(5);
  auto before = towers.contents();
  std::vector<float> bad(towers.dimensions(), std::nanf(""));
  std::vector<TowerExample> batch{{1, 2, bad}};
  towers.learn(catalogue, batch, 1, 10);
  EXPECT_EQ(towers.contents().mix, before.mix);
  EXPECT_EQ(towers.contents().examples, before.examples);
}

TEST_F(TowersTest, RestoreRefusesSizesThatDoNotFit) {
  auto contents = towers.contents();
  EXPECT_TRUE(towers.restore(contents, kVideos).ok());
  EXPECT_FALSE(towers.restore(contents, kVideos + 1).ok());
  contents.mix.pop_back();
  EXPECT_FALSE(towers.restore(contents, kVideos).ok());
}

}  // namespace
}  // namespace rondo::recommender::retrieval
