// Where a watch time stands among those of videos of about the same length: the quantile within the
// duration bucket. Raw seconds would favour long videos, raw fractions short ones.
//
// A fixed log-spaced histogram for each bucket, fading with a half-life of seven days: mergeable,
// no randomness. While a bucket is young, the watched fraction of the duration stands in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rondo::recommender::features {

inline constexpr size_t kDurationBuckets = 11;
inline constexpr size_t kWatchBins = 48;

// 0..kDurationBuckets-1.
uint32_t duration_bucket(uint32_t duration_ms);
// 0..kWatchBins-1: bins grow by a quarter from 200 ms.
uint32_t watch_bin(uint32_t watch_ms);

struct WatchHistogram {
  struct Bucket {
    std::array<float, kWatchBins> bins{};
    uint64_t last_us = 0;
  };
  std::array<Bucket, kDurationBuckets> buckets{};

  // In [0, 1], before this watch is added.
  float quantile(uint32_t duration_ms, uint32_t watch_ms) const;
  void add(uint32_t duration_ms, uint32_t watch_ms, uint64_t now_us);
  // `count` watches of a bucket and bin that happened about `at_us`.
  void add(size_t bucket, size_t bin, uint32_t count, uint64_t at_us, uint64_t now_us);

 private:
  static void advance(Bucket& bucket, uint64_t now_us);
};

}  // namespace rondo::recommender::features
