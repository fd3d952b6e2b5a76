#include "recommender/ranker/network.h"

#include <algorithm>

#include "base/hash.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/elementwise.h"
#include "recommender/kernels/gemm.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::ranker {
namespace {

void through_relu(std::span<const float> activation, std::span<float> slope) {
  for (size_t i = 0; i < slope.size(); ++i) {
    if (!(activation[i] > 0)) slope[i] = 0;
  }
}

}  // namespace

HistorySide::HistorySide(std::vector<float> k, std::vector<float> v)
    : keys(std::move(k)), valence(std::move(v)), across(keys.size()), values(keys.size()) {
  const size_t m = valence.size();
  if (m == 0) return;
  const size_t d = keys.size() / m;
  const float scale = 1.0f / kernels::sqrt(static_cast<float>(d));
  for (size_t j = 0; j < m; ++j) {
    for (size_t i = 0; i < d; ++i) {
      across[i * m + j] = scale * keys[j * d + i];
      values[j * d + i] = valence[j] * keys[j * d + i];
    }
  }
}

void attend(const HistorySide& history, std::span<const float> items, std::span<float> out,
            std::span<float> weights) {
  std::fill(out.begin(), out.end(), 0.0f);
  const size_t m = history.size();
  if (m == 0) return;
  const size_t d = history.keys.size() / m;
  const size_t n = items.size() / d;
  std::fill(weights.begin(), weights.end(), 0.0f);
  constexpr auto kPlain = kernels::Activation::kIdentity;
  kernels::gemm({n, d, m}, items, history.across, {}, kPlain, weights);
  for (size_t i = 0; i < n; ++i) kernels::softmax(weights.subspan(i * m, m));
  kernels::gemm({n, m, d}, weights, history.values, {}, kPlain, out);
}

void attend_back(const HistorySide& history, std::span<const float> weights,
                 std::span<const float> out, std::span<const float> by_out,
                 std::span<float> by_item) {
  if (history.size() == 0) return;
  const size_t d = by_item.size();
  const float scale = 1.0f / kernels::sqrt(static_cast<float>(d));
  const float mean = kernels::dot(by_out, out);
  for (size_t j = 0; j < weights.size(); ++j) {
    std::span<const float> key(&history.keys[j * d], d);
    float value = history.valence[j] * kernels::dot(by_out, key);
    kernels::axpy(scale * weights[j] * (value - mean), key, by_item);
  }
}

void init_network(const NetworkShape& shape, std::span<float> parameters) {
  std::fill(parameters.begin(), parameters.end(), 0.0f);
  uint64_t state = 0x6E6574776F726B00ull;
  auto fill = [&](size_t from, size_t inputs, size_t outputs) {
    // Uniform with the variance of He et al. (ICCV 2015), for relu.
    float bound = kernels::sqrt(6.0f / static_cast<float>(inputs));
    for (size_t i = 0; i < inputs * outputs; ++i) {
      state = base::mix64(state + 0x9E3779B97F4A7C15u);
      parameters[from + i] = (static_cast<float>(state >> 40) * 0x1p-23f - 1.0f) * bound;
    }
  };
  fill(shape.w1(), shape.inputs(), shape.hidden1);
  fill(shape.w2(), shape.hidden1, shape.hidden2);
}

void forward(const NetworkShape& s, std::span<const float> parameters, Activations& a,
             std::span<float> logits) {
  const size_t n = logits.size() / kHeads;
  a.h1.resize(n * s.hidden1);
  a.h2.resize(n * s.hidden2);
  auto part = [&](size_t from, size_t size) { return parameters.subspan(from, size); };
  using kernels::Activation;
  kernels::gemm({n, s.inputs(), s.hidden1}, a.x, part(s.w1(), s.inputs() * s.hidden1),
                part(s.b1(), s.hidden1), Activation::kRelu, a.h1);
  kernels::gemm({n, s.hidden1, s.hidden2}, a.h1, part(s.w2(), s.hidden1 * s.hidden2),
                part(s.b2(), s.hidden2), Activation::kRelu, a.h2);
  kernels::gemm({n, s.hidden2, kHeads}, a.h2, part(s.w3(), s.hidden2 * kHeads), {},
                Activation::kIdentity, logits);
}

Transposed transpose(const NetworkShape& s, std::span<const float> parameters) {
  Transposed out;
  auto turn = [&](size_t from, size_t in, size_t outputs, std::vector<float>& to) {
    to.resize(in * outputs);
    kernels::transpose(in, outputs, parameters.subspan(from, in * outputs), to);
  };
  turn(s.w1(), s.inputs(), s.hidden1, out.w1);
  turn(s.w2(), s.hidden1, s.hidden2, out.w2);
  turn(s.w3(), s.hidden2, kHeads, out.w3);
  return out;
}

void backward(const NetworkShape& s, const Transposed& transposed, const Activations& a,
              std::span<const float> by_logits, std::span<float> gradient,
              std::vector<float>& by_x) {
  const size_t n = by_logits.size() / kHeads;
  std::vector<float> by_h2(n * s.hidden2);
  std::vector<float> by_h1(n * s.hidden1);
  by_x.resize(n * s.inputs());
  auto part = [&](size_t from, size_t size) { return gradient.subspan(from, size); };
  const kernels::GemmShape top{n, s.hidden2, kHeads};
  kernels::gemm_accumulate_outer(top, a.h2, by_logits, part(s.w3(), s.hidden2 * kHeads), {});
  kernels::gemm_back(top, by_logits, transposed.w3, by_h2);
  through_relu(a.h2, by_h2);
  const kernels::GemmShape middle{n, s.hidden1, s.hidden2};
  kernels::gemm_accumulate_outer(middle, a.h1, by_h2, part(s.w2(), s.hidden1 * s.hidden2),
                                 part(s.b2(), s.hidden2));
  kernels::gemm_back(middle, by_h2, transposed.w2, by_h1);
  through_relu(a.h1, by_h1);
  const kernels::GemmShape bottom{n, s.inputs(), s.hidden1};
  kernels::gemm_accumulate_outer(bottom, a.x, by_h1, part(s.w1(), s.inputs() * s.hidden1),
                                 part(s.b1(), s.hidden1));
  kernels::gemm_back(bottom, by_h1, transposed.w1, by_x);
}

}  // namespace rondo::recommender::ranker
