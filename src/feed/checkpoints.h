// The checkpoints of one partition in the blob store: names, order, which to keep.
//
// A checkpoint is what Engine::save wrote, under
//   checkpoints/<partition>/<next offset, 20 digits>-<unix microseconds, 20 digits>
// Kept: the newest `kept`, and the first of each UTC day within the replay horizon, so that every
// page within the horizon has a state before it to fold from. Whoever cuts the log cuts it no
// further than the oldest kept one.
//
// Thread safe, as the blob store is. Errors: those of the blob store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "blob/blob_store.h"
#include "recommender/bundles.h"
#include "recommender/engine.h"

namespace rondo::feed {

struct Checkpoint {
  std::string key;
  Offset next_offset;
  uint64_t time_us = 0;
};

class Checkpoints {
 public:
  Checkpoints(blob::BlobStore& blobs, PartitionId partition)
      : blobs_(blobs), partition_(partition) {}

  // Oldest first.
  Result<std::vector<Checkpoint>> list() const;
  Result<void> put(Offset next_offset, uint64_t time_us, std::string_view bytes);
  // Removes what need not be kept; returns what stays, oldest first.
  Result<std::vector<Checkpoint>> rotate(int kept, uint64_t horizon_us, uint64_t now_us);

  // What the engine of a checkpoint has taken in of other partitions' deltas (Engine::taken).
  Result<std::vector<uint64_t>> taken(const Checkpoint& checkpoint) const;

  // The engine as of the newest readable checkpoint at or before `at`, or an empty one when there
  // is none. What cannot be read is reported in `warnings` and passed over.
  Result<std::unique_ptr<recommender::Engine>> restore(
      std::shared_ptr<const recommender::BundleSource> bundles, Offset at,
      std::vector<std::string>& warnings) const;

 private:
  blob::BlobStore& blobs_;
  const PartitionId partition_;
};

}  // namespace rondo::feed
