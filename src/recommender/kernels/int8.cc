#include "recommender/kernels/int8.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "base/result.h"
#include "recommender/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "recommender/kernels/int8.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::recommender::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// As many codes as make a vector once widened to 16 bits; pairs of products then add up in 32.
using Wide = hn::ScalableTag<int16_t>;
using Sums = hn::ScalableTag<int32_t>;
using Codes = hn::Rebind<int8_t, Wide>;
using SumVector = hn::Vec<Sums>;
constexpr size_t kCodes = HWY_LANES(int16_t);

HWY_INLINE SumVector multiply_add(SumVector sum, const int8_t* row, const int16_t* query) {
  const auto wide = hn::PromoteTo(Wide(), hn::LoadU(Codes(), row));
  auto unused = hn::Zero(Sums());
  // On x86 that is one multiplication of pairs, all of it in the first sum.
  return hn::ReorderWidenMulAccumulate(Sums(), wide, hn::LoadU(Wide(), query), sum, unused);
}

HWY_INLINE int32_t tail(const int8_t* row, const int16_t* query, size_t from, size_t size) {
  int32_t sum = 0;
  for (size_t i = from; i < size; ++i) sum += int32_t{row[i]} * query[i];
  return sum;
}

// Within each block of four lanes: lane r is the sum of the block of rows[r].
HWY_INLINE SumVector four_sums(SumVector a, SumVector b, SumVector c, SumVector d) {
  const hn::Repartition<int64_t, Sums> pairs;
  auto fold = [&](SumVector x, SumVector y) HWY_ATTR {
    const auto wide_x = hn::BitCast(pairs, x);
    const auto wide_y = hn::BitCast(pairs, y);
    return hn::Add(hn::BitCast(Sums(), hn::InterleaveLower(pairs, wide_x, wide_y)),
                   hn::BitCast(Sums(), hn::InterleaveUpper(pairs, wide_x, wide_y)));
  };
  const auto ac = fold(a, c);
  const auto bd = fold(b, d);
  return fold(hn::InterleaveLower(Sums(), ac, bd), hn::InterleaveUpper(Sums(), ac, bd));
}

HWY_INLINE void store_four(SumVector v, int32_t* to) {
  const hn::Full128<int32_t> four;
  const hn::Full256<int32_t> eight;
#if HWY_TARGET == HWY_AVX2
  const auto half = v;
#else
  const auto half = hn::Add(hn::LowerHalf(eight, v), hn::UpperHalf(eight, v));
#endif
  (void)eight;
  hn::StoreU(hn::Add(hn::LowerHalf(four, half), hn::UpperHalf(four, half)), four, to);
}

void dot_many_codes(const int16_t* query, const int8_t* rows, size_t size, int32_t* out,
                    size_t count) {
  const size_t whole = size - size % kCodes;
  size_t r = 0;
  for (; r + 4 <= count; r += 4, rows += 4 * size) {
    auto a = hn::Zero(Sums());
    auto b = a;
    auto c = a;
    auto d = a;
    for (size_t i = 0; i < whole; i += kCodes) {
      a = multiply_add(a, rows + i, query + i);
      b = multiply_add(b, rows + size + i, query + i);
      c = multiply_add(c, rows + 2 * size + i, query + i);
      d = multiply_add(d, rows + 3 * size + i, query + i);
    }
    store_four(four_sums(a, b, c, d), out + r);
    if (whole == size) continue;
    for (size_t j = 0; j < 4; ++j) out[r + j] += tail(rows + j * size, query, whole, size);
  }
  for (; r < count; ++r, rows += size) {
    auto a = hn::Zero(Sums());
    for (size_t i = 0; i < whole; i += kCodes) a = multiply_add(a, rows + i, query + i);
    out[r] = hn::GetLane(hn::SumOfLanes(Sums(), a)) + tail(rows, query, whole, size);
  }
}

}  // namespace rondo::recommender::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::recommender::kernels {

HWY_EXPORT(dot_many_codes);

namespace {

constexpr float kCodeMax = 127.0f;

int8_t code_of(float x, float inverse) {
  float scaled = x * inverse;
  if (scaled != scaled) return 0;
  scaled = std::min(std::max(scaled, -kCodeMax), kCodeMax);
  return static_cast<int8_t>(scaled + (scaled < 0 ? -0.5f : 0.5f));
}

}  // namespace

float quantize(std::span<const float> x, std::span<int8_t> codes) {
  RD_ASSERT(x.size() == codes.size());
  float most = 0;
  bool numbers = true;
  for (float value : x) {
    numbers &= value == value;
    most = std::max(most, value < 0 ? -value : value);
  }
  if (!numbers || most < 1e-30f || most > std::numeric_limits<float>::max()) {
    std::fill(codes.begin(), codes.end(), int8_t{0});
    return 0;
  }
  const float inverse = kCodeMax / most;
  for (size_t i = 0; i < x.size(); ++i) codes[i] = code_of(x[i], inverse);
  return most / kCodeMax;
}

void quantize(std::span<const float> x, float scale, std::span<int8_t> codes) {
  RD_ASSERT(x.size() == codes.size() && scale > 1e-32f);
  const float inverse = 1.0f / scale;
  for (size_t i = 0; i < x.size(); ++i) codes[i] = code_of(x[i], inverse);
}

void dot_many_i8(std::span<const int8_t> query, std::span<const int8_t> rows,
                 std::span<int32_t> out) {
  RD_ASSERT(query.size() <= kCodeSizeMax && rows.size() == query.size() * out.size());
  // Widened once for all rows, on the stack for the sizes in use.
  constexpr size_t kSmall = 512;
  std::array<int16_t, kSmall> small;
  std::unique_ptr<int16_t[]> large;
  int16_t* wide = small.data();
  if (query.size() > kSmall) {
    large = std::make_unique<int16_t[]>(query.size());
    wide = large.get();
  }
  std::copy(query.begin(), query.end(), wide);
  HWY_DYNAMIC_DISPATCH(dot_many_codes)(wide, rows.data(), query.size(), out.data(), out.size());
}

}  // namespace rondo::recommender::kernels
#endif
