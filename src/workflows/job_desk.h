// The queue as whoever runs the network sees and handles it: every job that is not done, whose it
// is, how far its video is; calling work off, and trying again without waiting.
//
// Jobs keep no promise to be called off: what ends is the work on a video (PublishVideo::call_off),
// and its job finds nothing left to do. Cleaning up cannot be called off: it would leave files.
//
// Thread safe; calls block.
#pragma once

#include <optional>
#include <vector>

#include "accounts/accounts.h"
#include "catalogue/catalogue.h"
#include "jobs/job_queue.h"
#include "workflows/publish_video.h"

namespace rondo::workflows {

inline constexpr int kDeskJobsMax = 100;  // shown of each state

enum class JobPurpose { kPublish, kFinish, kCleanUp, kOther };

struct DeskJob {
  jobs::Job job;
  JobPurpose purpose = JobPurpose::kOther;
  std::optional<catalogue::Video> video;  // as it is now; unset when it is unknown or deleted
  bool can_call_off = false;
  bool can_retry = false;
};

struct Desk {
  int64_t running = 0, waiting = 0, failed = 0;  // how many there are
  std::vector<DeskJob> jobs;                     // in the order of jobs::QueueView
};

class JobDesk {
 public:
  JobDesk(catalogue::Catalogue& catalogue, jobs::JobQueue& jobs, PublishVideo& publish)
      : catalogue_(catalogue), jobs_(jobs), publish_(publish) {}

  Result<Desk> view() const;
  // not_found; conflict "not_called_off" with the reason why it cannot be.
  Result<void> call_off(JobId job);
  // not_found; conflict "not_retried" with the reason why it would not help.
  Result<void> retry(JobId job);

 private:
  catalogue::Catalogue& catalogue_;
  jobs::JobQueue& jobs_;
  PublishVideo& publish_;
};

}  // namespace rondo::workflows
