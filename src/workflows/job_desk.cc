#include "workflows/job_desk.h"

#include <span>
#include <unordered_map>
#include <utility>

namespace rondo::workflows {

namespace {

using catalogue::Video;
using catalogue::VideoState;
using jobs::Job;
using jobs::JobState;

JobPurpose purpose_of(const Job& job) {
  if (job.kind == "publish_video") return JobPurpose::kPublish;
  if (job.kind == "finish_video") return JobPurpose::kFinish;
  if (job.kind == "clean_up_video") return JobPurpose::kCleanUp;
  return JobPurpose::kOther;
}

bool makes_media(JobPurpose purpose) {
  return purpose == JobPurpose::kPublish || purpose == JobPurpose::kFinish;
}

// Why it cannot be, as a sentence; empty: it can. A job that the video is past only cleans up.
std::string cannot_call_off(const Job& job, const std::optional<Video>& video) {
  const JobPurpose purpose = purpose_of(job);
  if (job.state == JobState::kDone || job.state == JobState::kFailed) return "the job has ended";
  if (!makes_media(purpose)) return "cleaning up cannot be called off: files would be left over";
  const VideoState wanted =
      purpose == JobPurpose::kPublish ? VideoState::kProcessing : VideoState::kLive;
  if (!video || video->state != wanted) return "the work is over; only cleaning up is left";
  return {};
}

std::string cannot_retry(const Job& job) {
  if (job.state == JobState::kRunning) return "the job is running";
  if (job.state == JobState::kDone) return "the job is done";
  if (job.state == JobState::kFailed && makes_media(purpose_of(job))) {
    return "the uploaded file is gone; its author has to upload it again";
  }
  return {};
}

// Queued, and has its next attempt before it only after a while.
bool waits_for_nothing(const Job& job) {
  return job.state == JobState::kQueued && job.attempts == 0;
}

}  // namespace

Result<Desk> JobDesk::view() const {
  RD_TRY(jobs::QueueView all, jobs_.view(kDeskJobsMax));
  std::unordered_map<VideoId, Video> videos;
  std::vector<VideoId> ids;
  for (const Job& job : all.jobs) {
    if (auto id = id_from_text<VideoId>(job.payload); id.ok()) ids.push_back(*id);
  }
  for (size_t from = 0; from < ids.size(); from += catalogue::kVideosAtOnceMax) {
    const auto part =
        std::span(ids).subspan(from, std::min(catalogue::kVideosAtOnceMax, ids.size() - from));
    RD_TRY(auto found, catalogue_.find_many(part));
    for (Video& video : found) videos.insert_or_assign(video.id, std::move(video));
  }
  Desk desk{all.running, all.queued, all.failed, {}};
  for (Job& job : all.jobs) {
    DeskJob shown;
    shown.purpose = purpose_of(job);
    if (auto id = id_from_text<VideoId>(job.payload); id.ok()) {
      if (auto found = videos.find(*id); found != videos.end()) shown.video = found->second;
    }
    shown.can_call_off = cannot_call_off(job, shown.video).empty();
    shown.can_retry = !waits_for_nothing(job) && cannot_retry(job).empty();
    shown.job = std::move(job);
    desk.jobs.push_back(std::move(shown));
  }
  return desk;
}

Result<void> JobDesk::call_off(JobId id) {
  RD_TRY(const Job job, jobs_.find(id));
  std::optional<Video> video;
  const auto video_id = id_from_text<VideoId>(job.payload);
  if (video_id.ok()) {
    auto found = catalogue_.find(*video_id);
    if (found.ok()) {
      video = std::move(*found);
    } else if (found.error().code() != ErrorCode::kNotFound) {
      return std::move(found).error();
    }
  }
  if (std::string why = cannot_call_off(job, video); !why.empty()) {
    return conflict(std::move(why)).with_reason("not_called_off");
  }
  return publish_.call_off(*video_id);
}

Result<void> JobDesk::retry(JobId id) {
  RD_TRY(const Job job, jobs_.find(id));
  if (std::string why = cannot_retry(job); !why.empty()) {
    return conflict(std::move(why)).with_reason("not_retried");
  }
  return jobs_.retry(id);
}

}  // namespace rondo::workflows
