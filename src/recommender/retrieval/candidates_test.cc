#include "recommender/retrieval/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "recommender/engine.h"
#include "recommender/fold.h"
#include "recommender/testing/world.h"

namespace rondo::recommender::retrieval {
namespace {

using log::v1::FeedRequest;
using log::v1::Record;
using log::v1::Source;

// Few of every source, so that each has to find its own.
Bundle lean() {
  Bundle b = Bundle::defaults();
  b.candidates = {.personal = 1,
                  .match = 0,
                  .followed = 0,
                  .liked_by_followed = 4,
                  .sound = 3,
                  .co_watch = 0,
                  .trending_region = 4,
                  .trending = 1,
                  .fresh = 1,
                  .exploration = 1,
                  .topic_champions = 0};
  return b;
}

class CandidatesTest : public ::testing::Test {
 protected:
  void publish(uint64_t video, uint64_t sound) {
    Record record;
    auto& r = *record.mutable_video_published();
    r.set_video_id(video);
    r.set_author_id(5000 + video);
    r.set_duration_ms(10'000);
    r.set_language("en");
    r.set_sound_id(sound);
    r.set_published_us(now_us);
    apply(record);
  }
  void set_eligible(uint64_t video, bool eligible) {
    Record record;
    record.mutable_video_changed()->set_video_id(video);
    record.mutable_video_changed()->set_eligible(eligible);
    apply(record);
  }
  static FeedRequest request(uint64_t viewer, const std::string& region = "") {
    FeedRequest out;
    out.set_viewer_id(viewer);
    out.set_surface(log::v1::SURFACE_FOR_YOU);
    out.set_language("en");
    out.set_region(region);
    out.set_limit(1);
    return out;
  }
  void finish(uint64_t viewer, uint64_t video, const std::string& region = "") {
    const uint64_t page = state.next_offset;
    Record served;
    *served.mutable_served()->mutable_request() = request(viewer, region);
    served.mutable_served()->add_slots()->set_video_id(video);
    apply(served);
    Record watched;
    auto& e = *watched.mutable_engagement();
    e.set_viewer_id(viewer);
    e.set_video_id(video);
    e.set_from_page(true);
    e.set_page_offset(page);
    e.mutable_watch()->set_watch_ms(10'000);
    e.mutable_watch()->set_loops(1);
    apply(watched);
  }
  void apply(const Record& record) {
    now_us += testing::kSecondUs;
    ASSERT_TRUE(fold(state, bundles, now_us, record, {}).ok());
  }

  // Video ids by the source that found them, in order.
  std::vector<uint64_t> of(Source source, const FeedRequest& request) {
    const Arm& arm = state.active();
    const features::ViewerContext context(arm.bundle, state.catalogue, arm.co_watch, arm.towers,
                                          arm.model, state.viewers.find(request.viewer_id()),
                                          request.language(), state.time_us);
    base::Rng rng(1);
    const auto set = gather(View(state, arm), context, request, {}, rng, scratch);
    std::vector<uint64_t> out;
    for (const Candidate& candidate : set.candidates) {
      if (candidate.source == source) out.push_back(state.catalogue.video(candidate.video).id);
    }
    return out;
  }

  const Bundle bundle = lean();
  const Bundles bundles{bundle};
  State state{bundle, PartitionId(0)};
  Scratch scratch;
  uint64_t now_us = testing::kStartUs;
};

void like(FeedRequest& request, uint64_t video, uint32_t people) {
  auto& liked = *request.add_liked_by_followed();
  liked.set_video_id(video);
  liked.set_people(people);
}

TEST_F(CandidatesTest, VideosWithTheSoundOfLatestLikes) {
  for (uint64_t v = 1; v <= 60; ++v) publish(v, v % 10);
  EXPECT_TRUE(of(log::v1::SOURCE_SOUND, request(7)).empty());
  finish(7, 13);
  set_eligible(23, false);
  auto found = of(log::v1::SOURCE_SOUND, request(7));
  EXPECT_EQ(found.size(), 3u);
  for (uint64_t video : found) {
    EXPECT_EQ(video % 10, 3u);
    EXPECT_NE(video, 13u);
    EXPECT_NE(video, 23u);
  }
  // No sound is not a sound that others have.
  finish(8, 10);
  EXPECT_TRUE(of(log::v1::SOURCE_SOUND, request(8)).empty());
}

TEST_F(CandidatesTest, OfSoundsTheOneThatMoreLikesHaveComesFirst) {
  for (uint64_t v = 1; v <= 60; ++v) publish(v, v % 10);
  for (uint64_t v : {14, 24, 5}) finish(7, v);
  for (uint64_t video : of(log::v1::SOURCE_SOUND, request(7))) EXPECT_EQ(video % 10, 4u);
}

TEST_F(CandidatesTest, AVideoPublishedAgainWithAnotherSoundHasThat) {
  for (uint64_t v = 1; v <= 60; ++v) publish(v, v % 10);
  finish(7, 13);
  publish(43, 99);
  publish(44, 3);
  auto found = of(log::v1::SOURCE_SOUND, request(7));
  EXPECT_EQ(std::count(found.begin(), found.end(), 43u), 0);
  EXPECT_EQ(state.sounds.videos_of(99).size(), 1u);
  EXPECT_EQ(state.sounds.videos_of(3).size(), 6u);
  EXPECT_EQ(state.sounds.videos_of(4).size(), 5u);
}

TEST_F(CandidatesTest, TrendingInTheRegionOnceSeveralThereHaveFinishedIt) {
  for (uint64_t v = 1; v <= 60; ++v) publish(v, 0);
  for (uint64_t viewer : {11, 12}) finish(viewer, 20, "FR");
  EXPECT_TRUE(of(log::v1::SOURCE_TRENDING_REGION, request(7, "FR")).empty());
  finish(13, 20, "FR");
  for (uint64_t viewer : {21, 22, 23, 24}) finish(viewer, 30, "DE");
  EXPECT_EQ(of(log::v1::SOURCE_TRENDING_REGION, request(7, "FR")), std::vector<uint64_t>{20});
  EXPECT_EQ(of(log::v1::SOURCE_TRENDING_REGION, request(7, "DE")), std::vector<uint64_t>{30});
  EXPECT_TRUE(of(log::v1::SOURCE_TRENDING_REGION, request(7)).empty());
  EXPECT_TRUE(of(log::v1::SOURCE_TRENDING_REGION, request(7, "de")).empty());
  EXPECT_TRUE(of(log::v1::SOURCE_TRENDING_REGION, request(13, "FR")).empty());
}

TEST_F(CandidatesTest, LikedByFollowedComesInTheGivenOrderAsFarAsItMayBeServed) {
  for (uint64_t v = 1; v <= 60; ++v) publish(v, 0);
  finish(7, 31);
  set_eligible(33, false);
  FeedRequest wanted = request(7);
  for (uint64_t v : {31, 32, 33, 999, 34, 35, 36, 37}) like(wanted, v, 1);
  EXPECT_EQ(of(log::v1::SOURCE_LIKED_BY_FOLLOWED, wanted), (std::vector<uint64_t>{32, 34, 35, 36}));
}

TEST(Candidates, APageNamesTheSourceAndSaysWhy) {
  testing::World world(testing::WorldOptions{.videos = 48}, lean());
  world.publish_all();
  FeedRequest wanted = world.request(7, 8);
  for (uint64_t v = 1001; v < 1021; ++v) like(wanted, v, 3);
  bool met = false;
  for (int i = 0; i < 12 && !met; ++i) {
    const auto page = world.engine->rank(wanted);
    ASSERT_TRUE(page.ok());
    for (const auto& slot : page->slots()) {
      if (slot.source() != log::v1::SOURCE_LIKED_BY_FOLLOWED) continue;
      met = true;
      EXPECT_EQ(slot.reasons(0).kind(), "liked_by_followed");
      EXPECT_EQ(slot.reasons(0).count(), 3u);
    }
    world.serve(wanted);
  }
  EXPECT_TRUE(met);
  for (uint64_t v = 1021; v < 1034; ++v) like(wanted, v, 1);
  auto refused = world.engine->rank(wanted);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().field(), "liked_by_followed");
}

// Where lists are read in full the page is the one that the exact scan gives.
TEST(Candidates, ListsFindWhatTheScanFinds) {
  Bundle scanned = Bundle::defaults();
  scanned.candidates.personal = 10;
  Bundle listed = scanned;
  listed.towers.lists_from = 64;
  listed.towers.lists = 16;
  listed.towers.probed_share = 1;
  std::vector<std::vector<uint64_t>> found;
  for (const Bundle& bundle : {scanned, listed}) {
    testing::World world(testing::WorldOptions{.videos = 300}, bundle);
    world.publish_all();
    State state(bundle, PartitionId(0));
    const Bundles bundles(bundle);
    // The same outcomes in both, whatever each would have ranked.
    testing::World teacher(testing::WorldOptions{.videos = 300}, scanned);
    teacher.publish_all();
    teacher.train(30, 3);
    for (int i = 0; i < 6; ++i) teacher.tick();
    for (const auto& logged : teacher.log) {
      ASSERT_TRUE(fold(state, bundles, logged.time_us, logged.record, {}).ok());
    }
    const Arm& arm = state.active();
    EXPECT_EQ(arm.towers.has_lists(), bundle.towers.lists_from == 64);
    std::vector<uint64_t> personal;
    Scratch scratch;
    for (uint64_t viewer : state.viewers.sorted_ids()) {
      FeedRequest request = teacher.request(viewer, 8);
      const features::ViewerContext context(arm.bundle, state.catalogue, arm.co_watch, arm.towers,
                                            arm.model, state.viewers.find(viewer), "en",
                                            state.time_us);
      base::Rng rng(1);
      for (const auto& c :
           gather(View(state, arm), context, request, {}, rng, scratch).candidates) {
        if (c.source == log::v1::SOURCE_PERSONAL) personal.push_back(c.video);
      }
    }
    EXPECT_GT(personal.size(), 100u);
    found.push_back(std::move(personal));
  }
  EXPECT_EQ(found[0], found[1]);
}

TEST(Candidates, AnEngineWithListsRegionsAndSoundsResumesAnywhere) {
  Bundle bundle = Bundle::defaults();
  bundle.towers.lists_from = 64;
  bundle.towers.lists = 16;
  auto bundles = std::make_shared<const Bundles>(bundle);
  testing::World world(testing::WorldOptions{.videos = 200}, bundle, bundles);
  world.publish_all();
  for (uint64_t viewer = 1; viewer <= 12; ++viewer) {
    FeedRequest wanted = world.request(viewer, 8);
    wanted.set_region(viewer % 2 == 0 ? "FR" : "IE");
    like(wanted, 1001 + viewer, 2);
    const auto page = world.serve(wanted);
    for (size_t slot = 0; slot < 8; ++slot) {
      world.show(viewer, page.place(slot));
      world.finish(viewer, page.place(slot));
    }
    world.tick();
  }
  testing::expect_resumes(world, bundle, bundles,
                          {world.log.size() / 3, world.log.size() / 2, world.log.size() - 5});
}

TEST(RegionalTrends, FindsWhatRisesAmongMuchThatDoesNot) {
  RegionalTrends trends;
  const Region here = region_of("BR");
  base::Rng rng(3);
  uint64_t now = testing::kStartUs;
  for (int i = 0; i < 20'000; ++i) {
    now += testing::kSecondUs;
    const bool hit = i > 15'000 && i % 20 == 0;
    trends.note(here, hit ? 77 : 1000 + static_cast<uint32_t>(rng.below(5000)), 1, true, now);
  }
  const auto list = trends.of(here);
  EXPECT_EQ(list.size(), RegionalTrends::kVideosMax);
  const auto best = std::max_element(list.begin(), list.end(),
                                     [](const auto& a, const auto& b) { return a.key < b.key; });
  EXPECT_EQ(best->video, 77u);
  EXPECT_GT(best->finishes, 200u);
  EXPECT_TRUE(trends.of(region_of("PT")).empty());
}

TEST(RegionalTrends, MeritFadesByHalfADay) {
  RegionalTrends trends;
  const Region here = region_of("BR");
  constexpr uint64_t kDayUs = 86'400'000'000;
  for (int i = 0; i < 4; ++i) trends.note(here, 1, 1, true, 10 * kDayUs);
  for (int i = 0; i < 3; ++i) trends.note(here, 2, 1, true, 11 * kDayUs);
  for (int i = 0; i < 4; ++i) trends.note(here, 3, 1, true, 12 * kDayUs);
  const auto list = trends.of(here);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_NEAR(list[0].key, 12.0, 1e-4);
  EXPECT_NEAR(list[1].key, 11 + 1.58496, 1e-4);
  EXPECT_NEAR(list[2].key, 14.0, 1e-4);
}

TEST(RegionalTrends, RegionsAreTwoCapitals) {
  EXPECT_EQ(region_of("AA"), 1);
  EXPECT_EQ(region_of("ZZ"), kRegionsMax);
  for (const char* none : {"", "F", "fr", "FRA", "F1"}) EXPECT_EQ(region_of(none), 0) << none;
}

TEST(RegionalTrends, RestoreRefusesWhatDoesNotFit) {
  RegionalTrends trends;
  for (uint32_t v = 0; v < 5; ++v) trends.note(region_of("FR"), v, 1, true, testing::kStartUs);
  trends.note(region_of("IE"), 1, 1, true, testing::kStartUs);
  const auto refuses = [&](auto spoil) {
    auto lists = trends.contents();
    spoil(lists);
    RegionalTrends other;
    return !other.restore(std::move(lists), 5).ok();
  };
  EXPECT_FALSE(refuses([](auto&) {}));
  EXPECT_TRUE(refuses([](auto& lists) { std::swap(lists[0], lists[1]); }));
  EXPECT_TRUE(refuses([](auto& lists) { lists[0].region = 0; }));
  EXPECT_TRUE(refuses([](auto& lists) { lists[1].region = kRegionsMax + 1; }));
  EXPECT_TRUE(refuses([](auto& lists) { lists[0].trends[0].video = 5; }));
  EXPECT_TRUE(refuses([](auto& lists) { lists[0].trends[3].video = 2; }));
  EXPECT_TRUE(refuses([](auto& lists) { lists[1].trends.clear(); }));
  EXPECT_TRUE(refuses([](auto& lists) { lists[1].trends[0].key = 0.0 / 0.0; }));
}

}  // namespace
}  // namespace rondo::recommender::retrieval
