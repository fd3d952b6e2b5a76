// Folds the log into the catalogue's projections (likes, views).
//
// One thread goes over all partitions, each from the offset that its projection has stored, in
// batches of one transaction. A crash loses nothing and counts nothing twice.
//
// A message that cannot be read (corrupt, or of a type that this program does not know) halts its
// partition: it is never skipped, what stands before it is folded, and halted() says why. It is
// tried again every retry_every; after an upgrade that knows the type, it goes on. When retention
// has removed messages that were not folded yet, the projection goes on at the first one kept, and
// says so in the log: those likes and views are lost to the counts.
//
// One projector a database. Thread safe. start() once; stop(), which the destructor does too, waits
// for the batch under way.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "catalogue/projection.h"
#include "storage/database.h"
#include "stream/stream.h"

namespace rondo::workflows {

struct ProjectorOptions {
  size_t batch_messages_max = 1024;
  size_t batch_bytes_max = 4 << 20;
  std::chrono::milliseconds poll_every{100};    // longest time asleep, for all partitions together
  std::chrono::milliseconds retry_every{5000};  // of a partition that is halted
};

class Projector {
 public:
  Projector(storage::Database& database, const stream::Stream& stream, ProjectorOptions options);
  ~Projector();

  void start();
  void stop();

  // The next offset to fold: all before it is in the database. 0 before the first batch.
  Offset caught_up_to(PartitionId partition) const;
  // Waits until caught_up_to(partition) >= offset; unavailable, with the reason, when the deadline
  // comes first.
  Result<void> wait_until(PartitionId partition, Offset offset, base::Deadline deadline) const;
  // Why the partition stands still.
  std::optional<Error> halted(PartitionId partition) const;

  // One batch of a partition on the caller's thread, for tests; how many messages were folded. Not
  // while the thread runs.
  Result<size_t> project_batch(PartitionId partition);

 private:
  struct Progress {
    bool known = false;  // next has been read from the database
    Offset next;
    std::optional<Error> halted;
    base::SteadyTime retry_at;
  };

  void loop(const std::stop_token& stop);
  bool step(PartitionId partition);
  Result<Offset> load(PartitionId partition);
  Result<void> skip_removed(PartitionId partition, Offset from);
  void note(PartitionId partition, Offset next);

  storage::Database& database_;
  const stream::Stream& stream_;
  const ProjectorOptions options_;

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::vector<Progress> progress_;  // by partition; guarded by mutex_
  std::jthread thread_;
};

}  // namespace rondo::workflows
