#include "recommender/features/affinity.h"

#include <algorithm>

#include "base/room.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::features {
namespace {

constexpr auto kByKey = [](const AffinityEntry& entry, uint32_t key) { return entry.key < key; };

float keep(const AffinityEntry& entry, uint32_t now_s, const Bundle::Affinity& options) {
  uint32_t elapsed_s = now_s > entry.last_s ? now_s - entry.last_s : 0;
  if (elapsed_s == 0) return 1.0f;
  float half_lives = static_cast<float>(elapsed_s) / (options.half_life_hours * 3600.0f);
  return half_lives > 100.0f ? 0.0f : kernels::exp(-0.693147181f * half_lives);
}

}  // namespace

void Affinities::add(uint32_t key, const Evidence& e, uint32_t now_s,
                     const Bundle::Affinity& options) {
  auto at = std::lower_bound(entries_.begin(), entries_.end(), key, kByKey);
  if (at == entries_.end() || at->key != key) {
    if (entries_.size() >= entries_max_) {
      auto weakest = entries_.begin();
      float least = 0;
      for (auto it = entries_.begin(); it != entries_.end(); ++it) {
        float evidence = (it->positive + it->negative) * keep(*it, now_s, options);
        if (it == entries_.begin() || evidence < least) {
          weakest = it;
          least = evidence;
        }
      }
      entries_.erase(weakest);
    }
    base::make_room(entries_, entries_max_);
    at = std::lower_bound(entries_.begin(), entries_.end(), key, kByKey);
    at = entries_.insert(at, AffinityEntry{key, 0, 0, 0, now_s});
  }
  const float left = keep(*at, now_s, options) * (e.outcome ? options.event_decay : 1.0f);
  at->positive = std::max(0.0f, at->positive * left + e.positive);
  at->negative = std::max(0.0f, at->negative * left + e.negative);
  if (e.outcome && at->outcomes < UINT32_MAX) ++at->outcomes;
  at->last_s = now_s;
}

void Affinities::step_back(float left) {
  for (AffinityEntry& entry : entries_) {
    entry.positive *= left;
    entry.negative *= left;
    entry.outcomes = 0;
  }
}

float Affinities::value_of(const AffinityEntry& entry, uint32_t now_s,
                           const Bundle::Affinity& options) {
  float left = keep(entry, now_s, options);
  float positive = entry.positive * left;
  float negative = entry.negative * left;
  return (positive - negative) / (positive + negative + options.smoothing);
}

float Affinities::value(uint32_t key, uint32_t now_s, const Bundle::Affinity& options) const {
  const AffinityEntry* entry = find(key);
  return entry == nullptr ? 0.0f : value_of(*entry, now_s, options);
}

uint32_t Affinities::outcomes(uint32_t key) const {
  const AffinityEntry* entry = find(key);
  return entry == nullptr ? 0 : entry->outcomes;
}

const AffinityEntry* Affinities::find(uint32_t key) const {
  auto at = std::lower_bound(entries_.begin(), entries_.end(), key, kByKey);
  return at == entries_.end() || at->key != key ? nullptr : &*at;
}

}  // namespace rondo::recommender::features
