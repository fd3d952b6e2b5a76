// Products of matrices for a layer of a network: forward, and both halves of backward.
//
// Row-major; a layer's weights w are in x out. Every output is one chain of fma in a stated order,
// so a row's result depends neither on the other rows of the call nor on how it is cut into blocks.
// The rest of the contract is dense.h's.
#pragma once

#include <cstddef>
#include <span>

namespace rondo::recommender::kernels {

struct GemmShape {
  size_t rows;
  size_t in;
  size_t out;
};

// relu(a) is 0 for a < 0 and a for the rest, NaN included.
enum class Activation { kIdentity, kRelu };

// y[r][o] = activation(a), where a starts at bias[o] and takes fma(x[r][i], w[i][o], a) in order of
// i. An empty bias: a starts at what y holds, so that products add up.
void gemm(const GemmShape& shape, std::span<const float> x, std::span<const float> w,
          std::span<const float> bias, Activation activation, std::span<float> y);

// dw[i][o] takes fma(x[r][i], dy[r][o], dw[i][o]), and dbias[o] adds dy[r][o], in order of r.
// An empty dbias: not wanted.
void gemm_accumulate_outer(const GemmShape& shape, std::span<const float> x,
                           std::span<const float> dy, std::span<float> dw, std::span<float> dbias);

// dx[r][i] = a, where a starts at 0 and takes fma(dy[r][o], w[i][o], a) in order of o.
// `w_transposed` is w as out x in: one transposition serves every row of the batch.
void gemm_back(const GemmShape& shape, std::span<const float> dy,
               std::span<const float> w_transposed, std::span<float> dx);

// to[c][r] = from[r][c], where `from` is rows x columns.
void transpose(size_t rows, size_t columns, std::span<const float> from, std::span<float> to);

}  // namespace rondo::recommender::kernels
