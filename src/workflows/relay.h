// The outbox's relay: from committed transactions to the log.
//
// A thread reads the outbox in order, appends each message to its destination (or to every
// partition) under its message id, and takes it out once the log has acknowledged it everywhere. A
// crash in between appends again under the same id: the log's dedupe drops it, and what is beyond
// the dedupe window finds an idempotent fold. Within a partition messages keep their order: a batch
// that fails is tried again whole, after a backoff, and nothing overtakes it.
//
// One relay a database. Thread safe. start() once; stop(), which the destructor does too, waits for
// the batch under way (at most append_max) and leaves the rest in the outbox.
//
// Failpoints: outbox.before_append, outbox.after_append (in the log, still in the outbox).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "storage/database.h"
#include "stream/stream.h"

namespace rondo::workflows {

struct RelayOptions {
  size_t batch_messages_max = 256;
  size_t batch_bytes_max = 4 << 20;  // one message is taken all the same
  // Finds by itself what nobody has told it about.
  std::chrono::milliseconds poll_every{1000};
  std::chrono::milliseconds append_max{3000};
  std::chrono::milliseconds backoff_first{50};
  std::chrono::milliseconds backoff_max{5000};
};

struct RelayStats {
  uint64_t relayed = 0;   // messages taken out of the outbox
  uint64_t failures = 0;  // batches to be tried again
};

class Relay {
 public:
  Relay(storage::Database& database, stream::Stream& stream, RelayOptions options);
  ~Relay();

  void start();
  void stop();
  // Something was committed: do not wait for the poll. Never blocks for long.
  void notify();

  // Waits until the outbox is empty; unavailable when it is not by the deadline.
  Result<void> wait_empty(base::Deadline deadline) const;
  RelayStats stats() const;

  // One batch on the caller's thread, for tests and for draining without the thread. How many
  // messages were taken out.
  Result<size_t> relay_batch();

 private:
  void loop(const std::stop_token& stop);

  storage::Database& database_;
  stream::Stream& stream_;
  const RelayOptions options_;

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  bool notified_ = false;  // guarded by mutex_
  RelayStats stats_;       // guarded by mutex_
  std::jthread thread_;
};

}  // namespace rondo::workflows
