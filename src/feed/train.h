// Offline training: a log folded from its beginning, several times over, into starting weights.
//
// Each epoch is a fresh engine that starts with the weights of the one before, so that histories,
// counters and pending outcomes are those of the log, and only the weights carry over. The records
// that name a bundle, an engine or an experiment are folded as time alone: the log was ranked by
// others.
//
// Errors: those of reading the log; not_found when it no longer reaches its beginning or is empty.
#pragma once

#include <functional>

#include "base/result.h"
#include "recommender/bundle.h"
#include "recommender/engine.h"
#include "stream/stream.h"

namespace rondo::feed {

struct TrainingProgress {
  int epoch;  // from 1
  uint64_t records;
  uint64_t records_total;
  recommender::EngineStats stats;
};

// `bundle` with the weights that `epochs` folds of all partitions have left; `report` is told now
// and then.
Result<recommender::Bundle> train(const stream::Stream& log, const recommender::Bundle& bundle,
                                  int epochs,
                                  const std::function<void(const TrainingProgress&)>& report);

}  // namespace rondo::feed
