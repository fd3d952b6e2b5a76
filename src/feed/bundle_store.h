// The bundles of a network, by name, in the blob store:
//
//   bundles/<sha256>/bundle.json, and weights.safetensors beside it when it starts from weights
//
// What a log or a checkpoint names has to stay here; the server never removes one. The text is
// written last: a bundle is here when its text is. What is read is checked against its name, so a
// damaged one is refused. Thread safe. Errors: those of the blob store; not_found and corrupt, with
// what to do.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "blob/blob_store.h"
#include "recommender/bundles.h"

namespace rondo::feed {

class BundleStore : public recommender::BundleSource {
 public:
  explicit BundleStore(blob::BlobStore& blobs) : blobs_(blobs) {}

  // Keeps the bundle, also in place of a damaged one.
  Result<void> put(const recommender::Bundle& bundle);
  // Read once; later answers come from memory.
  Result<std::shared_ptr<const recommender::Bundle>> find(
      const base::Sha256Digest& sha256) const override;
  // Names in order.
  Result<std::vector<base::Sha256Digest>> list() const;
  // By how its name begins, eight digits at least; not_found when none or several begin so.
  Result<std::shared_ptr<const recommender::Bundle>> find_by_prefix(const std::string& hex) const;

 private:
  Result<std::shared_ptr<const recommender::Bundle>> read(const base::Sha256Digest& sha256) const;

  blob::BlobStore& blobs_;
  mutable std::mutex mutex_;
  mutable std::map<base::Sha256Digest, std::shared_ptr<const recommender::Bundle>>
      known_;  // guarded by mutex_
};

}  // namespace rondo::feed
