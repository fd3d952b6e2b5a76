#include "recommender/kernels/gemm.h"

#include <algorithm>

#include "base/result.h"
#include "recommender/kernels/product.h"
#include "recommender/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "recommender/kernels/gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "recommender/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rondo::recommender::kernels::HWY_NAMESPACE {

// A tile of the result stays in registers while k runs: 6 x 4 of 32 with AVX-512, 6 x 2 of 16 with
// AVX2, which leaves room for a row of b and one element of a.
constexpr size_t kTileRows = 6;
constexpr size_t kTileVectors = HWY_TARGET == HWY_AVX2 ? 2 : 4;
// As much of b as stays in the first-level cache from one tile to the next below it.
constexpr size_t kBlock = 128;

template <size_t kRows, size_t kVectors, bool kTransposed, typename Access>
HWY_INLINE void tile(const Product& p, size_t row, size_t column, size_t k_from, size_t k_to,
                     Access access) {
  FloatVector sum[kRows][kVectors];
  float* const c = p.c + row * p.columns + column;
  const float* start = p.bias + column;
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) {
      sum[r][v] = k_from == 0 && p.start == Start::kZero ? hn::Zero(Floats())
                  : k_from == 0 && p.start == Start::kBias
                      ? access.load(start + v * kWidth)
                      : access.load(c + r * p.columns + v * kWidth);
    }
  }
  const float* a = kTransposed ? p.a + row + k_from * p.rows : p.a + row * p.depth + k_from;
  const float* b = p.b + k_from * p.columns + column;
  for (size_t k = k_from; k < k_to; ++k) {
    FloatVector across[kVectors];
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) across[v] = access.load(b + v * kWidth);
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
      const auto factor = hn::Set(Floats(), kTransposed ? a[r] : a[r * p.depth]);
#pragma GCC unroll 16
      for (size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(factor, across[v], sum[r][v]);
    }
    a += kTransposed ? p.rows : 1;
    b += p.columns;
  }
  const bool relu = p.relu && k_to == p.depth;
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) {
      auto y = sum[r][v];
      if (relu) y = hn::IfThenZeroElse(hn::Lt(y, hn::Zero(Floats())), y);
      access.store(y, c + r * p.columns + v * kWidth);
    }
  }
}

// All rows of one strip of columns.
template <size_t kVectors, bool kTransposed, typename Access>
void strip(const Product& p, size_t column, size_t k_from, size_t k_to, Access access) {
  size_t row = 0;
  for (; row + kTileRows <= p.rows; row += kTileRows) {
    tile<kTileRows, kVectors, kTransposed>(p, row, column, k_from, k_to, access);
  }
  switch (p.rows - row) {
    case 5:
      return tile<5, kVectors, kTransposed>(p, row, column, k_from, k_to, access);
    case 4:
      return tile<4, kVectors, kTransposed>(p, row, column, k_from, k_to, access);
    case 3:
      return tile<3, kVectors, kTransposed>(p, row, column, k_from, k_to, access);
    case 2:
      return tile<2, kVectors, kTransposed>(p, row, column, k_from, k_to, access);
    case 1:
      return tile<1, kVectors, kTransposed>(p, row, column, k_from, k_to, access);
    default:
      return;
  }
}

template <bool kTransposed>
HWY_INLINE void blocks(const Product& p) {
  // Once also when the depth is 0: the result is where the sums start.
  size_t k_from = 0;
  do {
    const size_t k_to = std::min(k_from + kBlock, p.depth);
    size_t column = 0;
    for (; column + kTileVectors * kWidth <= p.columns; column += kTileVectors * kWidth) {
      strip<kTileVectors, kTransposed>(p, column, k_from, k_to, Whole());
    }
    for (; column + kWidth <= p.columns; column += kWidth) {
      strip<1, kTransposed>(p, column, k_from, k_to, Whole());
    }
    if (column < p.columns) {
      strip<1, kTransposed>(p, column, k_from, k_to, Part(p.columns - column));
    }
    k_from = k_to;
  } while (k_from < p.depth);
}

void multiply(const Product& p) {
  if (p.transposed) {
    blocks<true>(p);
  } else {
    blocks<false>(p);
  }
}

void add_rows(const float* from, size_t rows, size_t columns, float* to) {
  each_vector(columns, [&](size_t o, auto access) HWY_ATTR {
    auto sum = access.load(to + o);
    for (size_t r = 0; r < rows; ++r) sum = hn::Add(sum, access.load(from + r * columns + o));
    access.store(sum, to + o);
  });
}

}  // namespace rondo::recommender::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::recommender::kernels {

HWY_EXPORT(multiply);
HWY_EXPORT(add_rows);

void gemm(const GemmShape& shape, std::span<const float> x, std::span<const float> w,
          std::span<const float> bias, Activation activation, std::span<float> y) {
  RD_ASSERT(x.size() == shape.rows * shape.in && w.size() == shape.in * shape.out);
  RD_ASSERT(y.size() == shape.rows * shape.out);
  RD_ASSERT(bias.empty() || bias.size() == shape.out);
  HWY_DYNAMIC_DISPATCH(multiply)
  ({.rows = shape.rows,
    .depth = shape.in,
    .columns = shape.out,
    .a = x.data(),
    .transposed = false,
    .b = w.data(),
    .start = bias.empty() ? Start::kResult : Start::kBias,
    .bias = bias.data(),
    .relu = activation == Activation::kRelu,
    .c = y.data()});
}

void gemm_accumulate_outer(const GemmShape& shape, std::span<const float> x,
                           std::span<const float> dy, std::span<float> dw, std::span<float> dbias) {
  RD_ASSERT(x.size() == shape.rows * shape.in && dw.size() == shape.in * shape.out);
  RD_ASSERT(dy.size() == shape.rows * shape.out);
  RD_ASSERT(dbias.empty() || dbias.size() == shape.out);
  HWY_DYNAMIC_DISPATCH(multiply)
  ({.rows = shape.in,
    .depth = shape.rows,
    .columns = shape.out,
    .a = x.data(),
    .transposed = true,
    .b = dy.data(),
    .start = Start::kResult,
    .bias = nullptr,
    .relu = false,
    .c = dw.data()});
  if (dbias.empty()) return;
  HWY_DYNAMIC_DISPATCH(add_rows)(dy.data(), shape.rows, shape.out, dbias.data());
}

void gemm_back(const GemmShape& shape, std::span<const float> dy,
               std::span<const float> w_transposed, std::span<float> dx) {
  RD_ASSERT(dx.size() == shape.rows * shape.in && w_transposed.size() == shape.in * shape.out);
  RD_ASSERT(dy.size() == shape.rows * shape.out);
  HWY_DYNAMIC_DISPATCH(multiply)
  ({.rows = shape.rows,
    .depth = shape.out,
    .columns = shape.in,
    .a = dy.data(),
    .transposed = false,
    .b = w_transposed.data(),
    .start = Start::kZero,
    .bias = nullptr,
    .relu = false,
    .c = dx.data()});
}

void transpose(size_t rows, size_t columns, std::span<const float> from, std::span<float> to) {
  RD_ASSERT(from.size() == rows * columns && to.size() == rows * columns);
  constexpr size_t kSide = 16;  // a cache line of floats each way
  for (size_t r0 = 0; r0 < rows; r0 += kSide) {
    for (size_t c0 = 0; c0 < columns; c0 += kSide) {
      for (size_t c = c0; c < std::min(c0 + kSide, columns); ++c) {
        for (size_t r = r0; r < std::min(r0 + kSide, rows); ++r) {
          to[c * rows + r] = from[r * columns + c];
        }
      }
    }
  }
}

}  // namespace rondo::recommender::kernels
#endif
