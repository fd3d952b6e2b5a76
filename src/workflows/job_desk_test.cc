#include "workflows/job_desk.h"

#include "workflows/publish_fixture.h"

namespace rondo::workflows {
namespace {

using catalogue::VideoState;

class JobDeskTest : public PublishFixture {
 protected:
  JobDeskTest() : desk_(*catalogue_, queue_, *publish_) {}

  JobDesk desk_;
};

TEST_F(JobDeskTest, ShowsJobsWithTheirVideos) {
  const VideoId first = submit(1);
  queue_.run_one();
  submit(2);
  const Desk desk = desk_.view().value();
  EXPECT_EQ(desk.waiting, 2);
  ASSERT_EQ(desk.jobs.size(), 2u);
  EXPECT_EQ(desk.jobs[0].purpose, JobPurpose::kFinish);
  EXPECT_EQ(desk.jobs[0].video->id, first);
  EXPECT_TRUE(desk.jobs[0].can_call_off);
  EXPECT_FALSE(desk.jobs[0].can_retry) << "it waits for its turn only";
  EXPECT_EQ(desk.jobs[1].purpose, JobPurpose::kPublish);
  EXPECT_EQ(desk.jobs[1].job.owner, ada_.account.value());
}

TEST_F(JobDeskTest, WhatWaitsIsCalledOffBeforeItBegins) {
  const VideoId id = submit(1);
  const JobId job = desk_.view()->jobs.at(0).job.id;
  desk_.call_off(job).value();
  EXPECT_EQ(video(id).state, VideoState::kRefused);
  EXPECT_EQ(video(id).refusal->code, "called_off");
  EXPECT_FALSE(desk_.view()->jobs.at(0).can_call_off);
  EXPECT_EQ(desk_.call_off(job).error().reason(), "not_called_off");
  queue_.run_all();
  EXPECT_EQ(made_, 0);
  EXPECT_TRUE(uploads_.empty());
  EXPECT_TRUE(media_.empty());
  EXPECT_TRUE(desk_.view()->jobs.empty());
  EXPECT_EQ(desk_.call_off(JobId(99)).error().code(), ErrorCode::kNotFound);
}

TEST_F(JobDeskTest, WhatRunsStopsAtOnce) {
  const VideoId id = submit(1);
  const JobId job = desk_.view()->jobs.at(0).job.id;
  during_make = [&](std::stop_token stop) {
    EXPECT_FALSE(stop.stop_requested());
    desk_.call_off(job).value();
    EXPECT_TRUE(stop.stop_requested());
    make_error = unavailable("stopped");
  };
  queue_.run_all();
  EXPECT_EQ(made_, 1) << "not tried again";
  EXPECT_EQ(video(id).refusal->code, "called_off");
  EXPECT_TRUE(uploads_.empty());
  EXPECT_TRUE(desk_.view()->jobs.empty());
}

TEST_F(JobDeskTest, ALiveVideoStaysWithWhatItHas) {
  const VideoId waits = submit(1);
  queue_.run_one();
  desk_.call_off(desk_.view()->jobs.at(0).job.id).value();
  EXPECT_TRUE(uploads_.empty());
  queue_.run_all();
  EXPECT_EQ(made_rest_, 0);
  EXPECT_EQ(video(waits).state, VideoState::kLive);
  EXPECT_EQ(video(waits).media.renditions.size(), 1u);

  const VideoId runs = submit(2);
  queue_.run_one();
  const JobId job = desk_.view()->jobs.at(0).job.id;
  during_rest = [&](std::stop_token stop) {
    desk_.call_off(job).value();
    EXPECT_TRUE(stop.stop_requested());
    rest_error = unavailable("stopped");
  };
  queue_.run_all();
  EXPECT_EQ(made_rest_, 1);
  EXPECT_EQ(video(runs).state, VideoState::kLive);
  EXPECT_EQ(video(runs).media.renditions.size(), 1u);
  EXPECT_TRUE(uploads_.empty());
  EXPECT_EQ(media_.size(), 2u);
}

TEST_F(JobDeskTest, RetriesWhatCanBeAndSaysWhyNot) {
  make_error = unavailable("the disk is full");
  submit(1);
  queue_.run_one();
  DeskJob job = desk_.view()->jobs.at(0);
  EXPECT_TRUE(job.can_retry);
  EXPECT_NE(job.job.error.find("the disk is full"), std::string::npos);
  desk_.retry(job.job.id).value();
  queue_.run_one();
  queue_.run_one();
  job = desk_.view()->jobs.at(0);
  EXPECT_EQ(job.job.state, jobs::JobState::kFailed);
  EXPECT_FALSE(job.can_retry);
  const auto again = desk_.retry(job.job.id);
  EXPECT_EQ(again.error().reason(), "not_retried");
  EXPECT_NE(again.error().message().find("upload it again"), std::string::npos);
  EXPECT_EQ(desk_.retry(JobId(99)).error().code(), ErrorCode::kNotFound);
}

TEST_F(JobDeskTest, CleaningUpIsNotCalledOffButTriedAgain) {
  const VideoId id = submit(1);
  queue_.run_all();
  remove_media_error = internal("the disk does not answer");
  remove_->remove(ada_, id).value();
  DeskJob job = desk_.view()->jobs.at(0);
  EXPECT_EQ(job.purpose, JobPurpose::kCleanUp);
  EXPECT_FALSE(job.video.has_value());
  EXPECT_EQ(desk_.call_off(job.job.id).error().reason(), "not_called_off");
  queue_.run_all();
  job = desk_.view()->jobs.at(0);
  EXPECT_EQ(job.job.state, jobs::JobState::kFailed);
  EXPECT_TRUE(job.can_retry);
  remove_media_error.reset();
  desk_.retry(job.job.id).value();
  queue_.run_all();
  EXPECT_TRUE(media_.empty());
  EXPECT_TRUE(desk_.view()->jobs.empty());
}

}  // namespace
}  // namespace rondo::workflows
