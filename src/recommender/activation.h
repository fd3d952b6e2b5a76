// Going over to another bundle in the middle of a log. Part of the fold; see fold.h.
//
// What the viewers did stays whatever the bundle: histories, seen sets, affinities, follows, the
// counters of videos, pages that wait for their outcomes. What was learned survives as far as the
// new bundle's dimensions fit (docs/formats/bundle.md has the table):
//
//   rows of the ranker   when model.dimensions is the same; at most slots.*.rows_max, latest first
//   its shared weights   the network when its layers are the same too, the rest with the rows
//   towers               when towers.dimensions is the same
//   co-watch counts      when co_watch.viewer_share is the same; solved again under the new options
//
// A bundle that brings other starting weights than the one before starts from those instead. What
// waits for a minibatch is learned before, by the one that leaves.
#pragma once

#include <memory>

#include "recommender/state.h"

namespace rondo::recommender {

// The state goes over to the bundle; an experiment ends. When the bundle is its treatment, that arm
// goes on as it is. The first one that a log names replaces the one that the
// engine was created with, as if it had been that from the start.
void activate(State& state, const Bundle& bundle);
// An arm under `bundle` that goes on from what `before` has learned, as far as it fits; from its
// starting weights when `before` is null.
std::unique_ptr<Arm> make_arm(const State& state, const Bundle& bundle, const Arm* before);
// What the arms share is folded by this bundle from here on.
void take_up(State& state, const Bundle& bundle);
// An arm's starting weights, if its bundle has any.
void start(const State& state, Arm& arm);

}  // namespace rondo::recommender
