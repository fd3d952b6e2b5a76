// What becomes an example, of which head, and when.
#include <gtest/gtest.h>

#include "recommender/engine.h"
#include "recommender/testing/world.h"

namespace rondo::recommender::testing {
namespace {

using log::v1::Record;

TEST(EngineWindows, WithoutAnOutcomeThereIsNoExample) {
  Bundle bundle = Bundle::defaults();
  for (auto& head : bundle.heads) head.negative_share = 1;
  World world({}, bundle);
  world.publish_all();
  auto stats = [&world] { return world.engine->stats(); };
  Page page = world.serve(7, 8);
  for (size_t i = 0; i < 3; ++i) world.show(7, page.place(i));
  world.advance(25 * 60 * kSecondUs);
  world.tick();
  EXPECT_EQ(stats().examples_waiting, 0u);
  EXPECT_EQ(stats().pending_slots, 8u);
  world.advance(6 * 60 * kSecondUs);  // half an hour: what was not shown is free
  world.tick();
  EXPECT_EQ(stats().pending_slots, 3u);
  // An hour after the impression: no like, comment, share or save. An example each for those heads,
  // none for the watch. After a day the other heads, and nothing is open any more.
  world.advance(30 * 60 * kSecondUs);
  world.publish(5000, 501, {"t1"});
  EXPECT_EQ(stats().examples_waiting, 3u);
  EXPECT_EQ(stats().pending_slots, 3u);
  world.advance(23 * 60 * 60 * kSecondUs);
  world.publish(5001, 501, {"t1"});
  EXPECT_EQ(stats().examples_waiting, 6u);
  EXPECT_EQ(stats().pending_slots, 0u);
}

TEST(EngineWindows, WhatHappensTrainsItsHeadOnce) {
  Bundle bundle = Bundle::defaults();
  for (auto& head : bundle.heads) head.negative_share = 1;
  World world({}, bundle);
  world.publish_all();
  auto waiting = [&world] { return world.engine->stats().examples_waiting; };
  Page page = world.serve(7, 8);
  world.finish(7, page.place(0));
  EXPECT_EQ(waiting(), 1u);
  auto act = [&](auto set) {
    auto engagement = world.engagement(7, page.place(0));
    set(engagement);
    world.engage(engagement);
  };
  act([](auto& e) { e.set_share(true); });
  act([](auto& e) { e.set_save(true); });
  act([](auto& e) { e.set_comment(true); });
  act([](auto& e) { e.set_report(true); });
  EXPECT_EQ(waiting(), 5u);
  act([](auto& e) { e.set_share(true); });
  act([](auto& e) { e.set_comment(true); });
  EXPECT_EQ(waiting(), 5u);
  // Following the author of what was watched is an outcome of that video.
  Record follow;
  follow.mutable_follow_changed()->set_viewer_id(7);
  follow.mutable_follow_changed()->set_author_id(world.author(page.place(0).video));
  follow.mutable_follow_changed()->set_following(true);
  ASSERT_TRUE(world.apply(follow).ok());
  EXPECT_EQ(waiting(), 6u);
  // At the windows' ends only what has not happened is left: no like; then no "not interested".
  world.advance(61 * 60 * kSecondUs);
  world.publish(5000, 501, {"t1"});
  EXPECT_EQ(waiting(), 7u);
  world.advance(24 * 60 * 60 * kSecondUs);
  world.publish(5001, 501, {"t1"});
  EXPECT_EQ(waiting(), 8u);
}

// One in six is liked. Before any window is over nothing but likes has resolved: that must not make
// likes of everything; and when windows end, the share is learned.
TEST(EngineWindows, AYoungNetworkDoesNotTakeLikesForTheRule) {
  Bundle bundle = Bundle::defaults();
  bundle.training.dense_rate = 0.1f;  // what it learns, it learns soon
  World world({}, bundle);
  world.publish_all();
  auto mean_like = [&world] {
    std::vector<uint64_t> videos;
    for (uint64_t v = 1001; v < 1045; ++v) videos.push_back(v);
    auto scores = world.engine->score(world.request(9'999, 8), videos);
    float sum = 0;
    for (const auto& score : *scores) sum += score.heads[size_t(Head::kLike)];
    return sum / static_cast<float>(scores->size());
  };
  uint64_t viewer = 100;
  auto watch_for = [&](uint64_t minutes) {
    const uint64_t until = world.now_us + minutes * 60 * kSecondUs;
    while (world.now_us < until) {
      Page page = world.serve(++viewer, 6);
      for (size_t i = 0; i < 6; ++i) {
        (viewer + i) % 2 == 0 ? world.finish(viewer, page.place(i))
                              : world.skip(viewer, page.place(i));
      }
      world.like(viewer, page.place(viewer % 6));
      world.tick();
      world.advance(5 * kSecondUs);
    }
  };
  watch_for(50);
  EXPECT_LT(mean_like(), 0.1f);
  watch_for(180);
  EXPECT_NEAR(mean_like(), 1.0f / 6, 0.1f);
}

}  // namespace
}  // namespace rondo::recommender::testing
