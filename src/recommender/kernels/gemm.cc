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
// Rows of b that the tiles of a strip go over one after the other: 64 KiB with AVX-512, which the
// second-level cache streams as fast as they are used.
constexpr size_t kBlock = 256;
// With fewer rows, to copy b costs more than it saves.
constexpr size_t kPackRows = 100;

// Where a strip reads b: in place, or a copy that is dense and aligned.
struct Strip {
  const float* b;  // the row k_from
  size_t stride;
  size_t column;
  size_t k_from;
  size_t k_to;
};

template <size_t kRows, size_t kVectors, bool kTransposed, typename Access, typename AccessB>
HWY_INLINE void tile(const Product& p, const Strip& strip, size_t row, Access access,
                     AccessB access_b) {
  FloatVector sum[kRows][kVectors];
  const size_t k_from = strip.k_from;
  float* const c = p.c + row * p.columns + strip.column;
  const float* start = p.start == Start::kBias ? p.bias + strip.column : nullptr;
  const bool first = k_from == 0;
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) {
      sum[r][v] = first && p.start == Start::kZero   ? hn::Zero(Floats())
                  : first && p.start == Start::kBias ? access.load(start + v * kWidth)
                                                     : access.load(c + r * p.columns + v * kWidth);
    }
  }
  const float* a = kTransposed ? p.a + row + k_from * p.rows : p.a + row * p.depth + k_from;
  const float* b = strip.b;
  const size_t stride = strip.stride;
  // Unrolled so that the end of a short loop is predicted.
#pragma GCC unroll 8
  for (size_t k = k_from; k < strip.k_to; ++k) {
    FloatVector across[kVectors];
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) across[v] = access_b.load(b + v * kWidth);
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
      const auto factor = hn::Set(Floats(), kTransposed ? a[r] : a[r * p.depth]);
#pragma GCC unroll 16
      for (size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(factor, across[v], sum[r][v]);
    }
    a += kTransposed ? p.rows : 1;
    b += stride;
  }
  const bool relu = p.relu && strip.k_to == p.depth;
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

template <size_t kVectors, bool kTransposed, typename Access, typename AccessB>
void tiles(const Product& p, const Strip& s, Access access, AccessB access_b) {
  size_t row = 0;
  for (; row + kTileRows <= p.rows; row += kTileRows) {
    tile<kTileRows, kVectors, kTransposed>(p, s, row, access, access_b);
  }
  switch (p.rows - row) {
    case 5:
      return tile<5, kVectors, kTransposed>(p, s, row, access, access_b);
    case 4:
      return tile<4, kVectors, kTransposed>(p, s, row, access, access_b);
    case 3:
      return tile<3, kVectors, kTransposed>(p, s, row, access, access_b);
    case 2:
      return tile<2, kVectors, kTransposed>(p, s, row, access, access_b);
    case 1:
      return tile<1, kVectors, kTransposed>(p, s, row, access, access_b);
    default:
      return;
  }
}

// All rows of one strip of columns.
template <size_t kVectors, bool kTransposed, typename Access>
void strip(const Product& p, size_t column, size_t k_from, size_t k_to, Access access) {
  const float* b = p.b + k_from * p.columns + column;
  if (p.rows < kPackRows) {
    const Strip in_place{b, p.columns, column, k_from, k_to};
    return tiles<kVectors, kTransposed>(p, in_place, access, access);
  }
  constexpr size_t kStride = kVectors * kWidth;
  alignas(64) float copy[kBlock * kStride];
  float* to = copy;
  for (size_t k = k_from; k < k_to; ++k, b += p.columns, to += kStride) {
    for (size_t v = 0; v < kVectors; ++v) {
      Whole().store(access.load(b + v * kWidth), to + v * kWidth);
    }
  }
  tiles<kVectors, kTransposed>(p, Strip{copy, kStride, column, k_from, k_to}, access, Whole());
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

template <size_t kVectors, typename Access>
HWY_INLINE void add_strip(const float* from, size_t rows, size_t columns, float* to,
                          Access access) {
  FloatVector sum[kVectors];
#pragma GCC unroll 16
  for (size_t v = 0; v < kVectors; ++v) sum[v] = access.load(to + v * kWidth);
  for (size_t r = 0; r < rows; ++r, from += columns) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) {
      sum[v] = hn::Add(sum[v], access.load(from + v * kWidth));
    }
  }
#pragma GCC unroll 16
  for (size_t v = 0; v < kVectors; ++v) access.store(sum[v], to + v * kWidth);
}

void add_rows(const float* from, size_t rows, size_t columns, float* to) {
  constexpr size_t kVectors = 8;  // as many chains side by side
  size_t o = 0;
  for (; o + kVectors * kWidth <= columns; o += kVectors * kWidth) {
    add_strip<kVectors>(from + o, rows, columns, to + o, Whole());
  }
  for (; o + kWidth <= columns; o += kWidth) {
    add_strip<1>(from + o, rows, columns, to + o, Whole());
  }
  if (o < columns) add_strip<1>(from + o, rows, columns, to + o, Part(columns - o));
}

// A square of 4 x 4, in registers.
HWY_INLINE void transpose_square(const float* from, size_t from_row, float* to, size_t to_row) {
  const hn::Full128<float> four;
  const hn::Full128<uint64_t> pairs;
  const auto a = hn::LoadU(four, from);
  const auto b = hn::LoadU(four, from + from_row);
  const auto c = hn::LoadU(four, from + 2 * from_row);
  const auto d = hn::LoadU(four, from + 3 * from_row);
  const auto ab_low = hn::BitCast(pairs, hn::InterleaveLower(four, a, b));
  const auto ab_high = hn::BitCast(pairs, hn::InterleaveUpper(four, a, b));
  const auto cd_low = hn::BitCast(pairs, hn::InterleaveLower(four, c, d));
  const auto cd_high = hn::BitCast(pairs, hn::InterleaveUpper(four, c, d));
  auto store = [&](auto v, size_t row)
                   HWY_ATTR { hn::StoreU(hn::BitCast(four, v), four, to + row * to_row); };
  store(hn::InterleaveLower(pairs, ab_low, cd_low), 0);
  store(hn::InterleaveUpper(pairs, ab_low, cd_low), 1);
  store(hn::InterleaveLower(pairs, ab_high, cd_high), 2);
  store(hn::InterleaveUpper(pairs, ab_high, cd_high), 3);
}

void transpose_all(const float* from, size_t rows, size_t columns, float* to) {
  constexpr size_t kSide = 16;  // a cache line of floats each way
  for (size_t c0 = 0; c0 < columns; c0 += kSide) {
    const size_t c_end = std::min(c0 + kSide, columns);
    for (size_t r0 = 0; r0 < rows; r0 += kSide) {
      const size_t r_end = std::min(r0 + kSide, rows);
      size_t r = r0;
      for (; r + 4 <= r_end; r += 4) {
        size_t c = c0;
        for (; c + 4 <= c_end; c += 4) {
          transpose_square(from + r * columns + c, columns, to + c * rows + r, rows);
        }
        for (; c < c_end; ++c) {
          for (size_t i = r; i < r + 4; ++i) to[c * rows + i] = from[i * columns + c];
        }
      }
      for (; r < r_end; ++r) {
        for (size_t c = c0; c < c_end; ++c) to[c * rows + r] = from[r * columns + c];
      }
    }
  }
}

}  // namespace rondo::recommender::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::recommender::kernels {

HWY_EXPORT(multiply);
HWY_EXPORT(add_rows);
HWY_EXPORT(transpose_all);

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
  HWY_DYNAMIC_DISPATCH(transpose_all)(from.data(), rows, columns, to.data());
}

}  // namespace rondo::recommender::kernels
#endif
