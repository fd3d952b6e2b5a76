// All that one engine knows: what is folded, ranked from, digested and checkpointed. A change of
// anything here goes through fold.h; rank only reads.
//
// What is known of videos and viewers is there once; what is learned under a bundle is there once
// an arm (arm.h). View is the whole as one arm ranks from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "recommender/arm.h"
#include "recommender/bundle.h"
#include "recommender/exchange/exchange.h"
#include "recommender/experiment.h"
#include "recommender/features/catalogue.h"
#include "recommender/features/pending.h"
#include "recommender/features/viewer.h"
#include "recommender/features/watch_histogram.h"
#include "recommender/retrieval/regional_trends.h"
#include "recommender/retrieval/sounds.h"

namespace rondo::recommender {

// One, or the two of an experiment.
inline constexpr size_t kArmsMax = 2;

struct State {
  State(const Bundle& b, PartitionId p)
      : bundle(b), partition(p), catalogue(bundle), viewers(bundle) {
    arms.push_back(std::make_unique<Arm>(b));
  }
  // The parts refer to `bundle`.
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // By which all is folded that the arms share: that of arms[0]. Assigned in place, so that those
  // who refer to it see the new one.
  Bundle bundle;
  base::Sha256Digest bundle_before{};  // the one that was active before; zeros: none
  bool bundle_named = false;           // the log has said which bundle it is folded with
  const PartitionId partition;

  uint64_t next_offset = 0;
  uint64_t time_us = 0;  // 0 until the first record
  // Counts of what was refused or bounded.
  uint64_t outcomes_unmatched = 0;
  uint64_t outcomes_repeated = 0;
  uint64_t time_jumps_bounded = 0;
  uint64_t records_senseless = 0;  // unknown ids, limits reached
  uint64_t viewers_refused = 0;
  uint64_t slots_masked = 0;  // pending examples dropped for lack of room

  features::Catalogue catalogue;
  features::Viewers viewers;
  features::Pending pending;
  features::Maturity maturity;
  features::WatchHistogram watches;
  retrieval::Sounds sounds;  // derived from the catalogue
  retrieval::RegionalTrends regional_trends;
  // The first is the active bundle's; the second an experiment's treatment.
  std::vector<std::unique_ptr<Arm>> arms;
  std::optional<Experiment> experiment;  // while there are two
  exchange::Exchange exchange;

  const Arm& active() const { return *arms.front(); }
  uint32_t time_s() const { return static_cast<uint32_t>(time_us / 1'000'000); }
};

struct View {
  View(const State& s, const Arm& arm)
      : bundle(arm.bundle),
        bundle_sha256(arm.bundle_sha256),
        partition(s.partition),
        next_offset(s.next_offset),
        time_us(s.time_us),
        catalogue(s.catalogue),
        viewers(s.viewers),
        pending(s.pending),
        sounds(s.sounds),
        regional_trends(s.regional_trends),
        co_watch(arm.co_watch),
        towers(arm.towers),
        model(arm.model) {}

  const Bundle& bundle;
  const base::Sha256Digest& bundle_sha256;
  const PartitionId partition;
  const uint64_t next_offset;
  const uint64_t time_us;
  const features::Catalogue& catalogue;
  const features::Viewers& viewers;
  const features::Pending& pending;
  const retrieval::Sounds& sounds;
  const retrieval::RegionalTrends& regional_trends;
  const retrieval::CoWatch& co_watch;
  const retrieval::Towers& towers;
  const ranker::Model& model;

  uint32_t time_s() const { return static_cast<uint32_t>(time_us / 1'000'000); }
};

}  // namespace rondo::recommender
