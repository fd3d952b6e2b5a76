// The main job: who watches some topics to the end and swipes the rest away sees the next page lean
// that way, at once; a viewer with the reversed swipes does not.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <set>

#include "recommender/testing/world.h"

namespace rondo::recommender::testing {
namespace {

constexpr int kSeeds = 40;
constexpr int kSwipes = 12;

using Topics = std::set<std::string>;

double share_of(const World& world, const log::v1::Served& page, const Topics& topics) {
  double sum = 0;
  for (const auto& topic : topics) sum += world.share(page, topic);
  return sum;
}

struct Measured {
  double start = 0;  // share of the topics in the first page
  double shown = 0;  // among the videos shown in twelve swipes
  double after = 0;  // in the pages after them
};

// As the player does it: after each swipe it asks anew and holds only what is committed.
Measured swipe_by_swipe(World& world, uint64_t viewer, const Topics& topics, bool reversed,
                        int pages) {
  Measured m;
  auto session = world.start(viewer, 8);
  m.start = share_of(world, session.latest.served, topics);
  auto wants = [&](const std::string& t) { return (topics.count(t) != 0) != reversed; };
  for (int i = 0; i < kSwipes; ++i) {
    Place shown = world.swipe(session, 8, wants);
    m.shown += topics.count(world.topic(shown.video)) / static_cast<double>(kSwipes);
  }
  for (int page = 0; page < pages; ++page) {
    m.after += share_of(world, session.latest.served, topics) / pages;
    for (int i = 0; i < 2; ++i) world.swipe(session, 8, wants);
  }
  return m;
}

// One page of twelve, watched whole; then the next page.
Measured page_by_page(World& world, uint64_t viewer, const Topics& topics, bool reversed) {
  Measured m;
  Page page = world.serve(viewer, kSwipes);
  m.start = share_of(world, page.served, topics);
  for (int slot = 0; slot < page.served.slots_size(); ++slot) {
    Place place = page.place(static_cast<size_t>(slot));
    world.show(viewer, place);
    bool wanted = (topics.count(world.topic(place.video)) != 0) != reversed;
    wanted ? world.finish(viewer, place) : world.skip(viewer, place);
  }
  m.after = share_of(world, world.serve(viewer, 8).served, topics);
  return m;
}

// Mean and half the width of its 95% interval.
struct Summary {
  double mean = 0;
  double half = 0;
  double low() const { return mean - half; }
};
Summary summarise(const std::vector<double>& values) {
  Summary s;
  auto n = static_cast<double>(values.size());
  for (double v : values) s.mean += v / n;
  double square = 0;
  for (double v : values) square += (v - s.mean) * (v - s.mean);
  s.half = 1.96 * std::sqrt(square / (n - 1)) / std::sqrt(n);
  return s;
}

struct Outcome {
  Summary start, shown, after, mirror_shown, shown_over_mirror, after_over_mirror, after_over_start;
};

template <typename Run>
Outcome compare(const char* name, uint32_t topics_wanted, Run run) {
  std::vector<double> start, shown, after, mirror_shown, d_shown, d_mirror, d_start;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Topics topics;
    for (uint32_t i = 0; i < topics_wanted; ++i) {
      topics.insert("t" + std::to_string((static_cast<uint32_t>(seed) + i * 3) % 8));
    }
    auto base = static_cast<uint64_t>(7'000 + 2 * seed);
    Measured viewer = run(base, topics, false);
    Measured mirror = run(base + 1, topics, true);
    start.push_back(viewer.start);
    shown.push_back(viewer.shown);
    after.push_back(viewer.after);
    mirror_shown.push_back(mirror.shown);
    d_shown.push_back(viewer.shown - mirror.shown);
    d_mirror.push_back(viewer.after - mirror.after);
    d_start.push_back(viewer.after - viewer.start);
  }
  Outcome o{summarise(start),   summarise(shown),    summarise(after),  summarise(mirror_shown),
            summarise(d_shown), summarise(d_mirror), summarise(d_start)};
  std::printf(
      "%-34s start %.2f  shown %.2f (mirror %.2f)  after %.2f  shown-mirror %.2f+-%.2f  "
      "after-mirror %.2f+-%.2f  after-start %.2f+-%.2f\n",
      name, o.start.mean, o.shown.mean, o.mirror_shown.mean, o.after.mean, o.shown_over_mirror.mean,
      o.shown_over_mirror.half, o.after_over_mirror.mean, o.after_over_mirror.half,
      o.after_over_start.mean, o.after_over_start.half);
  return o;
}

std::unique_ptr<World> make_world(uint32_t videos, uint32_t trained) {
  WorldOptions options;
  options.videos = videos;
  options.authors = videos < 100 ? 12 : 400;
  auto world = std::make_unique<World>(options);
  world->publish_all();
  world->train(trained, 4);
  return world;
}

// 48 videos, 6 of each topic: a viewer of one topic has seen nearly all of it within twelve swipes,
// which is what should happen; what is left to compare is what was shown.
TEST(Mirror, OneTopicSwipeBySwipe) {
  for (uint32_t trained : {0u, 200u}) {
    auto world = make_world(48, trained);
    Outcome o = compare(trained == 0 ? "one topic, new network" : "one topic, 200 viewers before",
                        1, [&](uint64_t viewer, const Topics& topics, bool reversed) {
                          return swipe_by_swipe(*world, viewer, topics, reversed, 1);
                        });
    EXPECT_GT(o.shown_over_mirror.low(), 0.2);
    EXPECT_GT(o.shown.low(), 0.3);
  }
}

TEST(Mirror, OneTopicPageByPage) {
  for (uint32_t trained : {0u, 200u}) {
    auto world = make_world(48, trained);
    Outcome o = compare(trained == 0 ? "page of 12, new network" : "page of 12, 200 viewers before",
                        1, [&](uint64_t viewer, const Topics& topics, bool reversed) {
                          return page_by_page(*world, viewer, topics, reversed);
                        });
    EXPECT_GT(o.after_over_mirror.low(), 0.25);
    EXPECT_GT(o.after_over_start.low(), 0.2);
  }
}

// Four topics of eight, and 240 videos: nothing runs out in twelve swipes, and the mirror wants the
// other four.
TEST(Mirror, HalfOfTheTopics) {
  for (uint32_t trained : {0u, 200u}) {
    auto world = make_world(240, trained);
    Outcome o = compare(trained == 0 ? "four topics, new network" : "four topics, 200 before", 4,
                        [&](uint64_t viewer, const Topics& topics, bool reversed) {
                          return swipe_by_swipe(*world, viewer, topics, reversed, 3);
                        });
    EXPECT_GT(o.after_over_mirror.low(), 0.3);
    EXPECT_GT(o.after_over_start.low(), 0.1);
  }
}

TEST(Mirror, LargeCatalogue) {
  auto world = make_world(20'000, 50);
  Outcome o = compare("one topic of 20,000 videos", 1,
                      [&](uint64_t viewer, const Topics& topics, bool reversed) {
                        return swipe_by_swipe(*world, viewer, topics, reversed, 3);
                      });
  EXPECT_GT(o.after_over_mirror.low(), 0.3);
  EXPECT_GT(o.after_over_start.low(), 0.3);
  // Leaning is not tunnelling.
  EXPECT_LT(o.after.mean, 0.75);
}

}  // namespace
}  // namespace rondo::recommender::testing
