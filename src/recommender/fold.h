// One record folded into the state. The only code that changes a State.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "recommender/bundles.h"
#include "recommender/state.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::recommender {

// As Engine::apply, the offset being next_offset already. An error leaves the state as it was.
Result<void> fold(State& state, const BundleSource& bundles, uint64_t time_us,
                  const log::v1::Record& record, std::span<const std::string> deltas);

// Whether the fold takes such a record next; the error that it would give.
Result<void> admit(const State& state, const BundleSource& bundles, const log::v1::Record& record);

}  // namespace rondo::recommender
