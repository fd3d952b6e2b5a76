// Vectors as codes of 8 bits, and inner products of one code against many.
//
// The products are sums of whole numbers, widened so that nothing saturates: exact, in any order.
// The rest of the contract is dense.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rondo::recommender::kernels {

inline constexpr size_t kCodeSizeMax = 65'536;  // 2^14 * 2^16 is within 32 bits

// codes[i] = x[i] * 127 / most, rounded to the nearest, halves away from 0; `most` is the largest
// |x[i]|. Returns the scale, most / 127: x[i] is about scale * codes[i]. Where `most` is below
// 1e-30 or is infinite, or where there is a NaN, all codes and the scale are 0.
float quantize(std::span<const float> x, std::span<int8_t> codes);
// The same under a scale that is given: 1 / scale is taken once, beyond +-127 saturates, NaN is 0.
// `scale` must be above 1e-32.
void quantize(std::span<const float> x, float scale, std::span<int8_t> codes);

// out[r] = sum over i of query[i] * rows[r * query.size() + i]. Any size up to kCodeSizeMax;
// fastest for multiples of 32.
void dot_many_i8(std::span<const int8_t> query, std::span<const int8_t> rows,
                 std::span<int32_t> out);

}  // namespace rondo::recommender::kernels
