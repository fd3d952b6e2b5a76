// Inner products and sums of scaled vectors, over spans of equal size.
//
// Every kernel of this folder gives the same bits on every machine: those of the plain loop that
// its comment states and its test writes out, where fma(a, b, c) is a * b + c rounded once. Vectors
// run across outputs; where a sum has to be cut into lanes there are 16, whatever the width of the
// machine's vectors, and a fixed tree adds them up. One freedom is left: of a NaN it is promised
// that it is one, not its sign and payload.
//
// Free functions, thread safe; spans need no alignment, and what is written must not overlap what
// is read unless it is the same span. Sizes that do not fit are a bug of the caller and assert.
#pragma once

#include <cstddef>
#include <span>

namespace rondo::recommender::kernels {

inline constexpr size_t kLanes = 16;

// sum over i of a[i] * b[i], both padded with zeros to a multiple of 16: lane j takes the i with
// i % 16 == j, by fma in order of i; then pairs of lanes at distance 8, 4, 2, 1 add up.
float dot(std::span<const float> a, std::span<const float> b);
// dot(a, a).
float squared_norm(std::span<const float> a);
// y[i] = fma(alpha, x[i], y[i]).
void axpy(float alpha, std::span<const float> x, std::span<float> y);
// out[r] = dot(query, rows[r * query.size() ...]).
void dot_many(std::span<const float> query, std::span<const float> rows, std::span<float> out);

}  // namespace rondo::recommender::kernels
