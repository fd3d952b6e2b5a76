#include "recommender/kernels/optimizer.h"

#include "base/result.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/math.h"
#include "recommender/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "recommender/kernels/optimizer.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "recommender/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rondo::recommender::kernels::HWY_NAMESPACE {

void adagrad_of(float* w, const float* gradient, float* states, size_t size, float rate) {
  const auto by = hn::Set(Floats(), rate);
  each_vector(size, [&](size_t i, auto access) HWY_ATTR {
    const auto g = access.load(gradient + i);
    const auto s = hn::MulAdd(g, g, access.load(states + i));
    access.store(s, states + i);
    access.store(hn::Sub(access.load(w + i), hn::Div(hn::Mul(by, g), hn::Sqrt(s))), w + i);
  });
}

void adam_of(float* w, const float* gradient, float* first, float* second, size_t size,
             const AdamStep& step) {
  auto constant = [](float x) HWY_ATTR { return hn::Set(Floats(), x); };
  const auto beta1 = constant(step.beta1);
  const auto beta2 = constant(step.beta2);
  const auto rest1 = constant(1.0f - step.beta1);
  const auto rest2 = constant(1.0f - step.beta2);
  const auto correction1 = constant(step.correction1);
  const auto correction2 = constant(step.correction2);
  const auto rate = constant(step.rate);
  const auto epsilon = constant(step.epsilon);
  each_vector(size, [&](size_t i, auto access) HWY_ATTR {
    const auto g = access.load(gradient + i);
    const auto m = hn::MulAdd(beta1, access.load(first + i), hn::Mul(rest1, g));
    const auto v = hn::MulAdd(beta2, access.load(second + i), hn::Mul(hn::Mul(rest2, g), g));
    access.store(m, first + i);
    access.store(v, second + i);
    const auto up = hn::Mul(rate, hn::Mul(m, correction1));
    const auto down = hn::Add(hn::Sqrt(hn::Mul(v, correction2)), epsilon);
    access.store(hn::Sub(access.load(w + i), hn::Div(up, down)), w + i);
  });
}

}  // namespace rondo::recommender::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::recommender::kernels {

HWY_EXPORT(adagrad_of);
HWY_EXPORT(adam_of);

void adagrad_row(std::span<float> weights, std::span<const float> gradient, float& state,
                 float rate) {
  RD_ASSERT(weights.size() == gradient.size());
  if (gradient.empty()) return;
  state += squared_norm(gradient) / static_cast<float>(gradient.size());
  axpy(-rate / sqrt(state), gradient, weights);
}

void adagrad(std::span<float> weights, std::span<const float> gradient, std::span<float> states,
             float rate) {
  RD_ASSERT(weights.size() == gradient.size() && weights.size() == states.size());
  HWY_DYNAMIC_DISPATCH(adagrad_of)
  (weights.data(), gradient.data(), states.data(), weights.size(), rate);
}

void adam(std::span<float> weights, std::span<const float> gradient, std::span<float> first,
          std::span<float> second, const AdamStep& step) {
  RD_ASSERT(weights.size() == gradient.size());
  RD_ASSERT(weights.size() == first.size() && weights.size() == second.size());
  HWY_DYNAMIC_DISPATCH(adam_of)
  (weights.data(), gradient.data(), first.data(), second.data(), weights.size(), step);
}

}  // namespace rondo::recommender::kernels
#endif
