// Where the engine finds the bundles that a log and a checkpoint name: the host's store, given as
// Source and Sink are. The same hash always gives the same bundle, so that a fold stays a function
// of its log.
#pragma once

#include <fmt/format.h>

#include <map>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "recommender/bundle.h"

namespace rondo::recommender {

class BundleSource {
 public:
  virtual ~BundleSource() = default;
  // not_found when it is not there, corrupt when it is damaged; the message says what to do.
  virtual Result<std::shared_ptr<const Bundle>> find(const base::Sha256Digest& sha256) const = 0;
};

// Those that are in memory. Thread safe to read.
class Bundles : public BundleSource {
 public:
  Bundles() = default;
  explicit Bundles(const Bundle& bundle) { add(bundle); }

  void add(Bundle bundle) {
    auto sha256 = bundle.sha256();
    by_sha256_[sha256] = std::make_shared<const Bundle>(std::move(bundle));
  }
  Result<std::shared_ptr<const Bundle>> find(const base::Sha256Digest& sha256) const override {
    auto at = by_sha256_.find(sha256);
    if (at != by_sha256_.end()) return at->second;
    return not_found(
        fmt::format("no bundle {} is known here", base::to_hex(base::as_bytes(sha256))));
  }

 private:
  std::map<base::Sha256Digest, std::shared_ptr<const Bundle>> by_sha256_;
};

}  // namespace rondo::recommender
