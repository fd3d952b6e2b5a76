// Draws from distributions, over base::Rng: the same seed draws the same on every run.
//
// Free functions; thread safety is the Rng's.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>

#include "base/random.h"

namespace rondo::simulator {

inline bool happens(base::Rng& rng, double probability) {
  return static_cast<double>(rng.uniform()) < probability;
}
inline double between(base::Rng& rng, double low, double high) {
  return low + (high - low) * static_cast<double>(rng.uniform());
}
inline double exponential(base::Rng& rng, double mean) {
  return -mean * std::log1p(-static_cast<double>(rng.uniform()));
}
// Box and Muller, the cosine alone: no state is left over between draws.
inline double normal(base::Rng& rng) {
  double radius = std::sqrt(-2 * std::log1p(-static_cast<double>(rng.uniform())));
  return radius * std::cos(2 * std::numbers::pi * static_cast<double>(rng.uniform()));
}
inline double log_normal(base::Rng& rng, double median, double deviation) {
  return median * std::exp(deviation * normal(rng));
}
// An index by weight; `cumulative` is ascending and ends with the sum.
inline size_t pick(base::Rng& rng, std::span<const double> cumulative) {
  double target = cumulative.back() * static_cast<double>(rng.uniform());
  auto at = std::upper_bound(cumulative.begin(), cumulative.end(), target);
  return std::min(static_cast<size_t>(at - cumulative.begin()), cumulative.size() - 1);
}
inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace rondo::simulator
