#include <map>

#include "base/random.h"
#include "catalogue/catalogue_fixture.h"

namespace rondo::catalogue {
namespace {

std::vector<VideoId> ids_of(const std::vector<Video>& videos) {
  std::vector<VideoId> ids;
  for (const Video& video : videos) ids.push_back(video.id);
  return ids;
}

TEST_F(CatalogueFixture, LatestIsNewestFirstWhateverTheClockDoes) {
  std::vector<VideoId> published;
  for (uint64_t i = 1; i <= 5; ++i) {
    published.insert(published.begin(), live_video(i, 10));
    clock_.advance(std::chrono::seconds(i % 2 == 0 ? 10 : -20));
  }
  EXPECT_EQ(ids_of(catalogue_->latest("", 50).value().items), published);
  EXPECT_FALSE(catalogue_->latest("", 5).value().next_cursor.has_value());
}

// While somebody reads on, others publish and delete: nothing comes twice, nothing is left out.
TEST_F(CatalogueFixture, CursorsAreStableWhileVideosComeAndGo) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    base::Rng rng(seed);
    uint64_t upload = seed * 1000;
    std::vector<VideoId> at_start;
    for (int i = 0; i < 20; ++i) {
      clock_.advance(std::chrono::microseconds(rng.below(3)));
      at_start.push_back(live_video(++upload, seed));
    }
    const AccountId author[] = {AccountId(seed)};
    std::vector<VideoId> read;
    std::vector<VideoId> removed;
    std::string cursor;
    for (int pages = 0; pages < 100; ++pages) {
      VideoPage page =
          catalogue_->live_of(author, cursor, 1 + static_cast<int>(rng.below(4))).value();
      for (VideoId id : ids_of(page.items)) read.push_back(id);
      if (!page.next_cursor) break;
      cursor = *page.next_cursor;
      if (rng.below(2) == 0) static_cast<void>(live_video(++upload, seed));
      if (rng.below(3) == 0) {
        VideoId victim = at_start[rng.below(at_start.size())];
        catalogue_->remove(victim).value();
        removed.push_back(victim);
      }
    }
    std::set<VideoId> unique(read.begin(), read.end());
    EXPECT_EQ(unique.size(), read.size()) << "seed " << seed;
    for (VideoId id : at_start) {
      bool gone = std::find(removed.begin(), removed.end(), id) != removed.end();
      EXPECT_TRUE(gone || unique.count(id) == 1) << "seed " << seed;
    }
    std::vector<VideoId> expected(at_start.rbegin(), at_start.rend());
    std::erase_if(expected, [&](VideoId id) { return unique.count(id) == 0; });
    EXPECT_EQ(read, expected) << "in order, and nothing that came later";
  }
}

TEST_F(CatalogueFixture, ACursorOfSomethingElseIsRefused) {
  for (std::string cursor : {"x", "aaaaaaaaaaaaaaaaaaaaaaaaau", "00000000000000000000000000000"}) {
    auto page = catalogue_->latest(cursor, 10);
    ASSERT_FALSE(page.ok()) << cursor;
    EXPECT_EQ(page.error().field(), "cursor");
  }
}

TEST_F(CatalogueFixture, PagesAreBounded) {
  for (uint64_t i = 1; i <= 53; ++i) static_cast<void>(live_video(i, 10));
  VideoPage page = catalogue_->latest("", 1'000'000).value();
  EXPECT_EQ(page.items.size(), 50u);
  ASSERT_TRUE(page.next_cursor.has_value());
  EXPECT_EQ(catalogue_->latest(*page.next_cursor, 50).value().items.size(), 3u);
  EXPECT_EQ(catalogue_->latest("", 0).value().items.size(), 1u);
}

TEST_F(CatalogueFixture, ListsByAuthor) {
  VideoId a = live_video(1, 10);
  VideoId b = live_video(2, 11);
  VideoId c = live_video(3, 12);
  const AccountId two[] = {AccountId(10), AccountId(12)};
  EXPECT_EQ(ids_of(catalogue_->live_of(two, "", 10).value().items), (std::vector<VideoId>{c, a}));
  EXPECT_TRUE(catalogue_->live_of({}, "", 10).value().items.empty());
  EXPECT_EQ(catalogue_->count_live_of(AccountId(11)).value(), 1);
  catalogue_->remove(b).value();
  EXPECT_EQ(catalogue_->count_live_of(AccountId(11)).value(), 0);
}

TEST_F(CatalogueFixture, OwnVideosAreThereInEveryStateButDeleted) {
  VideoId processing = catalogue_->create_draft(draft(1, 10)).value().id;
  clock_.advance(std::chrono::seconds(1));
  VideoId refused = catalogue_->create_draft(draft(2, 10)).value().id;
  catalogue_->refuse(refused, {"no_picture", "no picture"}).value();
  clock_.advance(std::chrono::seconds(1));
  VideoId live = live_video(3, 10);
  VideoId deleted = live_video(4, 10);
  catalogue_->remove(deleted).value();
  static_cast<void>(live_video(5, 11));

  std::vector<VideoId> read;
  std::string cursor;
  do {
    VideoPage page = catalogue_->all_of(AccountId(10), cursor, 1).value();
    for (VideoId id : ids_of(page.items)) read.push_back(id);
    cursor = page.next_cursor.value_or("");
  } while (!cursor.empty());
  EXPECT_EQ(read, (std::vector<VideoId>{live, refused, processing}));
}

}  // namespace
}  // namespace rondo::catalogue
