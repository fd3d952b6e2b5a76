#include "recommender/kernels/dense.h"

#include "base/result.h"

namespace rondo::recommender::kernels {
namespace {

// Pairs at distance 8, 4, 2, 1: the order in which a vector register halves.
float tree_sum(float* lane) {
  for (size_t width = kLanes / 2; width > 0; width /= 2) {
    for (size_t j = 0; j < width; ++j) lane[j] += lane[j + width];
  }
  return lane[0];
}

// Lane j sums the terms i with i % 16 == j, in order of i.
template <typename Term>
float lane_sum(size_t size, Term term) {
  float lane[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) lane[j] += term(i + j);
  }
  for (size_t j = 0; i < size; ++i, ++j) lane[j] += term(i);
  return tree_sum(lane);
}

}  // namespace

float dot(std::span<const float> a, std::span<const float> b) {
  RD_ASSERT(a.size() == b.size());
  return lane_sum(a.size(), [&](size_t i) { return a[i] * b[i]; });
}

float dot3(std::span<const float> a, std::span<const float> b, std::span<const float> c) {
  RD_ASSERT(a.size() == b.size() && b.size() == c.size());
  return lane_sum(a.size(), [&](size_t i) { return a[i] * b[i] * c[i]; });
}

float squared_norm(std::span<const float> a) {
  return lane_sum(a.size(), [&](size_t i) { return a[i] * a[i]; });
}

void axpy(float alpha, std::span<const float> x, std::span<float> y) {
  RD_ASSERT(x.size() == y.size());
  for (size_t i = 0; i < x.size(); ++i) y[i] += alpha * x[i];
}

void dot_many(std::span<const float> query, std::span<const float> rows, std::span<float> out) {
  RD_ASSERT(rows.size() == query.size() * out.size());
  for (size_t r = 0; r < out.size(); ++r) {
    out[r] = dot(query, rows.subspan(r * query.size(), query.size()));
  }
}

}  // namespace rondo::recommender::kernels
