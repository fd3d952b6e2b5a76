// The table of jobs: every step of a job's life is one transaction. No threads, no handlers.
// Thread safe as the database is. Times are of the clock passed in, microseconds since 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "jobs/job_queue.h"
#include "storage/database.h"

namespace rondo::jobs {

class JobTable {
 public:
  explicit JobTable(storage::Database& db) : db_(db) {}

  struct Enqueued {
    JobId id;
    bool fresh = false;  // stored now, or a failed one begun anew
  };
  Result<Enqueued> enqueue(const std::string& kind, const std::string& key,
                           std::string_view payload, uint64_t owner, uint64_t now_us);

  // After a crash: the leases of running jobs are freed. Those of `kinds` that have used all their
  // attempts become failed, the others queued.
  Result<void> free_leases(const std::vector<JobKind>& kinds, uint64_t now_us);

  // The queued job of `kinds` that is due and whose turn is first becomes running, its attempt
  // counted.
  Result<std::optional<Job>> lease(const std::vector<JobKind>& kinds, uint64_t now_us);
  // When the next one of `kinds` is due; nullopt when none is queued.
  Result<std::optional<uint64_t>> next_due_us(const std::vector<JobKind>& kinds) const;

  // What became of a leased job.
  Result<void> set_done(const Job& job, uint64_t now_us, uint64_t forget_before_us);
  Result<void> set_queued(const Job& job, uint64_t due_us);
  Result<void> set_failed(const Job& job, uint64_t now_us);

  // Failed jobs whose on_failed may not have been called.
  Result<std::vector<Job>> untold() const;
  Result<void> set_told(JobId id);

  // JobQueue::retry and view.
  Result<void> retry(JobId id, uint64_t now_us);
  Result<QueueView> view(int each_max) const;

  Result<Job> find(JobId id) const;
  Result<std::vector<Job>> list(JobState state, int count_max) const;

 private:
  storage::Database& db_;
};

}  // namespace rondo::jobs
