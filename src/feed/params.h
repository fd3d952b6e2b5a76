// The params log: what the engines of a network of several partitions tell each other. One
// partition an engine; each message an ItemDelta, stored before the next one is cut.
//
// The log of a partition names deltas by offset and hash, so they are kept for as long as a
// checkpoint may be folded on from: retention removes what is older than the horizon, and what
// every partition's oldest kept checkpoint has taken in. Nothing is removed before all have told.
//
// Thread safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "rondo/log/v1/record.pb.h"
#include "stream/stream.h"

namespace rondo::feed {

// The bodies that a Tick names, in its order; one that is not there is empty: the engine says so
// and stops. None for other records. `params` may be null.
Result<std::vector<std::string>> deltas_of(const log::v1::Record& record,
                                           const stream::Stream* params);

class Params {
 public:
  // Of a partition, one comes every few seconds: a restart looks back no further.
  static constexpr size_t kDedupeWindow = 64;

  Params(stream::Stream& log, std::chrono::seconds horizon);

  const stream::Stream& log() const { return log_; }

  // The epoch of a partition's latest delta; 0 before the first.
  Result<uint64_t> stored_epoch(PartitionId partition) const;
  // `done` is called on the log's thread.
  void store(PartitionId partition, uint64_t epoch, std::string_view body, uint64_t now_us,
             std::function<void(Result<void>)> done);

  // What `partition` can take in next, others' deltas from `taken` on: at most as many as a Tick
  // names, and about one megabyte, so that a Tick does not hold up pages for long.
  Result<std::vector<log::v1::DeltaRef>> to_take(PartitionId partition,
                                                 std::span<const uint64_t> taken) const;

  // The oldest kept checkpoint of `partition` has taken in what stands before these offsets.
  Result<void> release(PartitionId partition, std::span<const uint64_t> taken);

 private:
  stream::Stream& log_;
  const std::chrono::seconds horizon_;
  std::mutex mutex_;
  std::vector<std::optional<std::vector<uint64_t>>> released_;  // by partition; guarded by mutex_
};

}  // namespace rondo::feed
