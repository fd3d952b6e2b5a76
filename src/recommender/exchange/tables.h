// The weights of a delta: rows of the embedding tables, and the shared weights, of the ranker and
// the towers. How they are averaged: exchange.h. Free functions over the state.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "recommender/exchange/changes.h"
#include "rondo/log/v1/item_changes.pb.h"

namespace rondo::recommender {
struct State;
}

namespace rondo::recommender::exchange {

// Of a serialised ItemChanges; within records::kDeltaBytesMax.
inline constexpr size_t kBodyBytesMax = 960 << 10;

// corrupt when the weights are not ones of this bundle, or not numbers. Those of another bundle are
// not looked at.
Result<void> check_weights(const State& s, const log::v1::ItemChanges& changes);

// Averages what the deltas hold into the state, all at once; refreshes the vectors of their videos.
void take_in_weights(State& s, std::span<const log::v1::ItemChanges* const> deltas);

// Adds the rows that these videos' training has changed, in this order, as far as there is room;
// and the shared weights. Per video: whether all of its rows are in.
std::vector<bool> give_weights(const State& s, std::span<const VideoChange> videos,
                               log::v1::ItemChanges& out);

}  // namespace rondo::recommender::exchange
