// The For You engine of one partition: a pure function of the log.
//
//   state(k) = fold(bundles, records[0..k))     apply(offset, record)
//   page     = rank(state(k), request)          rank never changes the state
//
// Pure: no I/O, clock, thread, or randomness of its own. Deterministic to the bit: the same
// bundles, records and request give the same page and the same digest on every x86-64-v3 machine.
//
// Single-threaded: the owner calls from one thread at a time. rank is const and touches no state,
// scratch memory apart.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "recommender/bundle.h"
#include "recommender/bundles.h"
#include "recommender/experiment.h"
#include "recommender/features/wishes.h"
#include "recommender/weights.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::recommender {

// Changes whenever the same records would give another state or page.
extern const std::string_view kEngineVersion;

using Digest = base::Sha256Digest;

// Where a checkpoint goes to and comes from: bytes in order.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::string_view bytes) = 0;
};
class Source {
 public:
  virtual ~Source() = default;
  // Exactly `size` bytes into `out`; corrupt when there are fewer.
  virtual Result<void> read(char* out, size_t size) = 0;
};

// What the host exports as metrics; counts since the engine was created or loaded are part of the
// state, so that they replay too.
struct EngineStats {
  uint64_t viewers = 0;
  uint64_t videos = 0;
  uint64_t pending_slots = 0;
  uint64_t examples_trained = 0;
  uint64_t batches_rejected = 0;    // NaN or exploding
  uint64_t outcomes_unmatched = 0;  // engagement without a matching reservation
  uint64_t outcomes_repeated = 0;   // same (page, slot, head) or event id again
  uint64_t time_jumps_bounded = 0;
  uint64_t state_time_us = 0;
  uint64_t examples_waiting = 0;     // the host ticks while > 0
  uint64_t records_senseless = 0;    // unknown ids, or a limit was reached
  uint64_t viewers_refused = 0;      // records of viewers whom there was no room for
  uint64_t slots_masked = 0;         // pending examples dropped for lack of room
  bool untold = false;               // it has what other partitions should learn: the host cuts
  uint64_t deltas_taken = 0;         // of other partitions
  uint64_t delta_items_unknown = 0;  // counts of theirs for videos that are not known here
};

// What the ranker makes of a video for one viewer, beside any page.
struct VideoScore {
  bool servable = false;  // known, eligible, not seen and not put out by this viewer
  float score = 0;
  std::array<float, kHeads> heads{};  // probabilities
};

// What a viewer has asked for, and the topics that there are to ask about.
struct ViewerPreferences {
  std::vector<features::TopicLevel> levels;   // oldest first
  std::vector<std::string> muted;             // texts, oldest first
  std::vector<uint64_t> authors_turned_down;  // ids, oldest first
  uint32_t sounds_turned_down = 0;
  std::vector<std::string> met;  // topics of recent outcomes, the latest first
};

class Engine {
 public:
  // An empty state at offset 0. The bundle is that of the records before the first that names one;
  // `bundles` has those that records name (none: this one alone).
  static Result<std::unique_ptr<Engine>> create(
      const Bundle& bundle, PartitionId partition,
      std::shared_ptr<const BundleSource> bundles = nullptr);
  // Reads what save wrote. corrupt when a checksum does not fit, conflict when the version does
  // not; not_found when a bundle that it needs is not in `bundles`.
  static Result<std::unique_ptr<Engine>> load(Source& source,
                                              std::shared_ptr<const BundleSource> bundles,
                                              PartitionId partition);
  ~Engine();

  // Folds the record at `offset`, which must be next_offset(), stamped `time_us` (the envelope's).
  // An error means that the record cannot be folded by this engine (unknown type, other engine
  // version or bundle): the state is unchanged and the fold stops here. Records that are merely
  // senseless (unknown ids, unmatched outcomes) are counted and fold to nothing.
  // `deltas`: for a Tick, the bodies of the deltas that it names, in its order; checked against it
  // (a missing one is empty).
  Result<void> apply(Offset offset, uint64_t time_us, const log::v1::Record& record,
                     std::span<const std::string> deltas = {});

  // Whether apply would fold such a record next; the error that it would give.
  Result<void> would_fold(const log::v1::Record& record) const;

  // The page for this request at the present state: a complete Served record but for `nonce`, which
  // the host sets. Fills in request_counter. invalid when the limit is out of 1..32, or the viewer
  // is zero. An unknown viewer is served as a new one.
  Result<log::v1::Served> rank(const log::v1::FeedRequest& request) const;

  // Scores of these videos for the request's viewer: what evaluation asks, in one pass and without
  // drawing a page. `held` and `exclude` play no part.
  Result<std::vector<VideoScore>> score(const log::v1::FeedRequest& request,
                                        std::span<const uint64_t> videos) const;

  // The latest delta for the other partitions, and the epoch of the Tick that cut it: the host has
  // to store it before it appends another cut. Empty when nothing had changed. Valid until the next
  // apply.
  struct CutDelta {
    uint64_t epoch = 0;
    std::string_view body;
  };
  CutDelta cut() const;
  // By partition: where in its deltas the next Tick goes on. Empty in a network of one partition.
  std::span<const uint64_t> taken() const;
  // The same of the state that a checkpoint holds, by its first section alone: what it still needs
  // of the others' deltas. corrupt when that is damaged.
  static Result<std::vector<uint64_t>> taken_of(Source& checkpoint);
  // The experiment that runs; its treatment's bundle.
  std::optional<Experiment> experiment() const;
  std::optional<Digest> treatment_sha256() const;
  // The active bundle, and the one that was active before.
  const Digest& bundle_sha256() const;
  std::optional<Digest> bundle_before() const;
  // Nothing asked for, when the viewer is not known.
  ViewerPreferences preferences(uint64_t viewer) const;

  Offset next_offset() const;
  uint64_t state_time_us() const;
  // Of the logical state, not of its layout in memory.
  Digest digest() const;
  EngineStats stats() const;

  void save(Sink& sink) const;
  // What it has learned of videos, as starting weights for a bundle of the same dimensions.
  Weights weights() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo::recommender
