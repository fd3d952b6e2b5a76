// What a scan over many keys asks of each: whether it is worth a closer look. Comparisons and
// lookups, so the bits are those of the plain loops. The rest of the contract is dense.h's.
#pragma once

#include <cstdint>
#include <span>

namespace rondo::recommender::kernels {

inline constexpr uint32_t kNowhere = UINT32_MAX;

// Bit i % 64 of out[i / 64]: keys[i] >= bound. Bits beyond the keys are 0. `out` has a word for
// each 64 keys begun.
void at_least(std::span<const float> keys, float bound, std::span<uint64_t> out);
void at_least(std::span<const double> keys, double bound, std::span<uint64_t> out);

// out[i] += table[places[i]], or 0 where the place is kNowhere. The others are below 2^31 and
// within the table, which is not empty.
void add_looked_up(std::span<const float> table, std::span<const uint32_t> places,
                   std::span<float> out);

}  // namespace rondo::recommender::kernels
