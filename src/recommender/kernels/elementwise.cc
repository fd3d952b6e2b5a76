#include "recommender/kernels/elementwise.h"

#include <limits>

#include "recommender/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "recommender/kernels/elementwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "recommender/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rondo::recommender::kernels::HWY_NAMESPACE {

// Operation by operation what math.h does; a * b + c is rounded twice there, so it is here.
using Ints = hn::RebindToSigned<Floats>;

HWY_INLINE FloatVector constant(float x) { return hn::Set(Floats(), x); }
HWY_INLINE FloatVector mul_add(FloatVector a, FloatVector b, float c) {
  return hn::Add(hn::Mul(a, b), constant(c));
}

HWY_INLINE FloatVector exp_of(FloatVector x) {
  const auto round = constant(12582912.0f);
  const auto shifted = hn::Add(hn::Mul(x, constant(1.44269504f)), round);
  const auto n = hn::Sub(shifted, round);
  const auto r =
      hn::Sub(hn::Sub(x, hn::Mul(n, constant(0.693145752f))), hn::Mul(n, constant(1.42860677e-6f)));
  auto p = constant(1.0f / 5040);
  p = mul_add(p, r, 1.0f / 720);
  p = mul_add(p, r, 1.0f / 120);
  p = mul_add(p, r, 1.0f / 24);
  p = mul_add(p, r, 1.0f / 6);
  p = mul_add(p, r, 0.5f);
  p = mul_add(p, r, 1.0f);
  p = mul_add(p, r, 1.0f);
  // The low bits of `shifted` are n: the same exponent as through a conversion, without its cases.
  const auto exponent =
      hn::ShiftLeft<23>(hn::Add(hn::BitCast(Ints(), shifted), hn::Set(Ints(), 127)));
  auto y = hn::Mul(p, hn::BitCast(Floats(), exponent));
  y = hn::IfThenZeroElse(hn::Lt(x, constant(-87.0f)), y);
  y = hn::IfThenElse(hn::Gt(x, constant(88.0f)), constant(3.0e38f), y);
  return hn::IfThenElse(hn::Eq(x, x), y, x);  // a NaN stays; Ne is false for it with AVX-512
}

HWY_INLINE FloatVector log_of(FloatVector x) {
  const auto bits = hn::BitCast(Ints(), x);
  auto exponent = hn::Sub(hn::ShiftRight<23>(bits), hn::Set(Ints(), 127));
  auto m = hn::BitCast(
      Floats(), hn::Or(hn::And(bits, hn::Set(Ints(), 0x7FFFFF)), hn::Set(Ints(), 0x3F800000)));
  const auto large = hn::Gt(m, constant(1.41421356f));
  m = hn::IfThenElse(large, hn::Mul(m, constant(0.5f)), m);
  exponent =
      hn::Add(exponent, hn::IfThenElseZero(hn::RebindMask(Ints(), large), hn::Set(Ints(), 1)));
  const auto s = hn::Div(hn::Sub(m, constant(1.0f)), hn::Add(m, constant(1.0f)));
  const auto s2 = hn::Mul(s, s);
  auto p = constant(1.0f / 9);
  p = mul_add(p, s2, 1.0f / 7);
  p = mul_add(p, s2, 1.0f / 5);
  p = mul_add(p, s2, 1.0f / 3);
  p = mul_add(p, s2, 1.0f);
  auto y = hn::Add(hn::Mul(hn::ConvertTo(Floats(), exponent), constant(0.693147181f)),
                   hn::Mul(hn::Mul(constant(2.0f), s), p));
  y = hn::IfThenElse(hn::Lt(x, constant(1.17549435e-38f)), constant(-87.4f), y);
  return hn::IfThenElse(hn::Eq(x, x), y, x);  // a NaN stays; Ne is false for it with AVX-512
}

HWY_INLINE FloatVector sigmoid_of(FloatVector x) {
  const auto one = constant(1.0f);
  const auto e = exp_of(hn::Neg(hn::Abs(x)));
  const auto above = hn::Ge(x, hn::Zero(Floats()));
  return hn::Div(hn::IfThenElse(above, one, e), hn::Add(one, e));
}

HWY_INLINE FloatVector tanh_of(FloatVector x) {
  const auto one = constant(1.0f);
  const auto size = hn::Abs(x);
  const auto x2 = hn::Mul(x, x);
  auto p = constant(62.0f / 2835);
  p = mul_add(p, x2, -17.0f / 315);
  p = mul_add(p, x2, 2.0f / 15);
  p = mul_add(p, x2, -1.0f / 3);
  p = mul_add(p, x2, 1.0f);
  const auto e = exp_of(hn::Mul(constant(-2.0f), size));
  const auto far = hn::Div(hn::Sub(one, e), hn::Add(one, e));
  const auto y =
      hn::IfThenElse(hn::Lt(size, constant(0.25f)), hn::Mul(x, p), hn::CopySignToAbs(far, x));
  return hn::IfThenElse(hn::Eq(x, x), y, x);  // a NaN stays; Ne is false for it with AVX-512
}

template <typename Function>
HWY_INLINE void map(float* x, size_t size, const Function& function) {
  each_vector(size, [&](size_t i, auto access)
                        HWY_ATTR { access.store(function(access.load(x + i)), x + i); });
}

void exp_all(float* x, size_t size) {
  map(x, size, [](FloatVector v) HWY_ATTR { return exp_of(v); });
}
void log_all(float* x, size_t size) {
  map(x, size, [](FloatVector v) HWY_ATTR { return log_of(v); });
}
void sigmoid_all(float* x, size_t size) {
  map(x, size, [](FloatVector v) HWY_ATTR { return sigmoid_of(v); });
}
void tanh_all(float* x, size_t size) {
  map(x, size, [](FloatVector v) HWY_ATTR { return tanh_of(v); });
}

void softmax_all(float* x, size_t size) {
  // A maximum has no order but for NaN, which Gt passes over: exp meets it again.
  const auto least = constant(-std::numeric_limits<float>::infinity());
  auto most = least;
  each_vector(
      size,
      [&](size_t i, Whole whole) HWY_ATTR {
        const auto v = whole.load(x + i);
        most = hn::IfThenElse(hn::Gt(v, most), v, most);
      },
      [&](size_t i, Part part) HWY_ATTR {
        const auto v = hn::IfThenElse(part.mask, part.load(x + i), least);
        most = hn::IfThenElse(hn::Gt(v, most), v, most);
      });
  most = hn::MaxOfLanes(Floats(), most);
  Lanes sums = zero_lanes();
  auto add = [&](size_t i, FloatVector e) HWY_ATTR {
    auto& lanes = sums.v[i / kWidth % kLaneVectors];
    lanes = hn::Add(lanes, e);
  };
  each_vector(
      size,
      [&](size_t i, Whole whole) HWY_ATTR {
        const auto e = exp_of(hn::Sub(whole.load(x + i), most));
        whole.store(e, x + i);
        add(i, e);
      },
      [&](size_t i, Part part) HWY_ATTR {
        const auto e = exp_of(hn::Sub(part.load(x + i), most));
        part.store(e, x + i);
        add(i, hn::IfThenElseZero(part.mask, e));
      });
  const auto sum = constant(sum_lanes(sums));
  map(x, size, [&](FloatVector e) HWY_ATTR { return hn::Div(e, sum); });
}

}  // namespace rondo::recommender::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::recommender::kernels {

HWY_EXPORT(exp_all);
HWY_EXPORT(log_all);
HWY_EXPORT(sigmoid_all);
HWY_EXPORT(tanh_all);
HWY_EXPORT(softmax_all);

void exp(std::span<float> x) { HWY_DYNAMIC_DISPATCH(exp_all)(x.data(), x.size()); }
void log(std::span<float> x) { HWY_DYNAMIC_DISPATCH(log_all)(x.data(), x.size()); }
void sigmoid(std::span<float> x) { HWY_DYNAMIC_DISPATCH(sigmoid_all)(x.data(), x.size()); }
void tanh(std::span<float> x) { HWY_DYNAMIC_DISPATCH(tanh_all)(x.data(), x.size()); }
void softmax(std::span<float> x) { HWY_DYNAMIC_DISPATCH(softmax_all)(x.data(), x.size()); }

}  // namespace rondo::recommender::kernels
#endif
