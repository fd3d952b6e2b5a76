// One engine on one thread: folds the partition's log as it grows, ranks pages, keeps checkpoints.
//
// - Recovery is load the newest readable checkpoint, then fold the tail. Until the tail is folded
//   (and for ever, when a record cannot be folded) rank answers unavailable and feeds fall back.
// - rank waits, until its deadline, for the offset that the request names; the page's Served record
//   is durable before `done` is called. One page a viewer is under way at a time: the next one
//   waits until the first is folded, so that two requests never see the same state.
// - Log time goes on by Tick records that the host appends: once a second while examples wait for
//   their minibatch, and before ranking when the state's time is more than two seconds old. An idle
//   network's log does not grow.
// - In a network of several partitions Ticks also exchange what the engines learn of videos
//   (params.h): every exchange_every a cut, when there is something to tell, stored before the next
//   one; and within a second or two what others have stored is named to be taken in.
//
// Threads: the tail reads and decodes; the engine folds and ranks; beside them checkpoints are
// written and retention is enforced (checkpoint_keeper.h). rank, preferences and status are thread
// safe; `done` is called on the log's or the engine's thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "feed/checkpoint_keeper.h"
#include "feed/params.h"
#include "recommender/engine.h"
#include "records/envelope.h"
#include "records/page_id.h"
#include "stream/stream.h"
#include "telemetry/metrics.h"

namespace rondo::feed {

struct HostOptions {
  uint64_t checkpoint_records = 50'000;
  std::chrono::seconds checkpoint_every{300};
  std::chrono::seconds exchange_every{30};  // of what partitions tell each other
  KeeperOptions keeper;
};

struct RankedPage {
  records::PageId id;
  log::v1::Served served;
};

struct HostStatus {
  Offset applied_end;  // everything before it is in the state
  Offset log_end;
  std::string failure;  // why the fold stopped; empty while it goes on
  base::Sha256Digest bundle_sha256{};
  recommender::EngineStats engine;
};

struct HostDeps {
  stream::Stream& log;
  blob::BlobStore& blobs;
  std::shared_ptr<const recommender::BundleSource> bundles;
  const base::Clock& clock;
  base::SecureRandom& random;
  telemetry::Metrics& metrics;
  // What else still reads the partition's log (the projector), and from where: retention removes
  // nothing at or beyond it. Never goes back.
  std::function<Offset(PartitionId)> others_need;
  Params* params = nullptr;  // none in a network of one partition
};

class PartitionHost {
 public:
  using PageHandler = std::function<void(Result<RankedPage>)>;
  using PreferencesHandler = std::function<void(Result<recommender::ViewerPreferences>)>;

  // A new log begins under `wanted`; an old one goes over to it, by a record of its own, when it is
  // folded up to where it ends now. None: an old log goes on as it is, a new one begins under the
  // built-in bundle. `wanted` has to be among deps.bundles. corrupt when a checkpoint is ahead of
  // the log, or the log begins after every state.
  static Result<std::unique_ptr<PartitionHost>> start(PartitionId partition,
                                                      std::optional<base::Sha256Digest> wanted,
                                                      HostDeps deps, HostOptions options);
  // Stops, after a last checkpoint.
  ~PartitionHost();

  // The page that reflects every record up to and including `after` (when given).
  void rank(log::v1::FeedRequest request, std::optional<Offset> after, base::Deadline deadline,
            PageHandler done);

  // What the viewer has asked for, as of every record that is durable when this is called.
  void preferences(EngineId viewer, base::Deadline deadline, PreferencesHandler done);

  HostStatus status() const;
  PartitionId partition() const { return partition_; }

 private:
  struct Decoded {
    Offset offset;
    uint64_t time_us;
    log::v1::Record record;
    std::vector<std::string> deltas;  // that a Tick names
  };
  struct Waiting {
    log::v1::FeedRequest request;
    std::optional<Offset> after;
    base::Deadline deadline;
    PageHandler done;
  };
  struct Question {
    uint64_t viewer;
    Offset end;  // the state must have folded everything before it
    base::Deadline deadline;
    PreferencesHandler done;
  };

  PartitionHost(PartitionId partition, std::unique_ptr<recommender::Engine> engine,
                std::optional<base::Sha256Digest> wanted, Offset end, HostDeps deps,
                HostOptions options);
  Result<void> begin_log(const base::Sha256Digest& bundle);
  void go_over();
  void tail_loop();
  void engine_loop();
  void fold(const std::vector<Decoded>& batch);
  void serve(std::vector<Waiting>& waiting);
  void serve_one(Waiting request);
  void answer(std::vector<Question>& questions);
  void tick(uint64_t now_us);
  void append_tick(const log::v1::Tick& tick, uint64_t now_us);
  void exchange(uint64_t now_us);
  void store_cut(uint64_t now_us);
  void publish_status();
  void checkpoint_if_due();
  void last_checkpoint();
  void fail(std::string reason);
  bool is_stale(uint64_t now_us) const;

  const PartitionId partition_;
  const Offset end_at_start_;
  const HostDeps deps_;
  const HostOptions options_;

  // Owned by the engine thread.
  CheckpointKeeper keeper_;
  std::unique_ptr<recommender::Engine> engine_;
  std::string failure_;
  std::optional<base::Sha256Digest> wanted_;      // until the log has gone over to it
  std::unordered_map<uint64_t, bool> under_way_;  // viewers whose page is not folded yet
  uint64_t ticked_epoch_ = 0;
  uint64_t folded_since_checkpoint_ = 0;
  uint64_t looked_epoch_ = 0;    // for what others have told
  uint64_t cut_epoch_ = 0;       // of the last Tick that was to cut
  uint64_t exchange_epoch_ = 0;  // of an exchanging Tick that is not folded yet; 0: none
  base::SteadyTime checkpointed_at_;

  mutable std::mutex mutex_;
  std::condition_variable engine_wakes_;
  std::condition_variable tail_wakes_;
  std::deque<std::vector<Decoded>> batches_;  // guarded by mutex_, at most kBatchesMax
  std::vector<Waiting> arrived_;              // guarded by mutex_, at most kWaitingMax
  std::vector<Question> asked_;               // guarded by mutex_, at most kWaitingMax
  std::vector<uint64_t> failed_viewers_;      // guarded by mutex_: their Served was not stored
  std::string tail_failure_;                  // guarded by mutex_
  uint64_t stored_epoch_ = 0;                 // guarded by mutex_: of the latest delta
  bool storing_ = false;                      // guarded by mutex_: one is on its way
  bool tick_failed_ = false;                  // guarded by mutex_: a Tick was not stored
  HostStatus status_;                         // guarded by mutex_
  bool stopping_ = false;                     // guarded by mutex_
  size_t waiting_count_ = 0;                  // guarded by mutex_
  int appends_under_way_ = 0;                 // guarded by mutex_
  std::condition_variable appends_done_;

  telemetry::Histogram& rank_seconds_;
  telemetry::Histogram& wait_seconds_;
  telemetry::Counter& folded_total_;
  telemetry::Counter& pages_total_;

  std::thread tail_;
  std::thread engine_thread_;
};

}  // namespace rondo::feed
