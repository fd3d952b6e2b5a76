#include "recommender/kernels/dense.h"

#include <cstring>

#include "base/result.h"

namespace rondo::recommender::kernels {
namespace {

using Eight = float __attribute__((vector_size(32)));

Eight load(const float* from) {
  Eight out;
  std::memcpy(&out, from, sizeof out);
  return out;
}

// Lane j sums the terms i with i % 16 == j, in order of i; then pairs at distance 8, 4, 2, 1 add
// up, the order in which a vector register halves. `eight(i)` is the terms i to i + 7.
template <typename EightTerms, typename OneTerm>
float lane_sum(size_t size, EightTerms eight, OneTerm one) {
  Eight low{};
  Eight high{};
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    low += eight(i);
    high += eight(i + 8);
  }
  for (size_t j = 0; i < size; ++i, ++j) {
    if (j < 8) {
      low[j] += one(i);
    } else {
      high[j - 8] += one(i);
    }
  }
  Eight s = low + high;
  float a = s[0] + s[4];
  float b = s[1] + s[5];
  float c = s[2] + s[6];
  float d = s[3] + s[7];
  return (a + c) + (b + d);
}

}  // namespace

float dot(std::span<const float> a, std::span<const float> b) {
  RD_ASSERT(a.size() == b.size());
  return lane_sum(
      a.size(), [&](size_t i) { return load(&a[i]) * load(&b[i]); },
      [&](size_t i) { return a[i] * b[i]; });
}

float squared_norm(std::span<const float> a) { return dot(a, a); }

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
