// The dense operations of ranking and training, over spans of equal size.
//
// Sums run over 16 fixed lanes that a fixed tree adds up, whatever the machine's vectors: the bits
// are those of the plain reference in the test. Free functions, thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rondo::recommender::kernels {

inline constexpr size_t kLanes = 16;

// sum over i of a[i] * b[i].
float dot(std::span<const float> a, std::span<const float> b);
// sum over i of a[i]^2.
float squared_norm(std::span<const float> a);
// y[i] += alpha * x[i].
void axpy(float alpha, std::span<const float> x, std::span<float> y);
// out[r] = dot(query, rows[r * query.size() ...]).
void dot_many(std::span<const float> query, std::span<const float> rows, std::span<float> out);

}  // namespace rondo::recommender::kernels
