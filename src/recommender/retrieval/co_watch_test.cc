#include "recommender/retrieval/co_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace rondo::recommender::retrieval {
namespace {

Bundle exact() {
  Bundle b = Bundle::defaults();
  b.co_watch = {.window = 4096,
                .viewer_share = 0,
                .neighbours_max = 4096,
                .neighbours_solved = 512,
                .regularization = 2,
                .dropout = 0,
                .solve_per_tick = 4096};
  return b;
}

// Gaussian elimination with pivoting, in double: the plain reference.
std::vector<double> solve(std::vector<std::vector<double>> a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t k = 0; k < n; ++k) {
    size_t best = k;
    for (size_t i = k; i < n; ++i) {
      if (std::abs(a[i][k]) > std::abs(a[best][k])) best = i;
    }
    std::swap(a[k], a[best]);
    std::swap(b[k], b[best]);
    for (size_t i = k + 1; i < n; ++i) {
      double l = a[i][k] / a[k][k];
      for (size_t j = k; j < n; ++j) a[i][j] -= l * a[k][j];
      b[i] -= l * b[k];
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t i = k + 1; i < n; ++i) b[k] -= a[k][i] * b[i];
    b[k] /= a[k][k];
  }
  return b;
}

struct Crowd {
  std::vector<std::vector<uint32_t>> liked;
};

// Viewers of one of three tastes, who like ten of that taste's videos and two of any.
Crowd crowd(uint32_t viewers, uint32_t videos, uint64_t seed) {
  base::Rng rng(seed);
  Crowd out;
  for (uint32_t v = 0; v < viewers; ++v) {
    auto& mine = out.liked.emplace_back();
    for (int i = 0; i < 12; ++i) {
      auto video = static_cast<uint32_t>(rng.below(videos));
      if (i < 10) video = video / 3 * 3 + v % 3;
      if (video < videos && std::find(mine.begin(), mine.end(), video) == mine.end()) {
        mine.push_back(video);
      }
    }
  }
  return out;
}

void note_all(CoWatch& model, const Crowd& crowd) {
  for (const auto& mine : crowd.liked) {
    for (size_t i = 0; i < mine.size(); ++i) {
      model.note(mine[i], std::span(mine).first(i), static_cast<uint32_t>(i + 1));
    }
  }
}

TEST(CoWatch, IsTheRidgeRegressionOfTheCounts) {
  constexpr uint32_t kVideos = 24;
  Bundle bundle = exact();
  bundle.co_watch.dropout = 0.2f;  // D is 2 and a quarter of the count
  CoWatch model(bundle);
  Crowd people = crowd(200, kVideos, 1);
  note_all(model, people);
  model.solve_some();
  std::vector<std::vector<double>> gram(kVideos + 1, std::vector<double>(kVideos + 1, 0));
  for (const auto& mine : people.liked) {
    std::vector<uint32_t> with = mine;
    with.push_back(kVideos);  // everybody
    for (uint32_t i : with) {
      for (uint32_t j : with) gram[i][j] += 1;
    }
  }
  for (uint32_t target = 0; target < kVideos; ++target) {
    std::vector<uint32_t> support;
    for (uint32_t i = 0; i <= kVideos; ++i) {
      if (i != target && gram[i][target] > 0) support.push_back(i);
    }
    std::vector<std::vector<double>> a;
    std::vector<double> b;
    for (uint32_t i : support) {
      auto& line = a.emplace_back();
      for (uint32_t j : support) line.push_back(i == j ? 1.25 * gram[i][j] + 2.0 : gram[i][j]);
      b.push_back(gram[i][target]);
    }
    auto weights = solve(a, b);
    std::vector<uint32_t> liked{target == 3 ? 4u : 3u, target == 9 ? 10u : 9u};
    double expected = weights.back();
    for (size_t i = 0; i + 1 < support.size(); ++i) {
      if (std::find(liked.begin(), liked.end(), support[i]) != liked.end()) expected += weights[i];
    }
    EXPECT_NEAR(model.score(target, LikedSet(liked)), expected, 2e-4) << target;
  }
}

TEST(CoWatch, OneTasteLiftsItsOwn) {
  Bundle bundle = Bundle::defaults();
  bundle.co_watch.solve_per_tick = 100;
  CoWatch model(bundle);
  note_all(model, crowd(400, 60, 2));
  for (int i = 0; i < 10; ++i) model.solve_some();
  LikedSet liked(std::vector<uint32_t>{0, 3, 6, 9, 12, 15, 18, 21});
  EXPECT_GT(model.lift(30, liked), 0.05f);
  EXPECT_LT(model.lift(31, liked), 0.0f);
  EXPECT_GT(model.support(30, liked), 0u);
  auto found = model.neighbours_of(liked);
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.second > b.second; });
  ASSERT_GT(found.size(), 10u);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(found[i].first % 3, 0u);
    EXPECT_FALSE(liked.contains(found[i].first));
  }
}

// What the counts must be at any time: of X' X, by its definition.
TEST(CoWatch, AllThatAHeavyViewerLikesWeighsAlikeAndLess) {
  constexpr uint32_t kVideos = 40;
  Bundle bundle = exact();
  bundle.co_watch.viewer_share = 0.75f;
  CoWatch model(bundle);
  base::Rng rng(5);
  std::vector<std::vector<double>> gram(kVideos + 1, std::vector<double>(kVideos + 1, 0));
  for (uint32_t viewer = 0; viewer < 30; ++viewer) {
    std::vector<uint32_t> mine;
    for (uint32_t i = 0; i < 1 + viewer; ++i) {
      auto video = static_cast<uint32_t>(rng.below(kVideos));
      if (std::find(mine.begin(), mine.end(), video) != mine.end()) continue;
      model.note(video, mine, static_cast<uint32_t>(mine.size() + 1));
      mine.push_back(video);
    }
    double weight = std::pow(std::exp2(std::floor(std::log2(mine.size()))), -0.75);
    mine.push_back(kVideos);  // everybody
    for (uint32_t i : mine) {
      for (uint32_t j : mine) gram[i][j] += weight;
    }
  }
  const auto& contents = model.contents();
  EXPECT_NEAR(contents.everybody, gram[kVideos][kVideos], 1e-4);
  for (uint32_t i = 0; i < kVideos; ++i) {
    EXPECT_NEAR(contents.rows[i].positives, gram[i][i], 1e-4);
    EXPECT_NEAR(contents.rows[i].likes, gram[i][kVideos], 1e-4);
    for (const auto& n : contents.rows[i].neighbours) {
      EXPECT_NEAR(n.count, gram[i][n.video], 1e-4) << i << " beside " << n.video;
    }
  }
}

// A list that is full gives pairs up; what is weighed anew then must not fall below nothing.
TEST(CoWatch, CountsAreNeverNegative) {
  Bundle bundle = exact();
  bundle.co_watch.viewer_share = 1;
  bundle.co_watch.neighbours_max = 3;
  CoWatch model(bundle);
  note_all(model, crowd(300, 30, 4));
  model.solve_some();
  for (const auto& row : model.contents().rows) {
    EXPECT_GE(row.positives, 0.0f);
    EXPECT_GE(row.likes, 0.0f);
    for (const auto& n : row.neighbours) {
      EXPECT_GE(n.count, 0.0f);
      EXPECT_TRUE(std::isfinite(n.weight));
    }
  }
}

TEST(CoWatch, ListsAndWorkAreBounded) {
  Bundle bundle = Bundle::defaults();
  bundle.co_watch.neighbours_max = 8;
  bundle.co_watch.neighbours_solved = 4;
  bundle.co_watch.solve_per_tick = 2;
  CoWatch model(bundle);
  note_all(model, crowd(100, 50, 3));
  auto stale = [&model] {
    const auto& rows = model.contents().rows;
    return std::count_if(rows.begin(), rows.end(), [](const auto& r) { return r.stale; });
  };
  auto before = stale();
  model.solve_some();
  EXPECT_EQ(stale(), before - 2);
  while (stale() > 0) model.solve_some();
  for (const auto& row : model.contents().rows) {
    EXPECT_LE(row.neighbours.size(), 8u);
    EXPECT_LE(std::count_if(row.neighbours.begin(), row.neighbours.end(),
                            [](const auto& n) { return n.weight != 0; }),
              4);
  }
}

TEST(CoWatch, UnknownVideosAndNoLikesAreHarmless) {
  Bundle bundle = Bundle::defaults();
  CoWatch model(bundle);
  LikedSet none({});
  EXPECT_EQ(model.score(7, none), 0.0f);
  EXPECT_EQ(model.lift(7, none), 0.0f);
  EXPECT_TRUE(model.neighbours_of(none).empty());
  model.solve_some();
  model.note(5, {}, 1);
  model.solve_some();
  EXPECT_GT(model.score(5, none), 0.0f);
  EXPECT_EQ(model.score(700, LikedSet(std::vector<uint32_t>{5})), 0.0f);
}

TEST(CoWatch, RestoreRefusesWhatDoesNotFit) {
  Bundle bundle = Bundle::defaults();
  CoWatch model(bundle);
  CoWatch::Contents contents;
  contents.rows.resize(3);
  EXPECT_FALSE(model.restore(contents, 2).ok());
  contents.rows[1].neighbours.push_back({9, 1, 0});
  EXPECT_FALSE(model.restore(contents, 3).ok());
  contents.rows[1].neighbours[0] = {2, std::nanf(""), 0};
  EXPECT_FALSE(model.restore(contents, 3).ok());
  contents.rows[1].neighbours[0] = {2, 1, 0};
  EXPECT_TRUE(model.restore(contents, 3).ok());
}

}  // namespace
}  // namespace rondo::recommender::retrieval
