#include "catalogue/projection.h"

#include <map>
#include <set>

#include "base/random.h"
#include "catalogue/catalogue_fixture.h"
#include "storage/projection.h"

namespace rondo::catalogue {
namespace {

LoggedRecord like(uint64_t viewer, VideoId video, bool liked) {
  LoggedRecord logged{1, {}};
  auto& body = *logged.record.mutable_engagement();
  body.set_viewer_id(viewer);
  body.set_video_id(video.value());
  body.set_like(liked);
  return logged;
}
LoggedRecord watch(uint64_t viewer, VideoId video, uint32_t watch_ms, uint32_t loops) {
  LoggedRecord logged{1, {}};
  auto& body = *logged.record.mutable_engagement();
  body.set_viewer_id(viewer);
  body.set_video_id(video.value());
  body.mutable_watch()->set_watch_ms(watch_ms);
  body.mutable_watch()->set_loops(loops);
  return logged;
}

class ProjectionTest : public CatalogueFixture {
 protected:
  Result<void> apply(uint64_t from, const std::vector<LoggedRecord>& records) {
    return apply_in(PartitionId(0), from, records);
  }
  Result<void> apply_in(PartitionId partition, uint64_t from,
                        const std::vector<LoggedRecord>& records) {
    return database_->write([&](soci::session& sql) {
      return apply_projection(sql, partition, Offset(from), Offset(from + records.size()), records);
    });
  }
  uint64_t offset(uint64_t partition) {
    return database_
        ->read([&](soci::session& sql) {
          return storage::projection_offset(sql, kProjectionName, PartitionId(partition));
        })
        .value()
        .value();
  }
};

TEST_F(ProjectionTest, TellsWhatSomeViewersLikeLately) {
  std::vector<VideoId> videos;
  for (uint64_t i = 1; i <= 20; ++i) videos.push_back(live_video(i, 10));
  std::vector<LoggedRecord> records;
  uint64_t time_us = 100;
  auto likes = [&](uint64_t viewer, VideoId video) {
    records.push_back(like(viewer, video, true));
    records.back().time_us = ++time_us;
  };
  for (VideoId video : videos) likes(1, video);
  for (size_t i : {5, 7}) likes(2, videos[i]);
  likes(3, videos[5]);
  likes(9, videos[19]);
  apply(0, records).value();
  const EngineId viewers[] = {EngineId(1), EngineId(2), EngineId(3)};
  const auto found = catalogue_->liked_lately(viewers, 4).value();
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].video, videos[5]);
  EXPECT_EQ(found[0].people, 3u);
  EXPECT_EQ(found[1].video, videos[7]);
  EXPECT_EQ(found[1].people, 2u);
  EXPECT_EQ(found[2].video, videos[19]);
  EXPECT_EQ(found[2].people, 1u);
  EXPECT_EQ(found[3].video, videos[18]);
  // The oldest of one who likes much are not looked at.
  EXPECT_EQ(catalogue_->liked_lately(viewers, 100).value().size(), 16u);
  EXPECT_TRUE(catalogue_->liked_lately({}, 4).value().empty());
  apply(records.size(), {like(2, videos[7], false)}).value();
  EXPECT_EQ(catalogue_->liked_lately(viewers, 2).value()[1].people, 1u);
}

TEST_F(ProjectionTest, CountsLikesAndViews) {
  VideoId a = live_video(1, 10);
  VideoId b = live_video(2, 10);
  apply(0,
        {like(1, a, true), like(2, a, true), like(1, b, true), like(1, a, true), like(2, a, false),
         like(3, a, false), watch(1, a, 5000, 0), watch(2, a, 999, 0), watch(3, a, 600, 1)})
      .value();
  Video video = catalogue_->find(a).value();
  EXPECT_EQ(video.likes, 1);
  EXPECT_EQ(video.views, 2);
  EXPECT_EQ(catalogue_->find(b).value().likes, 1);
  EXPECT_EQ(catalogue_->find(b).value().views, 0);
  const VideoId ids[] = {a, b};
  EXPECT_EQ(catalogue_->liked(EngineId(1), ids).value().size(), 2u);
  EXPECT_TRUE(catalogue_->liked(EngineId(2), ids).value().empty());
  EXPECT_TRUE(catalogue_->liked(EngineId(1), {}).value().empty());
  EXPECT_EQ(offset(0), 9u);
}

TEST_F(ProjectionTest, ABatchCountsOnce) {
  VideoId a = live_video(1, 10);
  std::vector<LoggedRecord> batch = {like(1, a, true), watch(1, a, 5000, 1)};
  apply(0, batch).value();
  auto again = apply(0, batch);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(catalogue_->find(a).value().views, 1);
  EXPECT_EQ(offset(0), 2u);
  EXPECT_FALSE(apply(3, batch).ok()) << "nor is one left out";
}

TEST_F(ProjectionTest, RowsAndOffsetStandOrFallTogether) {
  VideoId a = live_video(1, 10);
  auto failed = database_->write([&](soci::session& sql) -> Result<void> {
    const std::vector<LoggedRecord> batch = {like(1, a, true)};
    RD_CHECK(apply_projection(sql, PartitionId(0), Offset(0), Offset(1), batch));
    return unavailable("the disk is full");
  });
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(catalogue_->find(a).value().likes, 0);
  EXPECT_EQ(offset(0), 0u);
}

TEST_F(ProjectionTest, ErasedViewersTakeTheirLikesAlong) {
  VideoId a = live_video(1, 10);
  VideoId b = live_video(2, 10);
  apply(0, {like(1, a, true), like(1, b, true), like(2, a, true)}).value();
  LoggedRecord erased{1, {}};
  erased.record.mutable_account_erased()->set_viewer_id(1);
  apply(3, {erased, like(1, b, true)}).value();
  EXPECT_EQ(catalogue_->find(a).value().likes, 1);
  EXPECT_EQ(catalogue_->find(b).value().likes, 1) << "liked again afterwards";
}

TEST_F(ProjectionTest, OtherRecordsAndUnknownVideosDoNoHarm) {
  LoggedRecord tick{1, {}};
  tick.record.mutable_tick()->set_epoch(5);
  apply(0, {tick, like(1, VideoId(424242), true)}).value();
  EXPECT_EQ(offset(0), 2u);
}

// The real thing beside a set and a map, by a seed: batches of any size over two partitions.
TEST_F(ProjectionTest, AgreesWithAModel) {
  base::Rng rng(3);
  std::vector<VideoId> videos;
  for (uint64_t i = 1; i <= 4; ++i) videos.push_back(live_video(i, 10));
  std::set<std::pair<uint64_t, VideoId>> liked;
  std::map<VideoId, int64_t> views;
  uint64_t next[2] = {0, 0};
  for (int round = 0; round < 60; ++round) {
    // A viewer's events are all in one partition.
    const uint64_t partition = rng.below(2);
    std::vector<LoggedRecord> batch;
    for (uint64_t n = rng.below(12); n > 0; --n) {
      uint64_t viewer = 2 * (1 + rng.below(4)) + partition;
      VideoId video = videos[rng.below(videos.size())];
      switch (rng.below(3)) {
        case 0:
          batch.push_back(like(viewer, video, true));
          liked.insert({viewer, video});
          break;
        case 1:
          batch.push_back(like(viewer, video, false));
          liked.erase({viewer, video});
          break;
        default:
          batch.push_back(watch(viewer, video, 2000, 0));
          ++views[video];
      }
    }
    apply_in(PartitionId(partition), next[partition], batch).value();
    next[partition] += batch.size();
  }
  for (VideoId video : videos) {
    int64_t likes = 0;
    for (const auto& [viewer, which] : liked) likes += which == video ? 1 : 0;
    EXPECT_EQ(catalogue_->find(video).value().likes, likes);
    EXPECT_EQ(catalogue_->find(video).value().views, views[video]);
  }
  EXPECT_EQ(offset(0), next[0]);
  EXPECT_EQ(offset(1), next[1]);
}

}  // namespace
}  // namespace rondo::catalogue
