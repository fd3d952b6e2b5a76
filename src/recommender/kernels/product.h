// One product of matrices, as gemm.cc hands it to the code of the machine's instruction set.
#pragma once

#include <cstddef>

namespace rondo::recommender::kernels {

enum class Start { kZero, kBias, kResult };

// c (rows x columns) = start + a b, by fma in order of depth; a is rows x depth, or depth x rows
// when transposed; b is depth x columns.
struct Product {
  size_t rows;
  size_t depth;
  size_t columns;
  const float* a;
  bool transposed;
  const float* b;
  Start start;
  const float* bias;
  bool relu;
  float* c;
};

}  // namespace rondo::recommender::kernels
