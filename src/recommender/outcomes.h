// What viewers did, folded: impressions and engagements become seen videos, counters, affinities,
// history, and training examples. Part of the fold; see fold.h.
#pragma once

#include <cstdint>

#include "recommender/state.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::recommender {

void fold_impression(State& state, const log::v1::Impression& record);
void fold_engagement(State& state, const log::v1::Engagement& record);
// A window of a slot on screen is over: what has not happened is an outcome of its heads.
void end_window(State& state, Window window, uint64_t page_offset, uint32_t slot);
// The viewer follows the author from here on: an outcome of the latest of the author's videos that
// is on screen or was within the day.
void note_followed(State& state, features::Viewer& viewer, uint32_t author);
// The arm's minibatch closes: a step of the ranker, and of the towers from its likes.
void close_batch(State& state, Arm& arm);
// The viewer by id; made when new (none at the limit of viewers). Active from here on.
features::Viewer* active_viewer(State& state, uint64_t id, bool anonymous);
// The viewer's row, and the examples that would bring it back.
void forget_learned(State& state, uint64_t viewer);
// The viewer's reservation of this slot ends. `viewer` may be null.
void unreserve(features::Viewer* viewer, uint64_t page_offset, uint32_t slot);

}  // namespace rondo::recommender
