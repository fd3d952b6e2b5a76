// For tests: a job queue in memory that runs one attempt when told to, by the rules of
// jobs/job_queue.h. What it holds survives the "crash" of the workflow that uses it.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "jobs/job_queue.h"

namespace rondo::workflows {

class FakeQueue final : public jobs::JobQueue {
 public:
  void add_kind(jobs::JobKind kind) override { kinds_[kind.name] = std::move(kind); }
  Result<void> start() override { return {}; }
  void stop() override { stopping_ = true; }

  Result<JobId> enqueue(std::string_view kind, std::string_view key, std::string_view payload,
                        uint64_t owner) override {
    if (refuse_enqueue) return unavailable("the disk is full");
    for (jobs::Job& job : jobs_) {
      if (job.kind != kind || job.key != key) continue;
      if (job.state == jobs::JobState::kFailed) {
        job.state = jobs::JobState::kQueued;
        job.attempts = 0;
      }
      return job.id;
    }
    jobs::Job job;
    job.id = JobId(jobs_.size() + 1);
    job.kind = kind;
    job.key = key;
    job.payload = payload;
    job.owner = owner;
    jobs_.push_back(job);
    return job.id;
  }
  Result<jobs::Job> find(JobId id) const override {
    if (id.value() < 1 || id.value() > jobs_.size()) return not_found("no such job");
    return jobs_[id.value() - 1];
  }
  Result<std::vector<jobs::Job>> list(jobs::JobState state, int) const override {
    std::vector<jobs::Job> found;
    for (const jobs::Job& job : jobs_) {
      if (job.state == state) found.push_back(job);
    }
    return found;
  }

  Result<jobs::QueueView> view(int) const override {
    jobs::QueueView view;
    for (const jobs::Job& job : jobs_) {
      if (job.state == jobs::JobState::kDone) continue;
      (job.state == jobs::JobState::kFailed ? view.failed : view.queued) += 1;
      view.jobs.push_back(job);
    }
    return view;
  }
  Result<void> retry(JobId id) override {
    RD_CHECK(find(id));
    jobs::Job& job = jobs_[id.value() - 1];
    if (job.state == jobs::JobState::kDone) return conflict("the job is done");
    if (job.state == jobs::JobState::kFailed) job.attempts = 0;
    job.state = jobs::JobState::kQueued;
    return {};
  }

  // One attempt at the oldest queued job; false when none is queued.
  bool run_one() {
    for (jobs::Job& job : jobs_) {
      if (job.state != jobs::JobState::kQueued) continue;
      const jobs::JobKind& kind = kinds_.at(job.kind);
      ++job.attempts;
      jobs::JobContext context(job, stopping_);
      Result<void> result = kind.run(context);
      if (result.ok()) {
        job.state = jobs::JobState::kDone;
      } else if (stopping_) {
        --job.attempts;
      } else {
        job.error = result.error().describe();
        const ErrorCode code = result.error().code();
        const bool retryable = code == ErrorCode::kUnavailable || code == ErrorCode::kInternal ||
                               code == ErrorCode::kExhausted;
        if (!retryable || job.attempts >= kind.attempts_max) {
          job.state = jobs::JobState::kFailed;
          if (kind.on_failed && !deaf) kind.on_failed(job);
        }
      }
      return true;
    }
    return false;
  }
  void run_all() {
    for (int i = 0; i < 100 && run_one(); ++i) {
    }
  }

  bool refuse_enqueue = false;
  bool deaf = false;  // the process dies before on_failed is called
  std::atomic<bool> stopping_{false};

 private:
  std::map<std::string, jobs::JobKind> kinds_;
  std::deque<jobs::Job> jobs_;  // a handler may enqueue while its own job is held by reference
};

}  // namespace rondo::workflows
