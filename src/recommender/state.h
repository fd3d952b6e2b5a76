// All that one engine knows: what is folded, ranked from, digested and checkpointed. A change of
// anything here goes through fold.h; rank only reads.
#pragma once

#include <cstdint>

#include "base/hash.h"
#include "base/ids.h"
#include "recommender/bundle.h"
#include "recommender/exchange/exchange.h"
#include "recommender/features/catalogue.h"
#include "recommender/features/pending.h"
#include "recommender/features/viewer.h"
#include "recommender/features/watch_histogram.h"
#include "recommender/ranker/model.h"
#include "recommender/retrieval/co_watch.h"
#include "recommender/retrieval/towers.h"
#include "recommender/trainer/trainer.h"

namespace rondo::recommender {

struct State {
  State(const Bundle& b, PartitionId p)
      : bundle(b),
        bundle_sha256(b.sha256()),
        partition(p),
        catalogue(bundle),
        viewers(bundle),
        co_watch(bundle),
        towers(bundle),
        model(bundle),
        trainer(bundle) {}
  // The parts refer to `bundle`.
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const Bundle bundle;
  const base::Sha256Digest bundle_sha256;
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
  uint32_t sweep_next = 0;    // the video whose retrieval vector the next Tick refreshes

  features::Catalogue catalogue;
  features::Viewers viewers;
  features::Pending pending;
  features::Maturity maturity;
  features::WatchHistogram watches;
  retrieval::CoWatch co_watch;
  retrieval::Towers towers;
  ranker::Model model;
  trainer::Trainer trainer;
  exchange::Exchange exchange;

  uint32_t time_s() const { return static_cast<uint32_t>(time_us / 1'000'000); }
};

}  // namespace rondo::recommender
