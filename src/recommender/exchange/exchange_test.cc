// Engines of several partitions that learn from each other: each folds viewers of its own.
#include <gtest/gtest.h>

#include <limits>

#include "base/hash.h"
#include "recommender/fold.h"
#include "recommender/string_io.h"
#include "recommender/testing/world.h"
#include "rondo/log/v1/item_changes.pb.h"

namespace rondo::recommender {
namespace {

using log::v1::ItemChanges;
using log::v1::Record;
using testing::Place;
using testing::World;

// Partitions with one catalogue, each in a world of its own; the params log as a host keeps it.
class Network {
 public:
  explicit Network(uint32_t partitions, uint32_t videos = 48,
                   const Bundle& bundle = Bundle::defaults()) {
    for (uint32_t p = 0; p < partitions; ++p) {
      auto& world = worlds.emplace_back(std::make_unique<World>(
          testing::WorldOptions{.videos = videos, .seed = 100 + p}, bundle));
      world->engine = Engine::create(bundle, PartitionId(p)).value();
      Record record;
      record.mutable_engine_activated()->set_engine_version(std::string(kEngineVersion));
      record.mutable_engine_activated()->set_partitions(partitions);
      EXPECT_TRUE(world->apply(record).ok());
      world->publish_all();
      params.emplace_back();
    }
  }
  World& operator[](size_t p) { return *worlds[p]; }

  // A Tick that takes in whatever others have stored since, and cuts. What is cut is stored.
  void exchange(uint32_t p) {
    World& world = *worlds[p];
    world.advance(testing::kSecondUs);
    Record record = tick(p);
    std::vector<std::string> bodies;
    for (const auto& ref : record.tick().deltas())
      bodies.push_back(params[ref.partition()][ref.offset()]);
    auto applied = world.apply(record, bodies);
    ASSERT_TRUE(applied.ok()) << applied.error().describe();
    auto cut = world.engine->cut();
    EXPECT_EQ(cut.epoch, record.tick().epoch());
    if (!cut.body.empty()) params[p].emplace_back(cut.body);
  }
  Record tick(uint32_t p) {
    Record record;
    auto& t = *record.mutable_tick();
    t.set_epoch(worlds[p]->now_us / testing::kSecondUs);
    t.set_cut(true);
    auto taken = worlds[p]->engine->taken();
    for (uint32_t q = 0; q < params.size(); ++q) {
      for (uint64_t at = taken[q]; q != p && at < params[q].size(); ++at) {
        auto& ref = *t.add_deltas();
        ref.set_partition(q);
        ref.set_offset(at);
        ref.set_sha256(std::string(base::as_bytes(base::sha256(params[q][at]))));
      }
    }
    return record;
  }
  ItemChanges changes(uint32_t p, size_t at) {
    ItemChanges out;
    EXPECT_TRUE(out.ParseFromString(params[p][at]));
    return out;
  }

  std::vector<std::unique_ptr<World>> worlds;
  std::vector<std::vector<std::string>> params;  // by partition: bodies by offset
};

// What a viewer of the partition who likes topic "t1" would be scored for a video.
std::vector<VideoScore> scores(World& world, uint64_t viewer) {
  std::vector<uint64_t> videos;
  for (uint32_t i = 0; i < world.options.videos; ++i) videos.push_back(1001 + i);
  return world.engine->score(world.request(viewer, 8), videos).value();
}

// The viewers of one partition finish what is of `liked`, and skip the rest.
void swipe(World& world, uint64_t first_viewer, uint32_t viewers, uint32_t swipes,
           const std::string& liked) {
  for (uint32_t v = 0; v < viewers; ++v) {
    auto session = world.start(first_viewer + v, 6);
    for (uint32_t i = 0; i < swipes; ++i) {
      world.swipe(session, 6, [&](const std::string& topic) { return topic == liked; });
    }
  }
  world.advance(testing::kSecondUs);
  world.tick();
}

TEST(Exchange, WhatOnePartitionLearnsIsKnownInTheOther) {
  Network network(2);
  Network alone(2);
  for (auto* n : {&network, &alone}) swipe((*n)[0], 10, 30, 20, "t1");
  network.exchange(0);
  ASSERT_EQ(network.params[0].size(), 1u);
  network.exchange(1);
  alone[1].advance(testing::kSecondUs);
  alone[1].tick();

  const auto there = scores(network[0], 999);
  const auto here = scores(network[1], 999);
  const auto before = scores(alone[1], 999);
  // A stranger in B is scored as a stranger in A is: liked above others, by a like margin.
  auto margin = [](const std::vector<VideoScore>& s) {
    double liked = 0, others = 0;
    for (size_t i = 0; i < s.size(); ++i) (i % 8 == 1 ? liked : others) += s[i].score;
    return liked / 6 - others / 42;
  };
  EXPECT_NEAR(margin(before), 0, 1e-4);
  EXPECT_GT(margin(there), 0.1);
  EXPECT_NEAR(margin(here), margin(there), 0.1 * margin(there));
  // And so is the one who liked one: its rows, towers and co-watch have come too.
  EXPECT_EQ(network[1].engine->stats().deltas_taken, 1u);
  EXPECT_EQ(network[1].engine->stats().delta_items_unknown, 0u);
}

TEST(Exchange, CountsAddUpToWhatOneEngineWouldHaveCounted) {
  Network network(3);
  for (uint32_t p = 0; p < 3; ++p) swipe(network[p], 10 + 100 * p, 8, 12, "t" + std::to_string(p));
  for (int round = 0; round < 2; ++round) {
    for (uint32_t p = 0; p < 3; ++p) network.exchange(p);
  }
  // Everybody has told what they have, and taken in what there is: nobody has more to say.
  for (uint32_t p = 0; p < 3; ++p) {
    EXPECT_EQ(network.params[p].size(), 1u);
    EXPECT_FALSE(network[p].engine->stats().untold);
    EXPECT_EQ(network[p].engine->stats().deltas_taken, 2u);
  }
  uint64_t impressions = 0;
  for (uint32_t p = 0; p < 3; ++p) {
    ItemChanges delta = network.changes(p, 0);
    for (int i = 0; i < delta.videos_size(); ++i) impressions += delta.events(8 * i);
  }
  uint64_t shown = 0;
  for (uint32_t p = 0; p < 3; ++p) {
    for (const auto& logged : network[p].log) shown += logged.record.has_impression() ? 1 : 0;
  }
  EXPECT_EQ(impressions, shown);
}

TEST(Exchange, ARefoldWithTheSameDeltasGivesTheSameBits) {
  Network network(2);
  for (int round = 0; round < 4; ++round) {
    for (uint32_t p = 0; p < 2; ++p) {
      swipe(network[p], 10 + 100 * p, 6, 8, "t" + std::to_string(p));
      network.exchange(p);
    }
  }
  for (uint32_t p = 0; p < 2; ++p) {
    auto again = Engine::create(Bundle::defaults(), PartitionId(p)).value();
    for (const auto& logged : network[p].log) {
      // A checkpoint at any point, here at some of them, gives the same.
      if (again->next_offset().value() % 97 == 5) {
        const std::string bytes = saved(*again);
        StringSource source(bytes);
        auto loaded = Engine::load(source, std::make_shared<const Bundles>(Bundle::defaults()),
                                   PartitionId(p));
        ASSERT_TRUE(loaded.ok()) << loaded.error().describe();
        ASSERT_EQ((*loaded)->digest(), again->digest());
        again = std::move(*loaded);
      }
      ASSERT_TRUE(
          again->apply(again->next_offset(), logged.time_us, logged.record, logged.deltas).ok());
    }
    EXPECT_EQ(again->digest(), network[p].engine->digest());
    EXPECT_EQ(again->cut().body, network[p].engine->cut().body);
    EXPECT_GT(again->cut().body.size(), 0u);
  }
}

TEST(Exchange, ADeltaThatIsMissingOrOtherStopsTheFoldAndChangesNothing) {
  Network network(2);
  swipe(network[0], 10, 6, 8, "t1");
  network.exchange(0);
  World& world = network[1];
  const Record record = network.tick(1);
  ASSERT_EQ(record.tick().deltas_size(), 1);
  const auto before = world.engine->digest();
  auto refused = [&](const Record& r, const std::vector<std::string>& bodies, ErrorCode code,
                     const std::string& says) {
    auto applied = world.engine->apply(world.engine->next_offset(), world.now_us, r, bodies);
    ASSERT_FALSE(applied.ok());
    EXPECT_EQ(applied.error().code(), code);
    EXPECT_NE(applied.error().describe().find(says), std::string::npos)
        << applied.error().describe();
    EXPECT_EQ(world.engine->digest(), before);
  };
  const std::string body = network.params[0][0];
  refused(record, {}, ErrorCode::kConflict, "names 1 deltas; 0 were given");
  refused(record, {""}, ErrorCode::kConflict, "was not given");
  std::string flipped = body;
  flipped[100] ^= 1;
  refused(record, {flipped}, ErrorCode::kCorrupt, "the log says");

  // The right hash of what is no delta.
  auto other = [&](const std::string& bytes) {
    Record r = record;
    r.mutable_tick()->mutable_deltas(0)->set_sha256(
        std::string(base::as_bytes(base::sha256(bytes))));
    return r;
  };
  refused(other("nonsense"), {"nonsense"}, ErrorCode::kCorrupt, "not a delta");
  auto spoilt = [&](const std::function<void(ItemChanges&)>& spoil, const std::string& says) {
    ItemChanges changes = network.changes(0, 0);
    spoil(changes);
    std::string bytes = changes.SerializeAsString();
    refused(other(bytes), {bytes}, ErrorCode::kCorrupt, says);
  };
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  spoilt([](ItemChanges& c) { c.add_events(1); }, "do not go together");
  spoilt([&](ItemChanges& c) { c.set_positives(0, kNan); }, "out of its range");
  spoilt([](ItemChanges& c) { c.set_pairs(1, 5000); }, "out of its range");
  spoilt([](ItemChanges& c) { c.add_watches(0), c.add_watches(48), c.add_watches(1); },
         "out of its range");
  spoilt([&](ItemChanges& c) { c.mutable_tables(0)->set_values(3, kNan); }, "table 0");
  spoilt([&](ItemChanges& c) { c.mutable_tables(7)->add_ids(3); }, "table 7");
  spoilt([&](ItemChanges& c) { c.mutable_ranker()->set_values(0, kNan); }, "of the ranker");
  spoilt([&](ItemChanges& c) { c.mutable_towers()->add_values(0); }, "of the towers");

  // Not of this network: its own, or of a partition that there is not.
  for (uint32_t partition : {1u, 2u}) {
    Record r = record;
    r.mutable_tick()->mutable_deltas(0)->set_partition(partition);
    refused(r, {body}, ErrorCode::kConflict, "not another one of this network of 2");
  }
  EXPECT_TRUE(world.apply(record, {body}).ok());
  EXPECT_NE(world.engine->digest(), before);
}

TEST(Exchange, ADeltaNamedTwiceIsTakenInOnce) {
  Network network(2);
  swipe(network[0], 10, 6, 8, "t1");
  network.exchange(0);
  const Record record = network.tick(1);
  const std::vector<std::string> bodies{network.params[0][0]};
  ASSERT_TRUE(network[1].apply(record, bodies).ok());
  const auto score = scores(network[1], 999);
  ASSERT_TRUE(network[1].apply(record, bodies).ok());
  EXPECT_EQ(network[1].engine->stats().deltas_taken, 1u);
  for (size_t i = 0; i < score.size(); ++i) {
    EXPECT_EQ(score[i].score, scores(network[1], 999)[i].score);
  }
}

TEST(Exchange, OfAnotherBundleCountsComeAndWeightsDoNot) {
  Network network(2);
  swipe(network[0], 10, 20, 12, "t1");
  network.exchange(0);
  Bundle other = Bundle::defaults();
  other.rules.author_gap += 1;
  ASSERT_NE(other.sha256(), Bundle::defaults().sha256());
  Network under_other(2, 48, other);
  under_other.params[0] = network.params[0];
  under_other.exchange(1);
  EXPECT_EQ(under_other[1].engine->stats().deltas_taken, 1u);
  network.exchange(1);
  // The rows say what the ranker has learned; without them the counts alone speak.
  const auto with = network[1].engine->weights().safetensors();
  const auto without = under_other[1].engine->weights().safetensors();
  EXPECT_GT(with.size(), without.size());
}

TEST(Exchange, APartitionUsesItsShareOfANewVideosBudgetUntilItHasHeard) {
  Bundle bundle = Bundle::defaults();
  bundle.exploration.budget_impressions = {40, 80, 160};
  auto state_of = [&bundle](uint32_t partitions) {
    auto s = std::make_unique<State>(bundle, PartitionId(0));
    Record activated, published;
    activated.mutable_engine_activated()->set_engine_version(std::string(kEngineVersion));
    activated.mutable_engine_activated()->set_partitions(partitions);
    published.mutable_video_published()->set_video_id(7);
    published.mutable_video_published()->set_author_id(8);
    published.mutable_video_published()->set_duration_ms(9000);
    EXPECT_TRUE(fold(*s, Bundles(s->bundle), testing::kStartUs, activated, {}).ok());
    EXPECT_TRUE(fold(*s, Bundles(s->bundle), testing::kStartUs, published, {}).ok());
    return s;
  };
  auto show = [](State& s) {
    s.catalogue.count(0, features::Event::kImpression, s.time_us);
    s.exchange.changes.count(0, features::Event::kImpression);
    exchange::settle_budget(s, 0);
  };
  auto is_new = [](const State& s) { return s.catalogue.fresh().contains(0); };
  auto shown_as_new = [&](State& s) {
    uint32_t shown = 0;
    for (; is_new(s) && shown < 1000; ++shown) show(s);
    return shown;
  };
  auto first = state_of(4);
  auto second = state_of(4);
  EXPECT_EQ(shown_as_new(*first), 10u);  // of 40, over 4 partitions
  for (int i = 0; i < 4; ++i) show(*second);
  exchange::cut(*second, 1);
  exchange::cut(*first, 1);
  EXPECT_TRUE(is_new(*first));
  // 26 are left once it has heard of the other's: 7 more each.
  Record tick;
  tick.mutable_tick()->set_epoch(2);
  auto& ref = *tick.mutable_tick()->add_deltas();
  ref.set_partition(1);
  ref.set_sha256(std::string(base::as_bytes(base::sha256(second->exchange.cut_body))));
  const std::vector<std::string> bodies{second->exchange.cut_body};
  ASSERT_TRUE(fold(*first, Bundles(first->bundle), first->time_us, tick, bodies).ok());
  EXPECT_EQ(first->catalogue.video(0).impressions, 14u);
  EXPECT_EQ(shown_as_new(*first), 7u);

  // Alone it is the whole budget: the stage ends there.
  auto alone = state_of(1);
  uint32_t shown = 0;
  for (; alone->catalogue.video(0).stage == 0 && shown < 1000; ++shown) {
    EXPECT_TRUE(is_new(*alone));
    alone->catalogue.count(0, features::Event::kImpression, alone->time_us);
  }
  EXPECT_EQ(shown, 40u);
}

TEST(Exchange, ANetworkKeepsItsNumberOfPartitions) {
  Network network(2);
  auto activated = [](uint32_t partitions) {
    Record record;
    record.mutable_engine_activated()->set_engine_version(std::string(kEngineVersion));
    record.mutable_engine_activated()->set_partitions(partitions);
    return record;
  };
  EXPECT_TRUE(network[1].apply(activated(2)).ok());
  for (uint32_t other : {0u, 1u, 3u, 65u}) {
    auto applied = network[1].apply(activated(other));
    ASSERT_FALSE(applied.ok());
    EXPECT_EQ(applied.error().code(), ErrorCode::kConflict);
  }
}

TEST(Exchange, WhatDoesNotFitWaitsForTheNextDelta) {
  Network network(2, 3000);
  World& world = network[0];
  // More videos than a delta holds.
  swipe(world, 10, 500, 6, "none");
  for (int i = 0; i < 8 && world.engine->stats().untold; ++i) network.exchange(0);
  EXPECT_FALSE(world.engine->stats().untold);
  EXPECT_GT(network.params[0].size(), 1u);
  uint64_t impressions = 0;
  for (size_t at = 0; at < network.params[0].size(); ++at) {
    ItemChanges delta = network.changes(0, at);
    EXPECT_LE(network.params[0][at].size(), 960u << 10);
    for (int i = 0; i < delta.videos_size(); ++i) impressions += delta.events(8 * i);
  }
  uint64_t shown = 0;
  for (const auto& logged : world.log) shown += logged.record.has_impression() ? 1 : 0;
  EXPECT_EQ(impressions, shown);
}

}  // namespace
}  // namespace rondo::recommender
