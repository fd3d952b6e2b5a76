// What this process is working on, so that it can be stopped at once: by whoever deletes the video,
// and when the process ends.
//
// Thread safe. A Work belongs to the thread that runs the job.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <unordered_map>

#include "base/ids.h"
#include "jobs/job_queue.h"

namespace rondo::workflows {

class RunningWork {
 public:
  // Registers the video for as long as it lives. One a video at a time.
  class Work {
   public:
    // Media's work is stopped by a token, the queue's by a flag: looks at that while it lives.
    Work(RunningWork& all, VideoId video, const jobs::JobContext& context)
        : all_(all), video_(video), watcher_([this, &context](const std::stop_token& over) {
            std::unique_lock lock(mutex_);
            while (!over.stop_requested() && !context.stopping()) {
              wake_.wait_for(lock, over, std::chrono::milliseconds(50), [] { return false; });
            }
            if (context.stopping()) source_.request_stop();
          }) {
      std::lock_guard lock(all_.mutex_);
      all_.running_[video_] = this;
    }
    ~Work() {
      std::lock_guard lock(all_.mutex_);
      // Another's, when a second one was registered meanwhile.
      auto found = all_.running_.find(video_);
      if (found != all_.running_.end() && found->second == this) all_.running_.erase(found);
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    std::stop_token token() const { return source_.get_token(); }
    // Stopped by RunningWork::stop.
    bool called_off() const { return called_off_; }

   private:
    friend class RunningWork;
    RunningWork& all_;
    const VideoId video_;
    std::stop_source source_;
    std::atomic<bool> called_off_{false};
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread watcher_;  // last: it uses the others
  };

  // Returns when the work has been told; it ends in a moment. False: there is none.
  bool stop(VideoId video) {
    std::lock_guard lock(mutex_);
    auto found = running_.find(video);
    if (found == running_.end()) return false;
    found->second->called_off_ = true;
    found->second->source_.request_stop();
    return true;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<VideoId, Work*> running_;  // guarded by mutex_
};

}  // namespace rondo::workflows
