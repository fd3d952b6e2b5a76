// The partitioned, append-only log.
//
// Contract, written to what both the embedded log and NATS JetStream (one stream a partition) keep:
// - A partition is a total order of messages with offsets from 0 without gaps.
// - append is at-least-once. A message carries an id; a second append of the same id to the same
//   partition within the dedupe window stores nothing and answers the first one's offset
//   (`duplicate` set). Beyond the window it may be stored again: consumers are idempotent.
// - A message is acknowledged only when it is durable: it survives kill -9 and power loss of what
//   the backend calls durable. Batches appended by one caller keep their order; a batch is
//   contiguous or not, but never reordered. Readers see only durable messages.
// - After a failed sync the log refuses every append (unavailable) until it is opened anew.
// - retention removes whole prefixes of a partition, by age and size, never at or beyond the
//   `keep_from` that the consumer has pinned. Pins are not stored: after opening nothing is removed
//   until the consumer has pinned. Ids of removed messages may be stored again.
//
// Thread safe. Handlers are called on the log's own thread: they must be quick and not throw; they
// may append. Closing commits what is queued and calls every handler; nobody may be inside a call.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace rondo::stream {

// Largest message, largest message id.
inline constexpr size_t kMessageBytesMax = 1 << 20;
inline constexpr size_t kMessageIdBytesMax = 64;

struct Message {
  std::string id;       // 1..64 bytes, unique per partition: what dedupe goes by
  std::string payload;  // an envelope (records/envelope.h)
};

struct Appended {
  Offset offset;
  bool duplicate = false;
};

struct StoredMessage {
  Offset offset;
  std::string id;
  std::string payload;
  uint64_t appended_us = 0;  // the log's own clock, for retention by age
};

struct PartitionState {
  Offset first;        // oldest offset kept; == end when empty
  Offset end;          // one past the newest durable offset
  uint64_t bytes = 0;  // payload bytes kept
};

struct ReadLimits {
  size_t messages_max = 1024;
  size_t bytes_max = 4 << 20;  // at least one message is returned all the same
};

struct Retention {
  std::chrono::seconds age_max{0};  // 0: no limit
  uint64_t bytes_max = 0;           // a partition; 0: no limit
};

using AppendHandler = std::function<void(Result<std::vector<Appended>>)>;

class Stream {
 public:
  virtual ~Stream() = default;

  virtual uint32_t partition_count() const = 0;

  // Queues the batch and returns; `done` is called once, when the batch is durable or has failed.
  // Refuses at once (through `done`, on the caller's thread) with exhausted when the queue is full,
  // invalid when a message breaks a limit, unavailable when the log is stopped or broken.
  virtual void append(PartitionId partition, std::vector<Message> batch, AppendHandler done) = 0;

  // Messages from `from` on, in order, possibly none when from == end. not_found with the first
  // kept offset when `from` has been removed (reason "offset_removed"); invalid when from > end;
  // corrupt when the message at `from` is not what was written (the sound ones before a damaged one
  // are returned, so that a reader comes exactly up to it).
  virtual Result<std::vector<StoredMessage>> read(PartitionId partition, Offset from,
                                                  ReadLimits limits) const = 0;

  virtual Result<PartitionState> state(PartitionId partition) const = 0;

  // Waits until end > `seen_end` or the deadline, and returns end. unavailable when the log has
  // stopped and the end will not move any more.
  virtual Result<Offset> wait_beyond(PartitionId partition, Offset seen_end,
                                     base::Deadline deadline) const = 0;

  // The consumer still needs messages from here on; only moves forward (conflict), up to end
  // (invalid beyond).
  virtual Result<void> pin(PartitionId partition, Offset keep_from) = 0;
  // Removes what retention allows to go; returns the new first offset.
  virtual Result<Offset> enforce(PartitionId partition, const Retention& retention) = 0;
};

// Appends and waits for the acknowledgement; for callers that may block. After unavailable with
// reason "append_timeout" the batch may be stored or not: append again under the same ids.
Result<std::vector<Appended>> append_and_wait(Stream& stream, PartitionId partition,
                                              std::vector<Message> batch, base::Deadline deadline);

}  // namespace rondo::stream
