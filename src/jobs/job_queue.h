// Durable work: enqueue, lease, retry.
//
// Contract, written to what an in-process pool over the database and a batch scheduler both keep:
// - enqueue is durable when it returns. A key that is already enqueued or done answers the first
//   job's id and stores nothing (idempotence), for as long as the backend keeps done jobs (a month
//   by default). The key of a failed job begins it anew: same id, new payload, no attempts.
// - A job is run at least once, by one worker at a time, until its handler returns ok. A handler
//   must therefore be resumable: done steps are found done. A crash of the process frees the
//   lease. An exception of a handler is an internal error.
// - Retryable errors (unavailable, internal, exhausted) are tried again after a backoff that
//   doubles from `backoff_first` up to `backoff_max`, at most `attempts_max` times in all; every
//   other error, or the last attempt, makes the job `failed` with the error's text kept: never
//   tried again by itself. A job during which the process died counts as an attempt (a poisoned
//   job stops).
// - on_failed (when given for the kind) is called once a job has failed for good, at least once.
// Handlers run on the queue's own threads, at most `workers` at a time. Owners take turns: a job
// comes after one more job of each other owner for each job of its own owner before it, and within
// an owner the oldest is first; so twenty jobs of one do not hold up the one of another. stop()
// lets running handlers see `JobContext::stopping()` and waits for them. Thread safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace rondo::jobs {

enum class JobState { kQueued, kRunning, kDone, kFailed };

struct Job {
  JobId id;
  std::string kind;     // names the handler
  std::string key;      // idempotence
  std::string payload;  // the handler's own, at most 64 KiB
  uint64_t owner = 0;   // whose work it is
  JobState state = JobState::kQueued;
  int attempts = 0;
  std::string error;  // of the last attempt; empty when none failed
  // When it may run, if it is queued; else since when it is in its state. Microseconds since 1970.
  uint64_t due_us = 0;
};

// What is not done, at one moment.
struct QueueView {
  int64_t running = 0, queued = 0, failed = 0;  // how many there are
  // Running ones, then queued ones in the order of their turns, then failed ones, newest first; of
  // each as many as were asked for, at most.
  std::vector<Job> jobs;
};

class JobContext {
 public:
  JobContext(const Job& job, const std::atomic<bool>& stopping) : job_(job), stopping_(stopping) {}
  const Job& job() const { return job_; }
  // True once the process drains: return unavailable soon, the job is kept and the attempt not
  // counted.
  bool stopping() const { return stopping_.load(); }

 private:
  const Job& job_;
  const std::atomic<bool>& stopping_;
};

struct JobKind {
  std::string name;
  std::function<Result<void>(JobContext&)> run;
  std::function<void(const Job&)> on_failed;  // may be empty
  int attempts_max = 5;
  std::chrono::milliseconds backoff_first{500};
  std::chrono::milliseconds backoff_max{60'000};
};

class JobQueue {
 public:
  virtual ~JobQueue() = default;

  // Before start(), one thread at a time. Names are of a-z, 0-9, '_' and '.', each given once.
  virtual void add_kind(JobKind kind) = 0;
  // Once; conflict afterwards. Jobs may be enqueued before.
  virtual Result<void> start() = 0;
  virtual void stop() = 0;

  // invalid when there is no such kind, the key is not 1..200 bytes, or the payload too large.
  virtual Result<JobId> enqueue(std::string_view kind, std::string_view key,
                                std::string_view payload, uint64_t owner) = 0;
  virtual Result<Job> find(JobId id) const = 0;
  // Newest first, at most 1,000.
  virtual Result<std::vector<Job>> list(JobState state, int count_max) const = 0;
  // At most 1,000 of each state.
  virtual Result<QueueView> view(int each_max) const = 0;
  // A queued job that waits for its next attempt may run now; a failed one begins anew, without
  // attempts. not_found; conflict when it runs or is done.
  virtual Result<void> retry(JobId id) = 0;
};

}  // namespace rondo::jobs
