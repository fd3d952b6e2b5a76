// Recomputes a served page from checkpoint and log, and compares it byte for byte.
//
// The engine is restored from the newest checkpoint at or before the offset that the page was
// ranked at, folded up to it, and asked again. Needs the log from that checkpoint on.
//
// Errors: not_found (no such page; exhausted: older than the horizon, the message says where it
// is), conflict (the page was ranked by another engine version, or a bundle on its way is not kept
// here: the message says which).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "blob/blob_store.h"
#include "recommender/bundles.h"
#include "records/page_id.h"
#include "rondo/log/v1/record.pb.h"
#include "stream/stream.h"

namespace rondo::feed {

// The Served record of a page. not_found when there is none (or the nonce differs), exhausted with
// the horizon when its offset has been removed from the log.
Result<log::v1::Served> find_page(const stream::Stream& log, const records::PageId& id);

struct Replay {
  log::v1::Served served;                // as it is in the log
  log::v1::Served recomputed;            // with the served nonce
  Offset restored_at;                    // where the checkpoint stood; 0: from the beginning
  bool equal = false;                    // the serialised bytes are
  std::vector<std::string> differences;  // in words, slot by slot, when not
  std::vector<std::string> warnings;     // checkpoints that could not be read
};

// `params`: the params log; null in a network of one partition.
Result<Replay> replay(const stream::Stream& log, const stream::Stream* params,
                      blob::BlobStore& blobs,
                      std::shared_ptr<const recommender::BundleSource> bundles,
                      const records::PageId& id);

}  // namespace rondo::feed
