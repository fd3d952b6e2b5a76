// Does the state that recovery gives equal that of a run which was never interrupted?
//
// Two engines of one partition: one from the newest readable checkpoint, folded over the tail; one
// from the beginning of the log. Their digests have to be equal, to the bit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "blob/blob_store.h"
#include "recommender/bundles.h"
#include "recommender/engine.h"
#include "stream/stream.h"

namespace rondo::feed {

struct Verification {
  Offset end;                                        // both engines stand here
  Offset restored_at;                                // where the checkpoint stood
  recommender::Digest recovered{};                   // checkpoint and tail
  std::optional<recommender::Digest> uninterrupted;  // none: the log's beginning has been removed
  std::vector<std::string> warnings;                 // checkpoints that could not be read
};

// `params`: the params log; null in a network of one partition.
Result<Verification> verify(const stream::Stream& log, const stream::Stream* params,
                            blob::BlobStore& blobs,
                            std::shared_ptr<const recommender::BundleSource> bundles,
                            PartitionId partition);

// The engine of a partition as it stands at the log's end: from the newest readable checkpoint and
// the tail. corrupt when the log no longer reaches the checkpoint.
Result<std::unique_ptr<recommender::Engine>> recover(
    const stream::Stream& log, const stream::Stream* params, blob::BlobStore& blobs,
    std::shared_ptr<const recommender::BundleSource> bundles, PartitionId partition);

// Folds the log into `engine` until it stands at `end`.
Result<void> fold_until(const stream::Stream& log, const stream::Stream* params,
                        PartitionId partition, recommender::Engine& engine, Offset end);

}  // namespace rondo::feed
