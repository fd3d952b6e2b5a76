#include "workflows/projector.h"

#include <thread>

#include "workflows/workflows_fixture.h"

namespace rondo::workflows {
namespace {

class ProjectorTest : public WorkflowsFixture {
 protected:
  ProjectorTest() { open(); }

  VideoId live_video(uint64_t upload) {
    VideoId id = catalogue_->create_draft({UploadId(upload), AccountId(1), EngineId(2), "", {}, ""})
                     .value()
                     .id;
    catalogue_->publish(id, {1000, 1, 1, {{"1p", 1, 1, 1, 1}}}).value();
    return id;
  }
  // Appends to the partition and returns the offset behind.
  Offset append(uint64_t partition, std::string payload) {
    auto appended = stream::append_and_wait(
        *stream_, PartitionId(partition), {{"m" + std::to_string(++messages_), std::move(payload)}},
        in_seconds(10));
    return Offset(appended.value().back().offset.value() + 1);
  }
  static std::string like(uint64_t viewer, VideoId video, bool liked) {
    log::v1::Record record;
    auto& body = *record.mutable_engagement();
    body.set_viewer_id(viewer);
    body.set_video_id(video.value());
    body.set_like(liked);
    return records::seal(record, 5);
  }

  int messages_ = 0;
};

TEST_F(ProjectorTest, FoldsEveryPartitionAndSaysHowFar) {
  VideoId video = live_video(1);
  Projector projector(*database_, *stream_, {});
  projector.start();
  Offset end[kPartitions];
  for (uint64_t viewer = 0; viewer < 30; ++viewer) {
    uint64_t p = viewer % kPartitions;
    end[p] = append(p, like(viewer + 1, video, true));
  }
  for (uint64_t p = 0; p < kPartitions; ++p) {
    ASSERT_TRUE(projector.wait_until(PartitionId(p), end[p], in_seconds(10)).ok());
    EXPECT_EQ(projector.caught_up_to(PartitionId(p)), end[p]);
  }
  EXPECT_EQ(catalogue_->find(video).value().likes, 30);
  end[0] = append(0, like(1, video, false));
  ASSERT_TRUE(projector.wait_until(PartitionId(0), end[0], in_seconds(10)).ok());
  EXPECT_EQ(catalogue_->find(video).value().likes, 29);
  projector.stop();
}

TEST_F(ProjectorTest, GoesOnWhereTheLastOneStopped) {
  VideoId video = live_video(1);
  append(0, like(1, video, true));
  {
    Projector first(*database_, *stream_, {});
    EXPECT_EQ(first.project_batch(PartitionId(0)).value(), 1u);
  }
  append(0, like(2, video, true));
  Projector second(*database_, *stream_, {});
  EXPECT_EQ(second.project_batch(PartitionId(0)).value(), 1u);
  EXPECT_EQ(second.project_batch(PartitionId(0)).value(), 0u);
  EXPECT_EQ(catalogue_->find(video).value().likes, 2);
}

TEST_F(ProjectorTest, TwoProjectorsDoNotCountTwice) {
  VideoId video = live_video(1);
  Projector one(*database_, *stream_, {});
  Projector two(*database_, *stream_, {});
  EXPECT_EQ(one.project_batch(PartitionId(0)).value(), 0u);
  EXPECT_EQ(two.project_batch(PartitionId(0)).value(), 0u);
  append(0, like(1, video, true));
  EXPECT_EQ(one.project_batch(PartitionId(0)).value(), 1u);
  EXPECT_EQ(two.project_batch(PartitionId(0)).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(two.project_batch(PartitionId(0)).value(), 0u) << "reads the offset anew";
  EXPECT_EQ(catalogue_->find(video).value().likes, 1);
}

TEST_F(ProjectorTest, WorksInBoundedBatches) {
  VideoId video = live_video(1);
  for (uint64_t viewer = 1; viewer <= 10; ++viewer) append(0, like(viewer, video, true));
  ProjectorOptions options;
  options.batch_messages_max = 4;
  Projector projector(*database_, *stream_, options);
  EXPECT_EQ(projector.project_batch(PartitionId(0)).value(), 4u);
  EXPECT_EQ(catalogue_->find(video).value().likes, 4);
}

TEST_F(ProjectorTest, WhatCannotBeReadHaltsItsPartitionAndNoOther) {
  VideoId video = live_video(1);
  append(0, like(1, video, true));
  append(0, "no envelope \xFF\xFF");
  Offset end0 = append(0, like(2, video, true));
  Offset end1 = append(1, like(3, video, true));
  Projector projector(*database_, *stream_, {});
  projector.start();
  ASSERT_TRUE(projector.wait_until(PartitionId(1), end1, in_seconds(10)).ok());
  ASSERT_TRUE(projector.wait_until(PartitionId(0), Offset(1), in_seconds(10)).ok());
  EXPECT_EQ(catalogue_->find(video).value().likes, 2) << "what stands before it is folded";

  // Polls with a deadline: the halt is noted after the batch before it.
  auto deadline = in_seconds(10);
  while (!projector.halted(PartitionId(0)) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  ASSERT_TRUE(projector.halted(PartitionId(0)).has_value());
  EXPECT_NE(projector.halted(PartitionId(0))->describe().find("offset 1 of partition 0"),
            std::string::npos);
  EXPECT_FALSE(projector.halted(PartitionId(1)).has_value());
  auto waited = projector.wait_until(PartitionId(0), end0, in_seconds(0));
  ASSERT_FALSE(waited.ok());
  EXPECT_NE(waited.error().message().find("offset 1 of partition 0"), std::string::npos);
  end1 = append(1, like(4, video, true));
  EXPECT_TRUE(projector.wait_until(PartitionId(1), end1, in_seconds(10)).ok());
}

TEST_F(ProjectorTest, GoesOnBehindWhatRetentionRemoved) {
  VideoId video = live_video(1);
  for (uint64_t viewer = 1; viewer <= 5; ++viewer) append(0, like(viewer, video, true));
  ASSERT_TRUE(stream_->pin(PartitionId(0), Offset(5)).ok());
  stream::Retention retention;
  retention.bytes_max = 1;
  const Offset first = stream_->enforce(PartitionId(0), retention).value();
  ASSERT_GT(first, Offset(0));
  Offset end = append(0, like(9, video, true));
  Projector projector(*database_, *stream_, {});
  projector.start();
  ASSERT_TRUE(projector.wait_until(PartitionId(0), end, in_seconds(10)).ok());
  EXPECT_EQ(catalogue_->find(video).value().likes,
            static_cast<int64_t>(end.value() - first.value()));
}

TEST_F(ProjectorTest, StopsSoonWhileIdle) {
  Projector projector(*database_, *stream_, {});
  projector.start();
  auto begin = std::chrono::steady_clock::now();
  projector.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace rondo::workflows
