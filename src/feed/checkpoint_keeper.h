// Writes a partition's checkpoints beside the engine that serves, and cuts the log behind them.
//
// A checkpoint is a function of the log, so nobody has to wait while it is made: the keeper
// restores the one before into an engine of its own, folds the log up to where the new one is to
// stand, and saves that. It is nicer than the rest of the server by 10; while it works a second
// state is in memory. The engine that serves is saved itself only when it stops.
//
// One caller. Failures are logged: the log then keeps what the checkpoint would have covered.
// Failpoints: checkpoint.before_put, checkpoint.after_put.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "feed/checkpoints.h"
#include "feed/params.h"
#include "recommender/bundles.h"
#include "stream/stream.h"
#include "telemetry/metrics.h"

namespace rondo::feed {

struct KeeperDeps {
  stream::Stream& log;
  Params* params;  // none in a network of one partition
  blob::BlobStore& blobs;
  std::shared_ptr<const recommender::BundleSource> bundles;
  const base::Clock& clock;
  telemetry::Metrics& metrics;
  // What else still reads the partition's log, and from where: retention removes nothing at or
  // beyond it. Never goes back.
  std::function<Offset(PartitionId)> others_need;
};

struct KeeperOptions {
  int checkpoints_kept = 3;
  std::chrono::seconds horizon{30 * 86'400};  // of replay: how long the log is kept at least
  uint64_t retention_bytes = 0;               // a partition; 0: by age only
};

class CheckpointKeeper {
 public:
  // `newest`: where the newest checkpoint stands; 0: there is none.
  CheckpointKeeper(PartitionId partition, Offset newest, KeeperDeps deps, KeeperOptions options);
  // Puts down what it is at.
  ~CheckpointKeeper();

  // Of everything before `end`, which is durable. False when it is still at the one before.
  bool begin(Offset end);
  // The last one, written when this returns: the engine itself, `save` gives its bytes. Nothing
  // when the newest one stands there already.
  void finish(Offset end, const std::function<std::string()>& save);

 private:
  void loop();
  void stop();
  // None: it was told to stop.
  Result<std::optional<std::string>> fold_to(Offset end) const;
  Result<void> keep(Offset end, uint64_t time_us, std::string_view bytes);
  void report(const Result<void>& kept) const;

  const PartitionId partition_;
  const KeeperDeps deps_;
  const KeeperOptions options_;
  Checkpoints checkpoints_;
  telemetry::Counter& written_total_;
  Offset newest_;  // owned by the thread; afterwards, by who has stopped it

  mutable std::mutex mutex_;
  std::condition_variable wakes_;
  std::optional<Offset> wanted_;  // guarded by mutex_; what it is at
  bool stopping_ = false;         // guarded by mutex_
  std::thread thread_;
};

}  // namespace rondo::feed
