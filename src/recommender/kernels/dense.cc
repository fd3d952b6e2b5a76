#include "recommender/kernels/dense.h"

#include "base/result.h"
#include "recommender/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "recommender/kernels/dense.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "recommender/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rondo::recommender::kernels::HWY_NAMESPACE {

// The lanes of kRows inner products side by side, so that their chains overlap.
template <size_t kRows>
HWY_INLINE void dot_lanes(const float* query, const float* rows, size_t size, Lanes* sums) {
  for (size_t r = 0; r < kRows; ++r) sums[r] = zero_lanes();
  size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    for (size_t v = 0; v < kLaneVectors; ++v) {
      const auto q = Whole().load(query + i + v * kWidth);
      for (size_t r = 0; r < kRows; ++r) {
        sums[r].v[v] = hn::MulAdd(q, Whole().load(rows + r * size + i + v * kWidth), sums[r].v[v]);
      }
    }
  }
  if (i == size) return;
  for (size_t v = 0; v < kLaneVectors; ++v) {
    const size_t from = i + v * kWidth;
    const Part part(from < size ? size - from : 0);
    const auto q = part.load(query + from);
    for (size_t r = 0; r < kRows; ++r) {
      sums[r].v[v] = hn::MulAdd(q, part.load(rows + r * size + from), sums[r].v[v]);
    }
  }
}

float dot_of(const float* a, const float* b, size_t size) {
  Lanes sum;
  dot_lanes<1>(a, b, size, &sum);
  return sum_lanes(sum);
}

void axpy_of(float alpha, const float* x, float* y, size_t size) {
  const auto a = hn::Set(Floats(), alpha);
  each_vector(size, [&](size_t i, auto access) HWY_ATTR {
    access.store(hn::MulAdd(a, access.load(x + i), access.load(y + i)), y + i);
  });
}

void dot_many_of(const float* query, const float* rows, size_t size, float* out, size_t count) {
  const hn::Full128<float> four;
  const hn::Full128<uint64_t> pairs;
  size_t r = 0;
  for (; r + 4 <= count; r += 4, rows += 4 * size) {
    Lanes sums[4];
    dot_lanes<4>(query, rows, size, sums);
    // The last two levels of four trees at once.
    const auto a = hn::BitCast(pairs, four_lanes(sums[0]));
    const auto b = hn::BitCast(pairs, four_lanes(sums[1]));
    const auto c = hn::BitCast(pairs, four_lanes(sums[2]));
    const auto d = hn::BitCast(pairs, four_lanes(sums[3]));
    const auto ab = hn::Add(hn::BitCast(four, hn::InterleaveLower(pairs, a, b)),
                            hn::BitCast(four, hn::InterleaveUpper(pairs, a, b)));
    const auto cd = hn::Add(hn::BitCast(four, hn::InterleaveLower(pairs, c, d)),
                            hn::BitCast(four, hn::InterleaveUpper(pairs, c, d)));
    hn::StoreU(hn::Add(hn::ConcatEven(four, cd, ab), hn::ConcatOdd(four, cd, ab)), four, out + r);
  }
  for (; r < count; ++r, rows += size) out[r] = dot_of(query, rows, size);
}

}  // namespace rondo::recommender::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::recommender::kernels {

HWY_EXPORT(dot_of);
HWY_EXPORT(axpy_of);
HWY_EXPORT(dot_many_of);

float dot(std::span<const float> a, std::span<const float> b) {
  RD_ASSERT(a.size() == b.size());
  return HWY_DYNAMIC_DISPATCH(dot_of)(a.data(), b.data(), a.size());
}

float squared_norm(std::span<const float> a) { return dot(a, a); }

void axpy(float alpha, std::span<const float> x, std::span<float> y) {
  RD_ASSERT(x.size() == y.size());
  HWY_DYNAMIC_DISPATCH(axpy_of)(alpha, x.data(), y.data(), x.size());
}

void dot_many(std::span<const float> query, std::span<const float> rows, std::span<float> out) {
  RD_ASSERT(rows.size() == query.size() * out.size());
  HWY_DYNAMIC_DISPATCH(dot_many_of)
  (query.data(), rows.data(), query.size(), out.data(), out.size());
}

}  // namespace rondo::recommender::kernels
#endif
