// Counts of what happened to a video, an author or a topic, fading at three half-lives: one hour,
// one day, seven days. Plain data, 104 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "recommender/kernels/math.h"

namespace rondo::recommender::features {

enum class Event : uint8_t { kImpression, kOutcome, kFinish, kSkip, kLike, kShare, kSave, kReport };
inline constexpr size_t kEvents = 8;

enum class Horizon : uint8_t { kHour, kDay, kWeek };
inline constexpr size_t kHorizons = 3;
inline constexpr std::array<uint64_t, kHorizons> kHalfLivesUs{3'600'000'000ull, 86'400'000'000ull,
                                                              7 * 86'400'000'000ull};

struct DecayedCounters {
  std::array<std::array<float, kHorizons>, kEvents> counts{};
  uint64_t last_us = 0;

  // Brings the counts to `now_us`, which never falls.
  void advance(uint64_t now_us) {
    if (now_us <= last_us) return;
    for (size_t h = 0; h < kHorizons; ++h) {
      float keep = kernels::half_life_decay(now_us - last_us, kHalfLivesUs[h]);
      for (auto& count : counts) count[h] *= keep;
    }
    last_us = now_us;
  }
  void add(Event event, uint64_t now_us, float amount = 1.0f) {
    advance(now_us);
    for (auto& count : counts[static_cast<size_t>(event)]) count += amount;
  }
  // As of the last advance. Ratios of one horizon do not change with time.
  float raw(Event event, Horizon horizon) const {
    return counts[static_cast<size_t>(event)][static_cast<size_t>(horizon)];
  }
  float at(Event event, Horizon horizon, uint64_t now_us) const {
    uint64_t elapsed = now_us > last_us ? now_us - last_us : 0;
    return raw(event, horizon) *
           kernels::half_life_decay(elapsed, kHalfLivesUs[static_cast<size_t>(horizon)]);
  }
};

// events / outcomes, pulled towards `prior` as if `strength` outcomes at it had been seen.
inline float smoothed_rate(float events, float outcomes, float prior, float strength) {
  return (events + prior * strength) / (outcomes + strength);
}

}  // namespace rondo::recommender::features
