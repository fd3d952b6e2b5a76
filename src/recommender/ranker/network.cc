#include "recommender/ranker/network.h"

#include <algorithm>

#include "base/hash.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::ranker {
namespace {

// y (n x out) = x (n x in) w (in x out) + bias, each output summed in the order of inputs.
void affine(size_t n, size_t in, size_t out, const float* x, const float* w, const float* bias,
            bool relu, float* y) {
  for (size_t r = 0; r < n; ++r) {
    float* to = y + r * out;
    if (bias != nullptr) std::copy(bias, bias + out, to);
    for (size_t i = 0; i < in; ++i) {
      float a = x[r * in + i];
      const float* from = w + i * out;
      for (size_t o = 0; o < out; ++o) to[o] += a * from[o];
    }
    if (!relu) continue;
    for (size_t o = 0; o < out; ++o) to[o] = std::max(to[o], 0.0f);
  }
}

// gw (in x out) += x' dy, gb += dy; dx (n x in) = dy w'.
void affine_back(size_t n, size_t in, size_t out, const float* x, const float* w, const float* dy,
                 float* gw, float* gb, float* dx) {
  for (size_t r = 0; r < n; ++r) {
    const float* by = dy + r * out;
    for (size_t i = 0; i < in; ++i) {
      float a = x[r * in + i];
      const float* from = w + i * out;
      float* to = gw + i * out;
      for (size_t o = 0; o < out; ++o) to[o] += a * by[o];
      dx[r * in + i] = kernels::dot({from, out}, {by, out});
    }
    if (gb == nullptr) continue;
    for (size_t o = 0; o < out; ++o) gb[o] += by[o];
  }
}

void through_relu(std::span<const float> activation, std::span<float> slope) {
  for (size_t i = 0; i < slope.size(); ++i) {
    if (!(activation[i] > 0)) slope[i] = 0;
  }
}

}  // namespace

void attend(const HistorySide& history, std::span<const float> item, std::span<float> out,
            std::span<float> weights) {
  std::fill(out.begin(), out.end(), 0.0f);
  if (history.size() == 0) return;
  const size_t d = item.size();
  kernels::dot_many(item, history.keys, weights);
  const float scale = 1.0f / kernels::sqrt(static_cast<float>(d));
  float most = weights[0] * scale;
  for (float& w : weights) {
    w *= scale;
    most = std::max(most, w);
  }
  float sum = 0;
  for (float& w : weights) {
    w = kernels::exp(w - most);
    sum += w;
  }
  for (size_t j = 0; j < weights.size(); ++j) {
    weights[j] /= sum;
    kernels::axpy(weights[j] * history.valence[j], std::span(&history.keys[j * d], d), out);
  }
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
  const float* p = parameters.data();
  affine(n, s.inputs(), s.hidden1, a.x.data(), p + s.w1(), p + s.b1(), true, a.h1.data());
  affine(n, s.hidden1, s.hidden2, a.h1.data(), p + s.w2(), p + s.b2(), true, a.h2.data());
  affine(n, s.hidden2, kHeads, a.h2.data(), p + s.w3(), nullptr, false, logits.data());
}

void backward(const NetworkShape& s, std::span<const float> parameters, const Activations& a,
              std::span<const float> by_logits, std::span<float> gradient,
              std::vector<float>& by_x) {
  const size_t n = by_logits.size() / kHeads;
  std::vector<float> by_h2(n * s.hidden2);
  std::vector<float> by_h1(n * s.hidden1);
  by_x.resize(n * s.inputs());
  const float* p = parameters.data();
  float* g = gradient.data();
  affine_back(n, s.hidden2, kHeads, a.h2.data(), p + s.w3(), by_logits.data(), g + s.w3(), nullptr,
              by_h2.data());
  through_relu(a.h2, by_h2);
  affine_back(n, s.hidden1, s.hidden2, a.h1.data(), p + s.w2(), by_h2.data(), g + s.w2(),
              g + s.b2(), by_h1.data());
  through_relu(a.h1, by_h1);
  affine_back(n, s.inputs(), s.hidden1, a.x.data(), p + s.w1(), by_h1.data(), g + s.w1(),
              g + s.b1(), by_x.data());
}

}  // namespace rondo::recommender::ranker
