// One step of an optimizer, over parameters and gradients of equal size.
//
// sqrt and / are IEEE's, correctly rounded: no approximations. States must not be negative. The
// rest of the contract is dense.h's.
#pragma once

#include <span>

namespace rondo::recommender::kernels {

// Row-wise Adagrad: state += squared_norm(gradient) / size, then axpy(-rate / sqrt(state),
// gradient, weights). `state` must start above 0. An empty row stays as it is.
void adagrad_row(std::span<float> weights, std::span<const float> gradient, float& state,
                 float rate);

// Adagrad (Duchi et al., JMLR 2011) with a state a weight, each of them above 0 at the start:
// s = fma(g, g, s), w = w - rate * g / sqrt(s).
void adagrad(std::span<float> weights, std::span<const float> gradient, std::span<float> states,
             float rate);

struct AdamStep {
  float rate;
  float beta1;
  float beta2;
  float epsilon;
  // The bias corrections of this step t: 1 / (1 - beta1^t) and 1 / (1 - beta2^t).
  float correction1;
  float correction2;
};
// Adam (Kingma and Ba, ICLR 2015): m = fma(beta1, m, (1 - beta1) * g), v = fma(beta2, v,
// (1 - beta2) * g * g), w = w - rate * (m * correction1) / (sqrt(v * correction2) + epsilon).
void adam(std::span<float> weights, std::span<const float> gradient, std::span<float> first,
          std::span<float> second, const AdamStep& step);

}  // namespace rondo::recommender::kernels
