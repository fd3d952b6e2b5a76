// The functions of math.h over spans, with the bits of the scalar ones, and softmax.
//
// In place: each element gives way to its result. The rest of the contract is dense.h's.
#pragma once

#include <span>

namespace rondo::recommender::kernels {

void exp(std::span<float> x);
void log(std::span<float> x);
void sigmoid(std::span<float> x);
void tanh(std::span<float> x);

// x[i] = e[i] / sum, where e[i] = exp(x[i] - max). Lane j of 16 adds the e[i] with i % 16 == j in
// order of i; then pairs of lanes at distance 8, 4, 2, 1 add up. A NaN, or an infinite maximum,
// makes every result NaN.
void softmax(std::span<float> x);

}  // namespace rondo::recommender::kernels
