// How much a viewer wants of each topic, or of each author: evidence for and against, fading with
// log time and with each newer outcome, smoothed so that little evidence is a little opinion. This
// is what people are told, and what the long run is; what the next outcome will be is in tastes.h.
//
// Plain data, bounded: when full, the entry with the least evidence left makes room (ties: the
// smaller key). 20 bytes an entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "recommender/bundle.h"

namespace rondo::recommender::features {

struct AffinityEntry {
  uint32_t key;
  float positive;
  float negative;
  uint32_t outcomes;  // ever, for "how well do we know it"
  uint32_t last_s;
};

class Affinities {
 public:
  explicit Affinities(size_t entries_max) : entries_max_(entries_max) {}

  // Negative amounts take evidence back.
  struct Evidence {
    float positive = 0;
    float negative = 0;
    bool outcome = true;  // a new one: older evidence steps back
  };
  void add(uint32_t key, const Evidence& evidence, uint32_t now_s, const Bundle::Affinity& options);
  // All of it steps back, to this share.
  void step_back(float left);
  // -1..1; 0 for a key without evidence.
  float value(uint32_t key, uint32_t now_s, const Bundle::Affinity& options) const;
  static float value_of(const AffinityEntry& entry, uint32_t now_s,
                        const Bundle::Affinity& options);
  uint32_t outcomes(uint32_t key) const;
  void clear() { entries_.clear(); }

  // Ascending by key.
  const std::vector<AffinityEntry>& entries() const { return entries_; }
  std::vector<AffinityEntry>& entries() { return entries_; }
  size_t entries_max() const { return entries_max_; }

 private:
  const AffinityEntry* find(uint32_t key) const;

  size_t entries_max_;
  std::vector<AffinityEntry> entries_;
};

}  // namespace rondo::recommender::features
