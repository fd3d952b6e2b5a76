#include "recommender/activation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "recommender/outcomes.h"
#include "recommender/weights.h"

namespace rondo::recommender {
namespace {

// The rows as they are, those that occurred latest when not all have room.
void carry_rows(const embedding::Table& from, embedding::Table& to) {
  std::vector<uint64_t> ids = from.sorted_ids();
  if (ids.size() > to.rows_max()) {
    std::stable_sort(ids.begin(), ids.end(), [&from](uint64_t a, uint64_t b) {
      return from.entry(a).last_s > from.entry(b).last_s;
    });
    ids.resize(to.rows_max());
    std::sort(ids.begin(), ids.end());
  }
  for (uint64_t id : ids) {
    auto entry = from.entry(id);
    std::span<const float> values;
    if (entry.values != nullptr) values = {entry.values, from.stride()};
    to.restore(id, entry.count, entry.last_s, values);
  }
}

// False when nothing fits.
bool carry_model(const Arm& from, Arm& to, size_t videos) {
  const auto& was = from.bundle.model;
  const auto& is = to.bundle.model;
  if (was.dimensions != is.dimensions) return false;
  for (size_t i = 0; i < kSlots; ++i) {
    auto slot = static_cast<Slot>(i);
    carry_rows(from.model.table(slot), to.model.table(slot));
  }
  bool same_network = was.hidden_1 == is.hidden_1 && was.hidden_2 == is.hidden_2;
  size_t count = same_network ? to.model.layout().size() : to.model.layout().network();
  std::copy_n(from.model.dense().begin(), count, to.model.dense().begin());
  std::copy_n(from.model.dense_state().begin(), count, to.model.dense_state().begin());
  RD_ASSERT(to.model.restore(from.model.items(), videos).ok());
  return true;
}

bool carry_towers(const Arm& from, Arm& to, size_t videos) {
  if (from.bundle.towers.dimensions != to.bundle.towers.dimensions) return false;
  for (size_t i = 0; i < retrieval::kTowerSlots; ++i) {
    auto slot = static_cast<retrieval::TowerSlot>(i);
    carry_rows(from.towers.table(slot), to.towers.table(slot));
  }
  RD_ASSERT(to.towers.restore(from.towers.contents(), videos).ok());
  const retrieval::InvertedFile& lists = from.towers.lists();
  if (lists.fits(to.bundle)) RD_ASSERT(to.towers.restore_lists(lists.contents()).ok());
  return true;
}

bool brings_weights(const Bundle& bundle, const Arm& before) {
  return bundle.start.weights && bundle.start.sha256 != before.bundle.start.sha256;
}

}  // namespace

std::unique_ptr<Arm> make_arm(const State& s, const Bundle& bundle, const Arm* before) {
  auto arm = std::make_unique<Arm>(bundle);
  if (before != nullptr) {
    arm->trainer.progress = before->trainer.progress;
    if (before->bundle.co_watch.viewer_share == bundle.co_watch.viewer_share) {
      arm->co_watch.carry(before->co_watch);
    }
  }
  bool learned = before != nullptr && !brings_weights(bundle, *before);
  if (!learned) start(s, *arm);
  bool model = learned && carry_model(*before, *arm, s.catalogue.size());
  bool towers = learned && carry_towers(*before, *arm, s.catalogue.size());
  for (uint32_t v = 0; v < s.catalogue.size(); ++v) {
    if (!model) arm->model.refresh(s.catalogue, v);
    if (!towers) arm->towers.refresh(s.catalogue, v);
  }
  return arm;
}

void start(const State& s, Arm& arm) {
  if (arm.bundle.start.weights) arm.bundle.start.weights->start(arm, s.time_s());
}

void take_up(State& s, const Bundle& bundle) {
  s.bundle = bundle;
  s.catalogue.rederive();
  s.viewers.rederive();
  s.pending.reschedule(uint64_t{bundle.outcomes.reservation_minutes} * 60'000'000);
  for (const auto& change : s.exchange.changes.contents().videos) {
    exchange::settle_budget(s, change.video);
  }
}

void activate(State& s, const Bundle& bundle) {
  bool first = !std::exchange(s.bundle_named, true);
  const base::Sha256Digest sha256 = bundle.sha256();
  if (s.experiment) {
    bool promoted = sha256 == s.arms.back()->bundle_sha256 && sha256 != s.active().bundle_sha256;
    if (promoted) {
      promote_treatment(s);
    } else {
      stop_experiment(s);
    }
  }
  if (sha256 == s.active().bundle_sha256) return;
  close_batch(s, *s.arms.front());
  const Arm& before = s.active();
  auto arm = make_arm(s, bundle, first ? nullptr : &before);
  const auto& was = before.bundle;
  // Vectors under other starting weights are of another language.
  bool same_inputs = was.model.dimensions == bundle.model.dimensions &&
                     was.towers.dimensions == bundle.towers.dimensions &&
                     !brings_weights(bundle, before);
  s.pending.for_each([same_inputs](features::PendingPage& page) {
    if (!same_inputs) page.arms.front() = {};
  });
  if (!first) s.bundle_before = before.bundle_sha256;
  s.arms.front() = std::move(arm);
  take_up(s, bundle);
}

}  // namespace rondo::recommender
