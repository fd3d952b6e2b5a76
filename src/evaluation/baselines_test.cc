// The baselines on data small enough to work out otherwise.
#include "evaluation/baselines.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/random.h"
#include "evaluation/full_ranking.h"

namespace rondo::evaluation {
namespace {

Interactions five_items() {
  const std::vector<std::vector<uint32_t>> has{{0, 1}, {0, 1, 2}, {1, 2, 3},
                                               {3, 4}, {0, 3, 4}, {2}};
  Interactions rows;
  for (uint32_t user = 0; user < has.size(); ++user) {
    for (uint32_t item : has[user]) rows.push_back({user, item, 1, 0});
  }
  return rows;
}

std::vector<float> scores(const Baseline& baseline, uint32_t user, size_t items) {
  std::vector<float> out(items);
  baseline.score(user, out);
  return out;
}

TEST(Baselines, PopularityCounts) {
  Matrix matrix(five_items(), 6, 5);
  EXPECT_EQ(scores(*popularity(matrix), 0, 5), (std::vector<float>{3, 3, 3, 3, 2}));
}

TEST(Baselines, ItemKnnSumsCosines) {
  Matrix matrix(five_items(), 6, 5);
  // User 3 has 3 and 4. Item 0 meets each of them once: 1/sqrt(3*3) + 1/sqrt(3*2).
  auto all = scores(*item_knn(matrix, {.neighbours = 5, .shrink = 0}), 3, 5);
  EXPECT_NEAR(all[0], 1 / 3.0 + 1 / std::sqrt(6.0), 1e-6);
  EXPECT_NEAR(all[1], 1 / 3.0, 1e-6);
  // With one neighbour item 1 looks at 0 (2/3, as 2 is, but smaller): nothing of user 3's.
  EXPECT_EQ(scores(*item_knn(matrix, {.neighbours = 1, .shrink = 0}), 3, 5)[1], 0);
  EXPECT_NEAR(scores(*item_knn(matrix, {.neighbours = 5, .shrink = 2}), 3, 5)[1], 1 / 5.0, 1e-6);
}

// The closed form, with an inverse by Gauss and Jordan in double.
TEST(Baselines, EaseIsItsFormula) {
  constexpr size_t kItems = 5;
  const float lambda = 0.7f;
  Interactions rows = five_items();
  Matrix matrix(rows, 6, kItems);
  double x[6][kItems] = {};
  for (const auto& row : rows) x[row.user][row.item] = 1;
  double a[kItems][2 * kItems] = {};
  for (size_t i = 0; i < kItems; ++i) {
    for (size_t j = 0; j < kItems; ++j) {
      for (auto& user : x) a[i][j] += user[i] * user[j];
    }
    a[i][i] += lambda;
    a[i][kItems + i] = 1;
  }
  for (size_t p = 0; p < kItems; ++p) {
    double pivot = a[p][p];
    for (double& value : a[p]) value /= pivot;
    for (size_t i = 0; i < kItems; ++i) {
      double factor = a[i][p];
      for (size_t j = 0; i != p && j < 2 * kItems; ++j) a[i][j] -= factor * a[p][j];
    }
  }
  auto model = ease(matrix, lambda);
  for (uint32_t user = 0; user < 6; ++user) {
    auto got = scores(*model, user, kItems);
    for (size_t j = 0; j < kItems; ++j) {
      double expected = 0;
      for (size_t i = 0; i < kItems; ++i) {
        if (i != j) expected += x[user][i] * -a[i][kItems + j] / a[j][kItems + j];
      }
      EXPECT_NEAR(got[j], expected, 1e-5) << "user " << user << " item " << j;
    }
  }
}

// Two kinds of users and items; each user has most of the kind, never of the other.
struct Planted {
  static constexpr uint32_t kUsers = 40;
  static constexpr uint32_t kItems = 30;
  Interactions rows;
  std::array<bool, kUsers * kItems> held{};
  Planted() {
    base::Rng rng(5);
    for (uint32_t user = 0; user < kUsers; ++user) {
      for (uint32_t item = user % 2; item < kItems; item += 2) {
        if (rng.uniform() < 0.7f) {
          rows.push_back({user, item, 1, 0});
        } else {
          held[user * kItems + item] = true;
        }
      }
    }
  }
  // Share of held-out items that are ranked above all of the other kind's.
  double found(const Baseline& baseline) const {
    size_t good = 0;
    size_t all = 0;
    for (uint32_t user = 0; user < kUsers; ++user) {
      auto s = scores(baseline, user, kItems);
      float wrong = -1e9f;
      for (uint32_t item = 1 - user % 2; item < kItems; item += 2) wrong = std::max(wrong, s[item]);
      for (uint32_t item = 0; item < kItems; ++item) {
        if (!held[user * kItems + item]) continue;
        ++all;
        good += s[item] > wrong ? 1 : 0;
      }
    }
    return static_cast<double>(good) / static_cast<double>(all);
  }
};

TEST(Baselines, FactorizationsLearnAPlantedStructure) {
  Planted planted;
  Matrix matrix(planted.rows, Planted::kUsers, Planted::kItems);
  EXPECT_LT(planted.found(*popularity(matrix)), 0.5);
  BprOptions bpr;
  bpr.dimensions = 8;
  bpr.rate = 0.05f;
  EXPECT_GT(planted.found(*bpr_mf(matrix, bpr, 1)), 0.95);
  bpr.epochs = 0;
  EXPECT_LT(planted.found(*bpr_mf(matrix, bpr, 1)), 0.5);
  WrmfOptions als{.dimensions = 2, .epochs = 8, .alpha = 2, .regularization = 0.1f};
  EXPECT_GT(planted.found(*wrmf(matrix, als, 1)), 0.95);
}

TEST(Baselines, TheSameSeedGivesTheSameModel) {
  Planted planted;
  Matrix matrix(planted.rows, Planted::kUsers, Planted::kItems);
  BprOptions bpr;
  bpr.epochs = 2;
  auto once = scores(*bpr_mf(matrix, bpr, 3), 0, Planted::kItems);
  EXPECT_EQ(scores(*bpr_mf(matrix, bpr, 3), 0, Planted::kItems), once);
  EXPECT_NE(scores(*bpr_mf(matrix, bpr, 4), 0, Planted::kItems), once);
}

TEST(FullRanking, MaskedItemsAreNoCandidatesAndTiesGoToTheSmaller) {
  std::vector<float> s{1, 5, 3, 3, 9};
  std::vector<uint32_t> masked{4};
  EXPECT_EQ(top_items(s, masked, 3), (std::vector<uint32_t>{1, 2, 3}));
  EXPECT_EQ(top_items(s, masked, 9).size(), 4u);
}

}  // namespace
}  // namespace rondo::evaluation
