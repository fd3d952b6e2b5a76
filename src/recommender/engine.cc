#include "recommender/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "recommender/checkpoint.h"
#include "recommender/fold.h"
#include "recommender/kernels/float_environment.h"
#include "recommender/page.h"
#include "recommender/state.h"

namespace rondo::recommender {

const std::string_view kEngineVersion = "rondo-engine-6";

struct Engine::Impl {
  std::unique_ptr<State> state;
  std::shared_ptr<const BundleSource> bundles;
  Scratch scratch;  // of rank and score
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const Bundle& bundle, PartitionId partition,
                                               std::shared_ptr<const BundleSource> bundles) {
  kernels::FloatEnvironment environment;
  // Whoever built the bundle by hand gets the same answer as who reads one.
  RD_CHECK(Bundle::parse(bundle.canonical()));
  auto impl = std::make_unique<Impl>();
  impl->state = std::make_unique<State>(bundle, partition);
  impl->bundles = bundles ? std::move(bundles) : std::make_shared<const Bundles>(bundle);
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Result<std::unique_ptr<Engine>> Engine::load(Source& source,
                                             std::shared_ptr<const BundleSource> bundles,
                                             PartitionId partition) {
  kernels::FloatEnvironment environment;
  auto impl = std::make_unique<Impl>();
  RD_TRY(impl->state, load_state(source, *bundles, partition));
  impl->bundles = std::move(bundles);
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Result<void> Engine::apply(Offset offset, uint64_t time_us, const log::v1::Record& record,
                           std::span<const std::string> deltas) {
  kernels::FloatEnvironment environment;
  State& state = *impl_->state;
  if (offset.value() != state.next_offset) {
    return invalid(fmt::format("fold: the record at offset {} is given, {} is next", offset.value(),
                               state.next_offset));
  }
  return fold(state, *impl_->bundles, time_us, record, deltas);
}

Result<void> Engine::would_fold(const log::v1::Record& record) const {
  return admit(*impl_->state, *impl_->bundles, record);
}

Result<log::v1::Served> Engine::rank(const log::v1::FeedRequest& request) const {
  kernels::FloatEnvironment environment;
  return rank_page(*impl_->state, request, impl_->scratch);
}

Result<std::vector<VideoScore>> Engine::score(const log::v1::FeedRequest& request,
                                              std::span<const uint64_t> videos) const {
  kernels::FloatEnvironment environment;
  return score_videos(*impl_->state, request, videos, impl_->scratch);
}

Engine::CutDelta Engine::cut() const {
  return {impl_->state->exchange.cut_epoch, impl_->state->exchange.cut_body};
}
std::span<const uint64_t> Engine::taken() const { return impl_->state->exchange.taken; }

Result<std::vector<uint64_t>> Engine::taken_of(Source& checkpoint) {
  return taken_in_checkpoint(checkpoint);
}

ViewerPreferences Engine::preferences(uint64_t id) const {
  const State& s = *impl_->state;
  const features::Viewer* viewer = s.viewers.find(id);
  ViewerPreferences out;
  if (viewer == nullptr) return out;
  out.levels = viewer->wishes.levels;
  for (const auto& phrase : viewer->wishes.muted) out.muted.push_back(phrase.text);
  for (uint32_t author : viewer->blocked_authors) {
    out.authors_turned_down.push_back(s.catalogue.authors()[author].id);
  }
  out.sounds_turned_down = static_cast<uint32_t>(viewer->blocked_sounds.size());
  std::vector<features::AffinityEntry> met = viewer->topics.entries();
  std::stable_sort(met.begin(), met.end(),
                   [](const auto& a, const auto& b) { return a.last_s > b.last_s; });
  for (const auto& entry : met) out.met.push_back(s.catalogue.topics()[entry.key].name);
  return out;
}

Offset Engine::next_offset() const { return Offset(impl_->state->next_offset); }
uint64_t Engine::state_time_us() const { return impl_->state->time_us; }
Digest Engine::digest() const { return state_digest(*impl_->state); }
void Engine::save(Sink& sink) const { save_state(*impl_->state, sink); }

std::optional<Experiment> Engine::experiment() const { return impl_->state->experiment; }
std::optional<Digest> Engine::treatment_sha256() const {
  const auto& arms = impl_->state->arms;
  return arms.size() < 2 ? std::nullopt : std::optional(arms.back()->bundle_sha256);
}
const Digest& Engine::bundle_sha256() const { return impl_->state->active().bundle_sha256; }
std::optional<Digest> Engine::bundle_before() const {
  const Digest& before = impl_->state->bundle_before;
  return before == Digest{} ? std::nullopt : std::optional(before);
}

Weights Engine::weights() const { return Weights::of(impl_->state->active()); }

EngineStats Engine::stats() const {
  const State& s = *impl_->state;
  EngineStats out;
  out.viewers = s.viewers.size();
  out.videos = s.catalogue.size();
  out.pending_slots = s.pending.open_slots();
  out.examples_trained = s.active().trainer.progress.examples;
  out.batches_rejected = s.active().trainer.progress.rejected;
  out.outcomes_unmatched = s.outcomes_unmatched;
  out.outcomes_repeated = s.outcomes_repeated;
  out.time_jumps_bounded = s.time_jumps_bounded;
  out.state_time_us = s.time_us;
  for (const auto& arm : s.arms) out.examples_waiting += arm->trainer.waiting().size();
  out.records_senseless = s.records_senseless;
  out.viewers_refused = s.viewers_refused;
  out.slots_masked = s.slots_masked;
  out.untold = s.exchange.active() && !s.exchange.changes.empty();
  out.deltas_taken = s.exchange.deltas_taken;
  out.delta_items_unknown = s.exchange.items_unknown;
  return out;
}

}  // namespace rondo::recommender
