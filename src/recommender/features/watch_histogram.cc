#include "recommender/features/watch_histogram.h"

#include <algorithm>

#include "recommender/kernels/math.h"

namespace rondo::recommender::features {
namespace {

constexpr std::array<uint32_t, kDurationBuckets - 1> kDurationEdgesMs{
    6'000, 10'000, 15'000, 20'000, 30'000, 45'000, 60'000, 90'000, 120'000, 180'000};
constexpr uint64_t kHalfLifeUs = 7 * 86'400'000'000ull;
// Decaying at every watch would cost 48 products; by the minute is as good.
constexpr uint64_t kDecayStepUs = 60'000'000;
constexpr float kYoung = 20;  // watches' worth of the stand-in

constexpr std::array<uint32_t, kWatchBins - 1> make_edges() {
  std::array<uint32_t, kWatchBins - 1> edges{};
  uint32_t edge = 200;
  for (auto& e : edges) {
    e = edge;
    edge += edge / 4;
  }
  return edges;
}
constexpr auto kWatchEdgesMs = make_edges();

}  // namespace

uint32_t duration_bucket(uint32_t duration_ms) {
  return static_cast<uint32_t>(
      std::upper_bound(kDurationEdgesMs.begin(), kDurationEdgesMs.end(), duration_ms) -
      kDurationEdgesMs.begin());
}

uint32_t watch_bin(uint32_t watch_ms) {
  return static_cast<uint32_t>(
      std::upper_bound(kWatchEdgesMs.begin(), kWatchEdgesMs.end(), watch_ms) -
      kWatchEdgesMs.begin());
}

float WatchHistogram::quantile(uint32_t duration_ms, uint32_t watch_ms) const {
  const Bucket& bucket = buckets[duration_bucket(duration_ms)];
  uint32_t bin = watch_bin(watch_ms);
  float below = 0;
  float total = 0;
  for (uint32_t i = 0; i < kWatchBins; ++i) {
    if (i < bin) below += bucket.bins[i];
    total += bucket.bins[i];
  }
  float fraction =
      std::min(1.0f, static_cast<float>(watch_ms) / static_cast<float>(std::max(duration_ms, 1u)));
  return (below + 0.5f * bucket.bins[bin] + kYoung * fraction) / (total + kYoung);
}

void WatchHistogram::advance(Bucket& bucket, uint64_t now_us) {
  if (bucket.last_us == 0) bucket.last_us = now_us;
  if (now_us < bucket.last_us + kDecayStepUs) return;
  float keep = kernels::half_life_decay(now_us - bucket.last_us, kHalfLifeUs);
  for (auto& count : bucket.bins) count *= keep;
  bucket.last_us = now_us;
}

void WatchHistogram::add(uint32_t duration_ms, uint32_t watch_ms, uint64_t now_us) {
  Bucket& bucket = buckets[duration_bucket(duration_ms)];
  advance(bucket, now_us);
  bucket.bins[watch_bin(watch_ms)] += 1.0f;
}

void WatchHistogram::add(size_t bucket, size_t bin, uint32_t count, uint64_t at_us,
                         uint64_t now_us) {
  advance(buckets[bucket], now_us);
  uint64_t elapsed_us = now_us > at_us ? now_us - at_us : 0;
  buckets[bucket].bins[bin] +=
      static_cast<float>(count) * kernels::half_life_decay(elapsed_us, kHalfLifeUs);
}

}  // namespace rondo::recommender::features
