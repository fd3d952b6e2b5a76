#include "workflows/delete_video.h"

#include <utility>

#include "telemetry/log.h"
#include "workflows/clean_up.h"

namespace rondo::workflows {

namespace {

using catalogue::Video;
using catalogue::VideoState;

constexpr std::string_view kKind = "clean_up_video";
constexpr int kResumePage = 100;

}  // namespace

DeleteVideo::DeleteVideo(catalogue::Catalogue& catalogue, jobs::JobQueue& jobs, MediaSteps media,
                         std::function<void(VideoId)> deleted)
    : catalogue_(catalogue), jobs_(jobs), media_(std::move(media)), deleted_(std::move(deleted)) {}

void DeleteVideo::register_jobs() {
  jobs::JobKind kind;
  kind.name = std::string(kKind);
  kind.run = [this](jobs::JobContext& context) -> Result<void> {
    RD_TRY(const VideoId video, id_from_text<VideoId>(context.job().payload));
    return clean_up(catalogue_, media_, video);
  };
  kind.on_failed = [](const jobs::Job& job) {
    log::error("files of a video that are not needed are still there; it is tried again",
               {{"video", job.payload}, {"why", job.error}});
  };
  jobs_.add_kind(std::move(kind));
}

// A key a state: what was removed for a live video is not all that goes when it is deleted.
Result<JobId> DeleteVideo::enqueue(const Video& video) {
  const std::string id = to_text(video.id);
  return jobs_.enqueue(kKind,
                       std::string(kKind) + "/" + id + "/" + std::string(to_string(video.state)),
                       id, video.author.value());
}

Result<void> DeleteVideo::remove(const accounts::Principal& by, VideoId id) {
  RD_TRY(Video video, catalogue_.find(id));
  const bool own = by.is_account() && by.account == video.author;
  if (!own && !by.is_admin()) {
    if (video.state == VideoState::kLive) {
      return denied("only its author can delete a video").with_reason("not_the_author");
    }
    return not_found("this video does not exist").with_reason("video_unknown");
  }
  RD_CHECK(catalogue_.remove(id));
  deleted_(id);
  // From here on it is gone for everybody; files without a job go with resume().
  video.state = VideoState::kDeleted;
  auto enqueued = enqueue(video);
  if (!enqueued.ok()) log::warning("removing files is put off", {{"video", to_text(id)}});
  return {};
}

Result<int> DeleteVideo::resume() {
  int count = 0;
  for (VideoId after;;) {
    RD_TRY(const auto ids, catalogue_.to_clean_up(after, kResumePage));
    if (ids.empty()) return count;
    for (VideoId id : ids) {
      RD_TRY(const Video video, catalogue_.find(id));
      // Its upload is still needed: PublishVideo::resume sees to those.
      if (video.state == VideoState::kLive) continue;
      RD_TRY(const JobId job_id, enqueue(video));
      RD_TRY(const jobs::Job job, jobs_.find(job_id));
      // The queue does not repeat what it has done; files that came later still go.
      if (job.state == jobs::JobState::kDone) RD_CHECK(clean_up(catalogue_, media_, id));
      ++count;
    }
    after = ids.back();
  }
}

}  // namespace rondo::workflows
