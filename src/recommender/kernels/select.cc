#include "recommender/kernels/select.h"

#include <algorithm>
#include <cstddef>

#include "base/result.h"
#include "recommender/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "recommender/kernels/select.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::recommender::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// `whole` words of 64 keys each.
template <typename Key>
HWY_INLINE void words_at_least(const Key* keys, Key bound, uint64_t* out, size_t whole) {
  const hn::ScalableTag<Key> d;
  constexpr size_t kLanes = HWY_LANES(Key);
  const auto least = hn::Set(d, bound);
  for (size_t w = 0; w < whole; ++w, keys += 64) {
    uint64_t word = 0;
    for (size_t i = 0; i < 64; i += kLanes) {
      uint8_t bits[8] = {};
      hn::StoreMaskBits(d, hn::Ge(hn::LoadU(d, keys + i), least), bits);
      word |= uint64_t{bits[0]} << i;
      if constexpr (kLanes > 8) word |= uint64_t{bits[1]} << (i + 8);
    }
    out[w] = word;
  }
}

void floats_at_least(const float* keys, float bound, uint64_t* out, size_t whole) {
  words_at_least(keys, bound, out, whole);
}

void doubles_at_least(const double* keys, double bound, uint64_t* out, size_t whole) {
  words_at_least(keys, bound, out, whole);
}

// Returns how many it did: all but a rest of less than a vector.
size_t add_vectors_looked_up(const float* table, const uint32_t* places, float* out, size_t size) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  constexpr size_t kLanes = HWY_LANES(float);
  const auto nowhere = hn::Set(di, -1);
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    const auto place = hn::LoadU(di, reinterpret_cast<const int32_t*>(places + i));
    const auto none = hn::Eq(place, nowhere);
    const auto found = hn::GatherIndex(d, table, hn::IfThenZeroElse(none, place));
    hn::StoreU(hn::Add(hn::LoadU(d, out + i), hn::IfThenZeroElse(hn::RebindMask(d, none), found)),
               d, out + i);
  }
  return i;
}

}  // namespace rondo::recommender::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::recommender::kernels {

HWY_EXPORT(floats_at_least);
HWY_EXPORT(doubles_at_least);
HWY_EXPORT(add_vectors_looked_up);

namespace {

template <typename Key>
void finish(std::span<const Key> keys, Key bound, std::span<uint64_t> out) {
  const size_t whole = keys.size() / 64;
  if (whole == out.size()) return;
  uint64_t word = 0;
  for (size_t i = 64 * whole; i < keys.size(); ++i) {
    word |= uint64_t{keys[i] >= bound} << (i % 64);
  }
  out[whole] = word;
}

}  // namespace

void at_least(std::span<const float> keys, float bound, std::span<uint64_t> out) {
  RD_ASSERT(out.size() == (keys.size() + 63) / 64);
  HWY_DYNAMIC_DISPATCH(floats_at_least)(keys.data(), bound, out.data(), keys.size() / 64);
  finish(keys, bound, out);
}

void at_least(std::span<const double> keys, double bound, std::span<uint64_t> out) {
  RD_ASSERT(out.size() == (keys.size() + 63) / 64);
  HWY_DYNAMIC_DISPATCH(doubles_at_least)(keys.data(), bound, out.data(), keys.size() / 64);
  finish(keys, bound, out);
}

void add_looked_up(std::span<const float> table, std::span<const uint32_t> places,
                   std::span<float> out) {
  RD_ASSERT(places.size() == out.size());
  size_t i = HWY_DYNAMIC_DISPATCH(add_vectors_looked_up)(table.data(), places.data(), out.data(),
                                                         out.size());
  for (; i < out.size(); ++i) {
    out[i] += places[i] == kNowhere ? 0.0f : table[places[i]];
  }
}

}  // namespace rondo::recommender::kernels
#endif
