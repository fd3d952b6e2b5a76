// The engine from outside: what records do to pages.
#include "recommender/engine.h"

#include <gtest/gtest.h>

#include <set>

#include "base/bytes.h"
#include "recommender/string_io.h"
#include "recommender/testing/world.h"

namespace rondo::recommender::testing {
namespace {

using log::v1::Record;
using log::v1::Served;

std::set<uint64_t> videos_of(const Served& page) {
  std::set<uint64_t> out;
  for (const auto& slot : page.slots()) out.insert(slot.video_id());
  return out;
}

float term(const log::v1::ServedSlot& slot, const std::string& name) {
  for (const auto& t : slot.terms()) {
    if (t.name() == name) return t.value();
  }
  ADD_FAILURE() << "no term " << name;
  return 0;
}

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : world(WorldOptions{}) { world.publish_all(); }
  EngineStats stats() const { return world.engine->stats(); }
  Served ranked(uint64_t viewer, uint32_t limit) const {
    auto page = world.engine->rank(world.request(viewer, limit));
    RD_ASSERT(page.ok());
    return *page;
  }
  World world;
};

TEST_F(EngineTest, APageIsCompleteAndAddsUp) {
  auto request = world.request(7, 8);
  auto page = world.engine->rank(request);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->slots_size(), 8);
  EXPECT_EQ(videos_of(*page).size(), 8u);
  EXPECT_EQ(page->ranked_at_offset(), world.engine->next_offset().value());
  EXPECT_EQ(page->engine_version(), kEngineVersion);
  EXPECT_EQ(page->seed().size(), 32u);
  EXPECT_FALSE(page->exhausted());
  EXPECT_EQ(page->state_time_us(), kStartUs);
  for (const auto& slot : page->slots()) {
    float sum = 0;
    for (const auto& term : slot.terms()) {
      EXPECT_EQ(term.contribution(), term.weight() * term.value()) << term.name();
      sum += term.contribution();
    }
    EXPECT_EQ(sum, slot.score());
    EXPECT_GT(slot.propensity(), 0.0f);
    EXPECT_LE(slot.propensity(), 1.0f);
    EXPECT_NE(slot.source(), log::v1::SOURCE_UNSPECIFIED);
    EXPECT_GE(slot.reasons_size(), 1);
  }
}

// Near duplicates: one of them a page, and none once one was seen, whatever is said later.
TEST_F(EngineTest, ALookIsSeenOnce) {
  World small({.videos = 0});
  auto publish = [&](uint64_t video, uint64_t look) {
    Record record;
    auto& r = *record.mutable_video_published();
    r.set_video_id(video);
    r.set_author_id(video + 1000);
    r.set_duration_ms(9000);
    r.set_look_id(look);
    ASSERT_TRUE(small.apply(record).ok());
  };
  auto eligible = [&](uint64_t video, bool is) {
    Record record;
    record.mutable_video_changed()->set_video_id(video);
    record.mutable_video_changed()->set_eligible(is);
    ASSERT_TRUE(small.apply(record).ok());
  };
  for (uint64_t video : {11, 12, 13}) publish(video, 11);
  for (uint64_t video : {21, 22}) publish(video, 21);
  publish(31, 0);
  publish(32, 0);
  using Ids = std::set<uint64_t>;
  auto shown_to = [&](uint64_t viewer) {
    auto page = small.engine->rank(small.request(viewer, 8));
    EXPECT_TRUE(page.ok());
    return videos_of(*page);
  };
  EXPECT_EQ(shown_to(7), (Ids{11, 21, 31, 32}));
  eligible(11, false);
  EXPECT_EQ(shown_to(7), (Ids{12, 21, 31, 32})) << "the first that can be served stands for it";

  Page page = small.serve(small.request(7, 8));
  for (size_t slot = 0; slot < static_cast<size_t>(page.served.slots_size()); ++slot) {
    const Place place = page.place(slot);
    if (place.video == 12) small.show(7, place);
    if (place.video == 21) {
      auto beside = small.engine->rank(small.request(7, 8, {place}));
      EXPECT_EQ(videos_of(*beside).count(22), 0u) << "its original is held";
    }
  }
  EXPECT_EQ(shown_to(7), (Ids{21, 31, 32}));
  eligible(11, true);
  publish(13, 99);
  EXPECT_EQ(shown_to(7), (Ids{21, 31, 32})) << "a look does not change";
  EXPECT_EQ(shown_to(8), (Ids{11, 21, 31, 32}));

  StringSink saved;
  small.engine->save(saved);
  StringSource source(saved.text);
  auto bundles = std::make_shared<const Bundles>(Bundle::defaults());
  auto again = Engine::load(source, bundles, PartitionId(0));
  ASSERT_TRUE(again.ok()) << again.error().describe();
  EXPECT_EQ(videos_of(*(*again)->rank(small.request(7, 8))), (Ids{21, 31, 32}));
}

TEST_F(EngineTest, RankChangesNothingAndRepeatsItself) {
  world.train(20, 2);
  Digest before = world.engine->digest();
  auto request = world.request(7, 8);
  std::string first = world.engine->rank(request)->SerializeAsString();
  EXPECT_EQ(world.engine->rank(request)->SerializeAsString(), first);
  EXPECT_EQ(world.engine->digest(), before);
}

TEST_F(EngineTest, RefusesRequestsOutOfBounds) {
  for (uint32_t limit : {0u, 33u}) {
    auto page = world.engine->rank(world.request(7, limit));
    ASSERT_FALSE(page.ok());
    EXPECT_EQ(page.error().field(), "limit");
  }
  auto nobody = world.engine->rank(world.request(0, 8));
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.error().code(), ErrorCode::kInvalid);
  auto request = world.request(7, 8);
  for (int i = 0; i < 2000; ++i) request.add_exclude(1);
  EXPECT_FALSE(world.engine->rank(request).ok());
}

TEST_F(EngineTest, OffsetsHaveNoGaps) {
  Record record;
  record.mutable_tick();
  uint64_t next = world.engine->next_offset().value();
  EXPECT_FALSE(world.engine->apply(Offset(next + 1), kStartUs, record).ok());
  EXPECT_FALSE(world.engine->apply(Offset(next - 1), kStartUs, record).ok());
  EXPECT_TRUE(world.engine->apply(Offset(next), kStartUs, record).ok());
}

TEST_F(EngineTest, StopsAtWhatItMustNotFoldAndStaysAsItWas) {
  Digest before = world.engine->digest();
  auto refused = [&](const Record& record, const std::string& says) {
    auto result = world.engine->apply(world.engine->next_offset(), kStartUs + 1, record);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), ErrorCode::kConflict);
    EXPECT_NE(result.error().message().find(says), std::string::npos) << result.error().message();
    EXPECT_EQ(world.engine->digest(), before);
  };
  refused(Record(), "does not know");
  Record engine;
  engine.mutable_engine_activated()->set_engine_version("rondo-engine-99");
  refused(engine, "needs engine rondo-engine-99");
  Record bundle;
  bundle.mutable_bundle_activated()->set_bundle_sha256(std::string(32, 'x'));
  refused(bundle, "needs bundle 7878");
  engine.mutable_engine_activated()->set_engine_version(std::string(kEngineVersion));
  EXPECT_TRUE(world.apply(engine).ok());
  bundle.mutable_bundle_activated()->set_bundle_sha256(
      std::string(base::as_bytes(Bundle::defaults().sha256())));
  EXPECT_TRUE(world.apply(bundle).ok());
}

TEST_F(EngineTest, LogTimeNeverFallsAndJumpsADayAtMost) {
  Record tick;
  tick.mutable_tick();
  uint64_t at = world.engine->state_time_us();
  ASSERT_TRUE(world.engine->apply(world.engine->next_offset(), at - 5'000'000, tick).ok());
  EXPECT_EQ(world.engine->state_time_us(), at);
  constexpr uint64_t kDayUs = 86'400'000'000ull;
  ASSERT_TRUE(world.engine->apply(world.engine->next_offset(), at + 40 * kDayUs, tick).ok());
  EXPECT_EQ(world.engine->state_time_us(), at + kDayUs);
  EXPECT_EQ(stats().time_jumps_bounded, 1u);
}

TEST_F(EngineTest, LikeWeighsMoreThanFinish) {
  Page page = world.serve(7, 8);
  Place a = page.place(0), b = page.place(1);
  ASSERT_NE(world.topic(a.video), world.topic(b.video));
  for (const Place& p : {a, b}) world.show(7, p), world.finish(7, p);
  world.like(7, b);
  auto next = world.engine->rank(world.request(7, 8));
  double sum_a = 0, sum_b = 0;
  for (const auto& slot : next->slots()) {
    for (const auto& term : slot.terms()) {
      if (term.name() != "topic_affinity") continue;
      if (world.topic(slot.video_id()) == world.topic(a.video)) sum_a = term.value();
      if (world.topic(slot.video_id()) == world.topic(b.video)) sum_b = term.value();
    }
  }
  EXPECT_GT(sum_b, sum_a);
  EXPECT_GT(sum_a, 0);
  ASSERT_GE(next->learned_size(), 2);
  EXPECT_EQ(next->learned(0).topic(), world.topic(b.video));
  EXPECT_TRUE(next->learned(0).more());
  EXPECT_EQ(next->learned(0).liked(), 1u);
  EXPECT_EQ(next->learned(0).finished(), 1u);
}

TEST_F(EngineTest, ALikeTakenBackIsAsIfItHadNotBeen) {
  Page page = world.serve(7, 8);
  world.show(7, page.place(0));
  world.finish(7, page.place(0));
  auto affinity = [&] {
    auto next = world.engine->rank(world.request(7, 32));
    for (const auto& slot : next->slots()) {
      if (world.topic(slot.video_id()) == world.topic(page.place(0).video)) {
        return term(slot, "topic_affinity");
      }
    }
    return -9.0f;
  };
  float finished = affinity();
  world.like(7, page.place(0));
  EXPECT_GT(affinity(), finished);
  world.like(7, page.place(0), false);
  EXPECT_NEAR(affinity(), finished, 1e-3f);
  world.like(7, page.place(0));
  EXPECT_EQ(stats().outcomes_repeated, 1u);
}

TEST_F(EngineTest, LearnedSaysWhatChangedSinceThePageBefore) {
  Page page = world.serve(7, 8);
  for (size_t i = 0; i < 3; ++i) {
    world.show(7, page.place(i));
    i == 0 ? world.finish(7, page.place(i)) : world.skip(7, page.place(i));
  }
  Page next = world.serve(7, 8);
  ASSERT_EQ(next.served.learned_size(), 3);
  for (const auto& learned : next.served.learned()) {
    bool more = learned.topic() == world.topic(page.place(0).video);
    EXPECT_EQ(learned.more(), more);
    EXPECT_EQ(learned.finished(), more ? 1u : 0u);
    EXPECT_EQ(learned.skipped(), more ? 0u : 1u);
  }
  // The page has said so; nothing has happened since.
  EXPECT_EQ(world.engine->rank(world.request(7, 8))->learned_size(), 0);
}

TEST_F(EngineTest, NotInterestedHoldsFromTheVeryNextPage) {
  Page page = world.serve(7, 8);
  Place topic = page.place(0), author = page.place(1);
  world.show(7, topic);
  world.not_interested(7, topic, log::v1::NOT_INTERESTED_TOPIC);
  Page next = world.serve(7, 32);
  EXPECT_EQ(world.share(next.served, world.topic(topic.video)), 0.0);
  ASSERT_GE(next.served.learned_size(), 1);
  EXPECT_EQ(next.served.learned(0).not_interested(), 1u);
  EXPECT_FALSE(next.served.learned(0).more());
  // Also without a page: it is a wish, not an example.
  auto wish = world.engagement(7, author);
  wish.set_from_page(false);
  wish.mutable_not_interested()->set_scope(log::v1::NOT_INTERESTED_AUTHOR);
  world.engage(wish);
  uint64_t of = 501 + (author.video - 1001) % 12;
  next = world.serve(7, 32);
  for (const auto& slot : next.served.slots()) {
    EXPECT_NE(501 + (slot.video_id() - 1001) % 12, of);
  }
  // A reset of what was learned is no change of mind about it; one of this too, is.
  Record reset;
  reset.mutable_preference_changed()->set_viewer_id(7);
  reset.mutable_preference_changed()->set_reset(true);
  ASSERT_TRUE(world.apply(reset).ok());
  EXPECT_EQ(world.share(world.serve(7, 32).served, world.topic(topic.video)), 0.0);
  reset.mutable_preference_changed()->set_reset_turned_down(true);
  ASSERT_TRUE(world.apply(reset).ok());
  next = world.serve(7, 32);
  EXPECT_GT(world.share(next.served, world.topic(topic.video)), 0.0);
  bool author_again = false;
  for (const auto& slot : next.served.slots()) {
    author_again = author_again || world.author(slot.video_id()) == of;
  }
  EXPECT_TRUE(author_again);
}

TEST_F(EngineTest, ASoundTurnedDownDoesNotComeAgain) {
  Record record;
  for (uint64_t video = 2001; video < 2005; ++video) {
    auto& r = *record.mutable_video_published();
    r.set_video_id(video);
    r.set_author_id(501);
    r.set_duration_ms(10'000);
    r.set_sound_id(video < 2004 ? 77 : 78);
    ASSERT_TRUE(world.apply(record).ok());
  }
  auto request = world.request(7, 8);
  for (uint64_t video = 1001; video < 1049; ++video) request.add_exclude(video);
  EXPECT_EQ(videos_of(*world.engine->rank(request)), (std::set<uint64_t>{2001, 2002, 2003, 2004}));
  Record wish;
  auto& e = *wish.mutable_engagement();
  e.set_viewer_id(7);
  e.set_video_id(2001);
  e.set_event_id("sound");
  e.mutable_not_interested()->set_scope(log::v1::NOT_INTERESTED_SOUND);
  world.serve(7, 1);  // somebody whom the engine knows
  ASSERT_TRUE(world.apply(wish).ok());
  EXPECT_EQ(videos_of(*world.engine->rank(request)), std::set<uint64_t>{2004});
}

TEST_F(EngineTest, ResetForgetsTasteButNotWhatWasSeen) {
  auto session = world.start(7, 8);
  std::set<uint64_t> seen;
  for (int i = 0; i < 12; ++i) {
    seen.insert(world.swipe(session, 8, [](const std::string& t) { return t == "t1"; }).video);
  }
  Record reset;
  reset.mutable_preference_changed()->set_viewer_id(7);
  reset.mutable_preference_changed()->set_reset(true);
  ASSERT_TRUE(world.apply(reset).ok());
  Page page = world.serve(7, 32);
  for (const auto& slot : page.served.slots()) {
    EXPECT_EQ(seen.count(slot.video_id()), 0u);
    EXPECT_EQ(term(slot, "topic_affinity"), 0.0f);
  }
}

TEST_F(EngineTest, EligibilityHoldsAtOnce) {
  for (uint64_t video = 1001; video < 1049; ++video) {
    if (video == 1005) continue;
    Record record;
    record.mutable_video_changed()->set_video_id(video);
    ASSERT_TRUE(world.apply(record).ok());
  }
  Page page = world.serve(7, 8);
  EXPECT_EQ(videos_of(page.served), std::set<uint64_t>{1005});
  EXPECT_TRUE(page.served.exhausted());
  Record back;
  back.mutable_video_changed()->set_video_id(1006);
  back.mutable_video_changed()->set_eligible(true);
  ASSERT_TRUE(world.apply(back).ok());
  EXPECT_EQ(videos_of(world.serve(7, 8).served), (std::set<uint64_t>{1005, 1006}));
}

TEST_F(EngineTest, FollowedAuthorsComeWithTheirReason) {
  Record follow;
  follow.mutable_follow_changed()->set_viewer_id(7);
  follow.mutable_follow_changed()->set_author_id(503);
  follow.mutable_follow_changed()->set_following(true);
  ASSERT_TRUE(world.apply(follow).ok());
  bool found = false;
  Page page = world.serve(7, 8);
  for (const auto& slot : page.served.slots()) {
    if (501 + (slot.video_id() - 1001) % 12 != 503) continue;
    found = true;
    bool says = false;
    for (const auto& reason : slot.reasons()) {
      says = says || (reason.kind() == "follows_author" && reason.subject() == "503");
    }
    EXPECT_TRUE(says);
  }
  EXPECT_TRUE(found);
}

TEST_F(EngineTest, ExcludedVideosDoNotCome) {
  auto request = world.request(7, 8);
  for (uint64_t video = 1001; video < 1041; ++video) request.add_exclude(video);
  auto page = world.engine->rank(request);
  EXPECT_EQ(page->slots_size(), 8);
  for (uint64_t video : videos_of(*page)) EXPECT_GE(video, 1041u);
}

TEST_F(EngineTest, AnOutcomeCountsOnce) {
  Page page = world.serve(7, 8);
  Place place = page.place(0);
  world.show(7, place);
  world.finish(7, place);
  uint64_t waiting = stats().examples_waiting;
  world.finish(7, place);  // another event, the same head of the same slot
  EXPECT_EQ(stats().examples_waiting, waiting);
  EXPECT_EQ(stats().outcomes_repeated, 1u);
  auto e = world.engagement(7, page.place(1));
  e.mutable_watch()->set_watch_ms(500);
  world.engage(e);
  world.engage(e);  // the same event delivered twice
  EXPECT_EQ(stats().examples_waiting, waiting + 1);
  EXPECT_EQ(stats().outcomes_repeated, 2u);
}

TEST_F(EngineTest, NothingIsLearnedWithoutAMatchingReservation) {
  Page page = world.serve(7, 8);
  auto affine = [&](uint64_t viewer) {
    Served page_now = ranked(viewer, 32);
    for (const auto& slot : page_now.slots()) {
      if (term(slot, "topic_affinity") != 0) return true;
    }
    return false;
  };
  Place place = page.place(0);
  Place wrong = place;
  wrong.slot = 3;
  world.finish(7, wrong);
  wrong = place;
  wrong.page_offset += 1;
  world.finish(7, wrong);
  world.serve(8, 1);
  world.finish(8, place);   // another viewer's page
  world.finish(99, place);  // nobody
  EXPECT_EQ(stats().outcomes_unmatched, 4u);
  auto outside = world.engagement(7, place);
  outside.set_from_page(false);
  outside.set_like(true);
  world.engage(outside);
  EXPECT_EQ(stats().examples_waiting, 0u);
  EXPECT_FALSE(affine(7));
  EXPECT_FALSE(affine(8));
  // The page itself is still good.
  world.finish(7, page.place(1));
  EXPECT_EQ(stats().examples_waiting, 1u);
  EXPECT_TRUE(affine(7));
}

TEST_F(EngineTest, LatestMakesSeenAndTeachesNothing) {
  Record record;
  auto& r = *record.mutable_impression();
  r.set_viewer_id(7);
  for (uint64_t video = 1001; video < 1045; ++video) {
    r.set_video_id(video);
    ASSERT_TRUE(world.apply(record).ok());
  }
  Page page = world.serve(7, 8);
  EXPECT_EQ(page.served.slots_size(), 4);
  EXPECT_TRUE(page.served.exhausted());
  EXPECT_EQ(stats().examples_waiting, 0u);
}

TEST_F(EngineTest, WhenAllIsSeenThePageSaysSo) {
  auto session = world.start(7, 8);
  std::set<uint64_t> seen;
  for (int i = 0; i < 48; ++i) {
    ASSERT_FALSE(session.committed.empty()) << i;
    Place shown = world.swipe(session, 8, [](const std::string&) { return true; });
    EXPECT_TRUE(seen.insert(shown.video).second) << "came twice: " << shown.video;
  }
  EXPECT_TRUE(session.committed.empty());
  Page page = world.serve(7, 8);
  EXPECT_TRUE(page.served.exhausted());
  EXPECT_EQ(page.served.slots_size(), 0);
  // A new video ends the silence.
  world.publish(9000, 501, {"t1"});
  page = world.serve(7, 8);
  EXPECT_EQ(videos_of(page.served), std::set<uint64_t>{9000});
}

// Not only from the answers: the eight bytes of the id stand nowhere in the checkpoint.
TEST_F(EngineTest, AnErasedViewerIsGone) {
  constexpr uint64_t kViewer = 0x8877665544332211;
  const std::string id("\x11\x22\x33\x44\x55\x66\x77\x88");
  auto names_viewer = [&] { return saved(*world.engine).find(id) != std::string::npos; };
  world.train(30, 3);
  auto session = world.start(kViewer, 8);
  for (int i = 0; i < 12; ++i) {
    if (i == 6) world.tick();  // some examples are in the viewer's row, some wait
    world.swipe(session, 8, [](const std::string& t) { return t == "t1"; });
  }
  EXPECT_TRUE(names_viewer());
  uint64_t viewers = stats().viewers;
  Record erased;
  erased.mutable_account_erased()->set_viewer_id(kViewer);
  ASSERT_TRUE(world.apply(erased).ok());
  EXPECT_EQ(stats().viewers, viewers - 1);
  EXPECT_EQ(stats().examples_waiting, 0u);
  world.tick();
  EXPECT_FALSE(names_viewer());
  Served page = ranked(kViewer, 8);
  EXPECT_EQ(page.request().request_counter(), 0u);
  for (const auto& slot : page.slots()) EXPECT_EQ(term(slot, "topic_affinity"), 0.0f);
}

TEST_F(EngineTest, SenselessRecordsFoldToNothing) {
  uint64_t before = stats().records_senseless;
  Record unknown_video;
  unknown_video.mutable_video_changed()->set_video_id(777);
  ASSERT_TRUE(world.apply(unknown_video).ok());
  Record impression;
  impression.mutable_impression()->set_viewer_id(7);
  impression.mutable_impression()->set_video_id(777);
  ASSERT_TRUE(world.apply(impression).ok());
  Record preference;
  preference.mutable_preference_changed()->set_viewer_id(12345);
  preference.mutable_preference_changed()->set_reset(true);
  ASSERT_TRUE(world.apply(preference).ok());
  EXPECT_EQ(stats().records_senseless, before + 3);
  Page page = world.serve(7, 8);
  auto empty = world.engagement(7, page.place(0));
  world.engage(empty);
  auto huge = world.engagement(7, page.place(1));
  huge.mutable_watch()->set_watch_ms(UINT32_MAX);
  huge.mutable_watch()->set_loops(UINT32_MAX);
  world.engage(huge);
  world.tick();
  EXPECT_EQ(stats().batches_rejected, 0u);
}

TEST(EngineBounds, PendingExamplesAndReservationsAreBounded) {
  Bundle bundle = Bundle::defaults();
  bundle.limits.pending_slots_max = 64;
  bundle.limits.viewers_max = 30;
  World world(WorldOptions{.videos = 400}, bundle);
  world.publish_all();
  for (uint64_t viewer = 1; viewer <= 100; ++viewer) {
    world.serve(viewer, 8);
    EXPECT_LE(world.engine->stats().pending_slots, 64u);
    EXPECT_LE(world.engine->stats().viewers, 30u);
  }
  EXPECT_EQ(world.engine->stats().slots_masked, (100 - 8) * 8u);
}

}  // namespace
}  // namespace rondo::recommender::testing
