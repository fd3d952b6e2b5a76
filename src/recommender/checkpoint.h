// A state as bytes and back, and its digest. docs/formats/checkpoint.md describes the format.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "recommender/engine.h"
#include "recommender/state.h"

namespace rondo::recommender {

// SHA-256 over the canonical bytes of the logical state: what save writes, without the framing.
Digest state_digest(const State& state);
void save_state(const State& state, Sink& sink);
// corrupt when a checksum, a reference within, or the digest does not fit; conflict when it was
// written by another engine version or for another partition; the error of `bundles` when a bundle
// is not there that it was written under.
Result<std::unique_ptr<State>> load_state(Source& source, const BundleSource& bundles,
                                          PartitionId partition);

// Engine::taken_of.
Result<std::vector<uint64_t>> taken_in_checkpoint(Source& source);

}  // namespace rondo::recommender
