// What the kernels share, once a target: whole and partial vectors, and the sum over 16 lanes.
// Included by the files that foreach_target compiles, after hwy/highway.h.
#if defined(RONDO_KERNELS_VECTORS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef RONDO_KERNELS_VECTORS_INL
#undef RONDO_KERNELS_VECTORS_INL
#else
#define RONDO_KERNELS_VECTORS_INL
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace rondo::recommender::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using FloatVector = hn::Vec<Floats>;
inline constexpr size_t kWidth = HWY_LANES(float);
// The vectors that hold 16 lanes.
inline constexpr size_t kLaneVectors = 16 / kWidth;

// Memory access of a whole vector, and of its first lanes: the rest reads as zero and is not
// written.
struct Whole {
  HWY_INLINE FloatVector load(const float* from) const { return hn::LoadU(Floats(), from); }
  HWY_INLINE void store(FloatVector v, float* to) const { hn::StoreU(v, Floats(), to); }
};
struct Part {
  HWY_INLINE explicit Part(size_t lanes) : mask(hn::FirstN(Floats(), lanes)) {}
  HWY_INLINE FloatVector load(const float* from) const {
    return hn::MaskedLoad(mask, Floats(), from);
  }
  HWY_INLINE void store(FloatVector v, float* to) const { hn::BlendedStore(v, mask, Floats(), to); }
  hn::Mask<Floats> mask;
};

// Calls whole(i, Whole()) for each vector of `size` floats, and part(i, Part) for a last partial
// one.
template <typename WholeStep, typename PartStep>
HWY_INLINE void each_vector(size_t size, const WholeStep& whole, const PartStep& part) {
  size_t i = 0;
  for (; i + kWidth <= size; i += kWidth) whole(i, Whole());
  if (i < size) part(i, Part(size - i));
}
template <typename Step>
HWY_INLINE void each_vector(size_t size, const Step& step) {
  each_vector(size, step, step);
}

// 16 running sums, whatever the width.
struct Lanes {
  FloatVector v[kLaneVectors];
};

HWY_INLINE Lanes zero_lanes() {
  Lanes out;
  for (FloatVector& v : out.v) v = hn::Zero(Floats());
  return out;
}

// The first two levels of the tree: distance 8, then 4.
HWY_INLINE hn::Vec<hn::Full128<float>> four_lanes(const Lanes& lanes) {
  const hn::Full256<float> eight;
  const hn::Full128<float> four;
#if HWY_TARGET == HWY_AVX2
  const auto half = hn::Add(lanes.v[0], lanes.v[1]);
#else
  const auto half = hn::Add(hn::LowerHalf(eight, lanes.v[0]), hn::UpperHalf(eight, lanes.v[0]));
#endif
  (void)eight;
  return hn::Add(hn::LowerHalf(four, half), hn::UpperHalf(four, half));
}

// The other two: distance 2, then 1.
HWY_INLINE float sum_lanes(const Lanes& lanes) {
  auto v = four_lanes(lanes);
  v = hn::Add(v, hn::Shuffle1032(v));
  return hn::GetLane(hn::Add(v, hn::Shuffle2301(v)));
}

}  // namespace rondo::recommender::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
