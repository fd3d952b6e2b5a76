// Deleting a video: out of the catalogue and the feeds at once (one transaction with its record for
// the log); the work on it is stopped; then its files go, by a job that a crash cannot lose.
//
// Thread safe; calls block.
#pragma once

#include <functional>

#include "accounts/principal.h"
#include "catalogue/catalogue.h"
#include "jobs/job_queue.h"
#include "workflows/media_steps.h"

namespace rondo::workflows {

class DeleteVideo {
 public:
  // `deleted` is called after each deletion, with the video: stops what is done for it, and wakes
  // the outbox's relay.
  DeleteVideo(catalogue::Catalogue& catalogue, jobs::JobQueue& jobs, MediaSteps media,
              std::function<void(VideoId)> deleted);

  // Adds the kind to the queue; before it starts.
  void register_jobs();

  // By its author or an admin; again: nothing more happens. not_found; denied for everybody else
  // (not_found when the video is not public).
  Result<void> remove(const accounts::Principal& by, VideoId video);

  // Gives a job to every video with files that it does not need (clean_up.h). After the queue has
  // started, and now and then. How many there were.
  Result<int> resume();

 private:
  Result<JobId> enqueue(const catalogue::Video& video);

  catalogue::Catalogue& catalogue_;
  jobs::JobQueue& jobs_;
  const MediaSteps media_;
  const std::function<void(VideoId)> deleted_;
};

}  // namespace rondo::workflows
