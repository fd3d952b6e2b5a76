#include "recommender/retrieval/ivf.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/random.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/int8.h"

namespace rondo::recommender::retrieval {
namespace {

constexpr size_t kDimensions = 32;
constexpr uint32_t kTopics = 12;

Bundle small_bundle() {
  Bundle b = Bundle::defaults();
  b.towers.dimensions = kDimensions;
  b.towers.lists_from = 2000;
  b.towers.lists = 32;
  b.towers.probed_share = 0.25f;
  return b;
}

// Videos about some topics, and lists of them.
class World {
 public:
  explicit World(uint64_t seed) : rng(seed), topics(kTopics * kDimensions) {
    for (float& x : topics) x = 2 * uniform();
  }

  void publish(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      vectors.resize(vectors.size() + kDimensions);
      codes.resize(vectors.size());
      scales.emplace_back();
      biases.push_back(uniform());
      learn(size() - 1);
    }
  }
  // It is about another topic from now on.
  void learn(uint32_t video) {
    const size_t topic = rng.below(kTopics);
    for (size_t i = 0; i < kDimensions; ++i) {
      vectors[video * kDimensions + i] = topics[topic * kDimensions + i] + 0.5f * uniform();
    }
    scales[video] = kernels::quantize(vector(video),
                                      std::span(codes).subspan(video * kDimensions, kDimensions));
    lists.put(items(), video);
  }
  void make_ready() {
    while (!lists.is_ready()) lists.turn(items());
  }

  uint32_t size() const { return static_cast<uint32_t>(biases.size()); }
  std::span<const float> vector(uint32_t video) const {
    return std::span(vectors).subspan(video * kDimensions, kDimensions);
  }
  InvertedFile::Items items() const { return {vectors, biases, codes, scales}; }
  std::vector<float> query() {
    std::vector<float> out(kDimensions);
    const size_t topic = rng.below(kTopics);
    for (size_t i = 0; i < kDimensions; ++i) {
      out[i] = topics[topic * kDimensions + i] + 0.3f * uniform();
    }
    return out;
  }
  std::vector<uint32_t> found(std::span<const float> query) const {
    std::vector<uint32_t> out;
    lists.visit(query, [&](auto videos, auto, auto, auto) {
      out.insert(out.end(), videos.begin(), videos.end());
    });
    std::sort(out.begin(), out.end());
    return out;
  }

  float uniform() { return static_cast<float>(rng.below(2001)) / 1000.0f - 1.0f; }

  base::Rng rng;
  std::vector<float> topics;
  std::vector<float> vectors;
  std::vector<float> biases;
  std::vector<int8_t> codes;
  std::vector<float> scales;
  const Bundle bundle = small_bundle();
  InvertedFile lists{bundle};
};

bool same(const InvertedFile::Contents& a, const InvertedFile::Contents& b) {
  return a.centroids == b.centroids && a.means == b.means && a.list_of == b.list_of &&
         a.next == b.next && a.rounds == b.rounds && a.sums == b.sums && a.counts == b.counts &&
         a.bias_sums == b.bias_sums;
}

TEST(InvertedFile, BeginsWhenThereAreEnoughVideosAndTakesItsTime) {
  World world(1);
  world.publish(1999);
  for (int i = 0; i < 20; ++i) world.lists.turn(world.items());
  EXPECT_TRUE(world.lists.contents().centroids.empty());
  world.publish(1);
  world.lists.turn(world.items());
  EXPECT_FALSE(world.lists.is_ready());
  // The work of one Tick does not grow with the catalogue.
  EXPECT_EQ(world.lists.contents().next, 512u);
  for (int i = 0; i < 15; ++i) world.lists.turn(world.items());
  EXPECT_TRUE(world.lists.is_ready());
  EXPECT_EQ(world.lists.contents().rounds, 4u);
}

TEST(InvertedFile, EveryVideoIsInOneListAndItsCopiesAreTrue) {
  World world(2);
  world.publish(2500);
  for (int i = 0; i < 60; ++i) {
    world.lists.turn(world.items());
    for (int j = 0; j < 30; ++j) world.learn(static_cast<uint32_t>(world.rng.below(world.size())));
    world.publish(5);
  }
  ASSERT_TRUE(world.lists.is_ready());
  Bundle all = small_bundle();
  all.towers.probed_share = 1;
  InvertedFile lists(all);
  ASSERT_TRUE(lists.restore(world.lists.contents(), world.items()).ok());
  for (const InvertedFile* one : {&world.lists, &lists}) {
    std::set<uint32_t> met;
    one->visit(world.query(), [&](auto videos, auto codes, auto scales, auto biases) {
      for (size_t i = 0; i < videos.size(); ++i) {
        const uint32_t v = videos[i];
        EXPECT_TRUE(met.insert(v).second) << v;
        EXPECT_EQ(scales[i], world.scales[v]);
        EXPECT_EQ(biases[i], world.biases[v]);
        EXPECT_TRUE(std::equal(codes.begin() + i * kDimensions,
                               codes.begin() + (i + 1) * kDimensions,
                               world.codes.begin() + v * kDimensions));
      }
    });
    EXPECT_EQ(one == &lists, met.size() == world.size());
  }
}

TEST(InvertedFile, AQueryReadsAShareAndFindsNearlyAllOfTheBest) {
  World world(3);
  world.publish(6000);
  world.make_ready();
  size_t hits = 0;
  constexpr size_t kQueries = 20, kBest = 100;
  for (size_t q = 0; q < kQueries; ++q) {
    const auto query = world.query();
    std::vector<std::pair<float, uint32_t>> order;
    for (uint32_t v = 0; v < world.size(); ++v) {
      order.emplace_back(-(kernels::dot(query, world.vector(v)) + world.biases[v]), v);
    }
    std::sort(order.begin(), order.end());
    const auto found = world.found(query);
    EXPECT_LT(found.size(), world.size() / 2);
    for (size_t i = 0; i < kBest; ++i) {
      hits += std::binary_search(found.begin(), found.end(), order[i].second) ? 1 : 0;
    }
  }
  EXPECT_GE(hits, kQueries * kBest * 99 / 100);
}

TEST(InvertedFile, WhatIsNewOrHasChangedIsFoundAtOnce) {
  World world(4);
  world.publish(3000);
  world.make_ready();
  for (int i = 0; i < 20; ++i) {
    world.publish(1);
    const uint32_t fresh = world.size() - 1;
    auto found = world.found(world.vector(fresh));
    EXPECT_TRUE(std::binary_search(found.begin(), found.end(), fresh));
    const auto changed = static_cast<uint32_t>(world.rng.below(3000));
    world.learn(changed);
    found = world.found(world.vector(changed));
    EXPECT_TRUE(std::binary_search(found.begin(), found.end(), changed));
  }
}

// Wherever it is stopped, in the first round or later, what goes on is the same to the bit.
TEST(InvertedFile, RestoredItGoesOnAsIfItHadNotStopped) {
  for (int stop : {1, 3, 8, 21, 33}) {
    World world(5);
    world.publish(2300);
    World other(5);
    other.publish(2300);
    for (int i = 0; i < 40; ++i) {
      if (i == stop) {
        InvertedFile resumed(other.bundle);
        ASSERT_TRUE(resumed.restore(other.lists.contents(), other.items()).ok());
        other.lists = std::move(resumed);
      }
      for (World* one : {&world, &other}) {
        one->lists.turn(one->items());
        one->publish(3);
        for (int j = 0; j < 10; ++j) one->learn(static_cast<uint32_t>(one->rng.below(one->size())));
      }
    }
    ASSERT_TRUE(same(world.lists.contents(), other.lists.contents())) << stop;
    const auto query = world.query();
    EXPECT_EQ(world.found(query), other.found(query));
  }
}

TEST(InvertedFile, TheSameBitsOnEveryInstructionSet) {
  std::vector<InvertedFile::Contents> all;
  std::vector<std::vector<uint32_t>> found;
  for (int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    World world(6);
    world.publish(2600);
    world.make_ready();
    for (int i = 0; i < 100; ++i) world.learn(static_cast<uint32_t>(world.rng.below(world.size())));
    all.push_back(world.lists.contents());
    found.push_back(world.found(world.query()));
  }
  hwy::SetSupportedTargetsForTest(0);
  ASSERT_FALSE(all.empty());
  for (size_t i = 1; i < all.size(); ++i) {
    EXPECT_TRUE(same(all[0], all[i]));
    EXPECT_EQ(found[0], found[i]);
  }
}

TEST(InvertedFile, RestoreRefusesWhatDoesNotFit) {
  World world(7);
  world.publish(2100);
  world.make_ready();
  const auto refuses = [&](auto spoil) {
    InvertedFile::Contents contents = world.lists.contents();
    spoil(contents);
    InvertedFile lists(world.bundle);
    return !lists.restore(std::move(contents), world.items()).ok();
  };
  EXPECT_FALSE(refuses([](auto&) {}));
  EXPECT_TRUE(refuses([](auto& c) { c.centroids.pop_back(); }));
  EXPECT_TRUE(refuses([](auto& c) { c.sums.clear(); }));
  EXPECT_TRUE(refuses([](auto& c) { c.list_of[5] = 32; }));
  EXPECT_TRUE(refuses([](auto& c) { c.list_of[5] = InvertedFile::kNone; }));
  EXPECT_TRUE(refuses([](auto& c) { c.list_of.pop_back(); }));
  EXPECT_TRUE(refuses([](auto& c) { c.next = 2101; }));
  EXPECT_TRUE(refuses([](auto& c) { c.counts.emplace_back(); }));
  // Rounds that have ended, and no lists.
  EXPECT_TRUE(refuses([](auto& c) { c = {.rounds = 1}; }));
}

}  // namespace
}  // namespace rondo::recommender::retrieval
