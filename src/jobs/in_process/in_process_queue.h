// Jobs on threads of this process, durable in the relational database. Keeps JobQueue's contract
// (jobs/job_queue.h).
//
// One process owns the table: starting frees the leases of all running jobs, because whoever held
// them is dead. A handler's exception is an internal error. Attempts are recorded before the
// handler runs, so a job that kills the process uses them up and is failed at the next start.
// Whether on_failed has been called is stored too: after a crash in between it is called again.
//
// Done jobs are forgotten, and their keys with them, `keep_done` after they finished; failed ones
// stay. Table `jobs`, see job_migrations().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>

#include "base/clock.h"
#include "jobs/job_queue.h"
#include "storage/database.h"

namespace rondo::jobs {

struct InProcessOptions {
  int workers = 2;                               // 1..64 threads
  std::chrono::milliseconds poll_interval{500};  // longest delay of a retry that is due
  std::chrono::hours keep_done{24 * 30};
  // Called after every attempt with the job as it is now: kDone, kQueued (to be tried again, or
  // put back by stop) or kFailed. For metrics and logs; on a worker's thread, quick, does not
  // throw. May be empty.
  std::function<void(const Job&)> on_attempt;
};

// To be passed to Database::migrate, with storage_migrations().
std::span<const storage::Migration> job_migrations();

// `db` and `clock` must outlive the queue. The destructor stops.
std::unique_ptr<JobQueue> make_in_process_queue(storage::Database& db, const base::Clock& clock,
                                                const InProcessOptions& options);

}  // namespace rondo::jobs
