// The log of a network whose server is stopped, with the state that each partition's engine is in
// at its end: for commands that append a record.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/data_folder.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "feed/bundle_store.h"
#include "recommender/engine.h"
#include "rondo/log/v1/record.pb.h"
#include "stream/stream.h"

namespace rondo::app {

class StoppedNetwork {
 public:
  // Holds the folder's lock: conflict while a server runs. not_found when there is no network.
  static Result<std::unique_ptr<StoppedNetwork>> open(const config::Config& config);

  feed::BundleStore& bundles() { return *bundles_; }
  // By partition. They stand alike, but for a command that was killed between two of them.
  std::span<const std::unique_ptr<recommender::Engine>> engines() const { return engines_; }
  // Appends the record to every partition that is not `there` yet, durable when it returns: a
  // command that was killed is finished by giving it again. `name` tells the record from others
  // that are decided at the same offset. An engine that would refuse it refuses it here, before
  // anything is appended. False when all are there already.
  using Where = std::function<bool(const recommender::Engine&)>;
  Result<bool> append(const log::v1::Record& record, const std::string& name, const Where& there);

 private:
  StoppedNetwork() = default;

  base::SystemClock clock_;
  std::unique_ptr<FolderLock> lock_;
  std::unique_ptr<blob::BlobStore> blobs_;
  std::shared_ptr<feed::BundleStore> bundles_;
  std::unique_ptr<stream::Stream> log_;
  std::vector<std::unique_ptr<recommender::Engine>> engines_;  // by partition
};

// The bundle that is named: the beginning of a kept one's name, a folder, a bundle.json, or
// "built-in".
Result<recommender::Bundle> resolve_bundle(const feed::BundleStore& bundles,
                                           const std::string& name);

}  // namespace rondo::app
