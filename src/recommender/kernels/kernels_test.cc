// Every kernel on every instruction set that this machine has, against the plain loop that its
// header promises, bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "base/random.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/elementwise.h"
#include "recommender/kernels/gemm.h"
#include "recommender/kernels/int8.h"
#include "recommender/kernels/math.h"
#include "recommender/kernels/optimizer.h"
#include "recommender/kernels/select.h"
#include "recommender/kernels/targets.h"
// After targets.h.
#include <hwy/targets.h>

namespace rondo::recommender::kernels {
namespace {

using Vector = std::vector<float>;

// ---- The plain references ----

float plain_tree(const float* lane) {
  float eight[8], four[4], two[2];
  for (int j = 0; j < 8; ++j) eight[j] = lane[j] + lane[j + 8];
  for (int j = 0; j < 4; ++j) four[j] = eight[j] + eight[j + 4];
  for (int j = 0; j < 2; ++j) two[j] = four[j] + four[j + 2];
  return two[0] + two[1];
}

float plain_dot(const float* a, const float* b, size_t size) {
  float lane[16] = {};
  for (size_t i = 0; i < (size + 15) / 16 * 16; ++i) {
    lane[i % 16] = std::fma(i < size ? a[i] : 0.0f, i < size ? b[i] : 0.0f, lane[i % 16]);
  }
  return plain_tree(lane);
}

float plain_relu(float x) { return x < 0 ? 0.0f : x; }

void plain_softmax(Vector& x) {
  float most = -std::numeric_limits<float>::infinity();
  for (float v : x) most = v > most ? v : most;
  float lane[16] = {};
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = exp(x[i] - most);
    lane[i % 16] += x[i];
  }
  const float sum = plain_tree(lane);
  for (float& v : x) v /= sum;
}

// ---- Inputs ----

enum class Kind { kOrdinary, kWild };

// Wild: any exponent, zeros of both signs, denormals, infinities and NaN among them.
Vector make(base::Rng& rng, size_t size, Kind kind) {
  Vector out(size);
  for (float& x : out) {
    x = (rng.uniform() - 0.5f) * 4.0f;
    if (kind == Kind::kOrdinary) continue;
    switch (rng.below(12)) {
      case 0:
        x = 0.0f;
        break;
      case 1:
        x = -0.0f;
        break;
      case 2:
        x *= 1e-39f;
        break;
      case 3:
        x *= 1e-20f;
        break;
      case 4:
        x *= 1e18f;
        break;
      case 5:
        x *= 60.0f;
        break;
      case 6:
        if (rng.below(8) == 0) x = std::copysign(std::numeric_limits<float>::infinity(), x);
        break;
      case 7:
        if (rng.below(8) == 0) x = std::numeric_limits<float>::quiet_NaN();
        break;
      default:
        break;
    }
  }
  return out;
}

bool same(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
}

void expect_same(const Vector& got, const Vector& want, const char* what) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_TRUE(same(got[i], want[i]))
        << what << " at " << i << " of " << got.size() << ": " << got[i] << ", not " << want[i];
  }
}

// Runs a check for many seeds on each instruction set.
class Kernels : public testing::TestWithParam<Kind> {
 protected:
  static void on_every_target(int rounds, const std::function<void(base::Rng&)>& check) {
    const auto targets = hwy::SupportedAndGeneratedTargets();
    ASSERT_FALSE(targets.empty());
    for (int64_t target : targets) {
      hwy::SetSupportedTargetsForTest(target);
      for (int seed = 0; seed < rounds && !HasFatalFailure(); ++seed) {
        SCOPED_TRACE(std::string(hwy::TargetName(target)) + ", seed " + std::to_string(seed));
        base::Rng rng(static_cast<uint64_t>(seed));
        check(rng);
      }
    }
    hwy::SetSupportedTargetsForTest(0);
  }
  static size_t size_of(base::Rng& rng, size_t most) {
    // Small sizes and whole vectors are as likely as the rest.
    switch (rng.below(3)) {
      case 0:
        return rng.below(4);
      case 1:
        return std::min(most, (1 + rng.below(5)) * 16);
      default:
        return rng.below(most + 1);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Inputs, Kernels, testing::Values(Kind::kOrdinary, Kind::kWild),
                         [](const auto& tested) {
                           return tested.param == Kind::kOrdinary ? "Ordinary" : "Wild";
                         });

// ---- The properties ----

TEST_P(Kernels, Dot) {
  on_every_target(300, [](base::Rng& rng) {
    const size_t size = size_of(rng, 150);
    const Vector a = make(rng, size, GetParam()), b = make(rng, size, GetParam());
    ASSERT_TRUE(same(dot(a, b), plain_dot(a.data(), b.data(), size))) << size;
    ASSERT_TRUE(same(squared_norm(a), plain_dot(a.data(), a.data(), size))) << size;
  });
}

TEST_P(Kernels, DotMany) {
  on_every_target(150, [](base::Rng& rng) {
    const size_t size = size_of(rng, 80), rows = rng.below(20);
    const Vector query = make(rng, size, GetParam()), many = make(rng, size * rows, GetParam());
    Vector got(rows, 7.0f), want(rows);
    for (size_t r = 0; r < rows; ++r)
      want[r] = plain_dot(query.data(), many.data() + r * size, size);
    dot_many(query, many, got);
    expect_same(got, want, "dot_many");
  });
}

TEST_P(Kernels, Axpy) {
  on_every_target(200, [](base::Rng& rng) {
    const size_t size = size_of(rng, 100);
    const Vector x = make(rng, size, GetParam());
    const float alpha = make(rng, 1, GetParam())[0];
    Vector y = make(rng, size, GetParam());
    Vector want = y;
    for (size_t i = 0; i < size; ++i) want[i] = std::fma(alpha, x[i], want[i]);
    axpy(alpha, x, y);
    expect_same(y, want, "axpy");
  });
}

TEST_P(Kernels, Gemm) {
  on_every_target(120, [](base::Rng& rng) {
    // Some deeper than a block.
    const GemmShape s{size_of(rng, 20), size_of(rng, rng.below(4) == 0 ? 600 : 40),
                      size_of(rng, 150)};
    const Vector x = make(rng, s.rows * s.in, GetParam()), w = make(rng, s.in * s.out, GetParam());
    const bool with_bias = rng.below(2) == 0 && s.out > 0;
    const Vector bias = make(rng, with_bias ? s.out : 0, GetParam());
    const bool relu = rng.below(2) == 0;
    Vector y = make(rng, s.rows * s.out, GetParam());
    Vector want = y;
    for (size_t r = 0; r < s.rows; ++r) {
      for (size_t o = 0; o < s.out; ++o) {
        float sum = with_bias ? bias[o] : want[r * s.out + o];
        for (size_t i = 0; i < s.in; ++i) sum = std::fma(x[r * s.in + i], w[i * s.out + o], sum);
        want[r * s.out + o] = relu ? plain_relu(sum) : sum;
      }
    }
    gemm(s, x, w, bias, relu ? Activation::kRelu : Activation::kIdentity, y);
    expect_same(y, want, "gemm");
  });
}

TEST_P(Kernels, GemmBackwards) {
  on_every_target(120, [](base::Rng& rng) {
    const GemmShape s{size_of(rng, rng.below(4) == 0 ? 400 : 20), size_of(rng, 50),
                      size_of(rng, 150)};
    const Vector x = make(rng, s.rows * s.in, GetParam()), w = make(rng, s.in * s.out, GetParam());
    const Vector dy = make(rng, s.rows * s.out, GetParam());
    Vector dw = make(rng, s.in * s.out, GetParam());
    Vector dbias = make(rng, s.out, GetParam());
    Vector want_dw = dw, want_dbias = dbias, dx(s.rows * s.in, 7.0f), want_dx(s.rows * s.in);
    for (size_t r = 0; r < s.rows; ++r) {
      for (size_t o = 0; o < s.out; ++o) {
        want_dbias[o] += dy[r * s.out + o];
        for (size_t i = 0; i < s.in; ++i) {
          float& to = want_dw[i * s.out + o];
          to = std::fma(x[r * s.in + i], dy[r * s.out + o], to);
          float& back = want_dx[r * s.in + i];
          back = std::fma(dy[r * s.out + o], w[i * s.out + o], back);
        }
      }
    }
    gemm_accumulate_outer(s, x, dy, dw, dbias);
    expect_same(dw, want_dw, "dw");
    expect_same(dbias, want_dbias, "dbias");
    Vector transposed(w.size());
    transpose(s.in, s.out, w, transposed);
    gemm_back(s, dy, transposed, dx);
    expect_same(dx, want_dx, "dx");
  });
}

TEST_F(Kernels, Transpose) {
  on_every_target(100, [](base::Rng& rng) {
    const size_t rows = size_of(rng, 60), columns = size_of(rng, 60);
    const Vector from = make(rng, rows * columns, Kind::kOrdinary);
    Vector to(from.size(), 7.0f), want(from.size());
    for (size_t i = 0; i < from.size(); ++i) want[i % columns * rows + i / columns] = from[i];
    transpose(rows, columns, from, to);
    expect_same(to, want, "transpose");
  });
}

TEST_P(Kernels, Elementwise) {
  on_every_target(300, [](base::Rng& rng) {
    Vector x = make(rng, size_of(rng, 100), GetParam());
    for (float& v : x) v *= rng.below(2) == 0 ? 1.0f : 30.0f;
    auto check = [&](const char* what, auto scalar, auto vectors) {
      Vector got = x, want = x;
      for (float& v : want) v = scalar(v);
      vectors(got);
      expect_same(got, want, what);
    };
    using Span = std::span<float>;
    check(
        "exp", [](float v) { return exp(v); }, [](Span v) { exp(v); });
    check(
        "log", [](float v) { return log(v); }, [](Span v) { log(v); });
    check(
        "sigmoid", [](float v) { return sigmoid(v); }, [](Span v) { sigmoid(v); });
    check(
        "tanh", [](float v) { return tanh(v); }, [](Span v) { tanh(v); });
  });
}

TEST_P(Kernels, Softmax) {
  on_every_target(300, [](base::Rng& rng) {
    Vector x = make(rng, size_of(rng, 140), GetParam());
    Vector want = x;
    plain_softmax(want);
    softmax(x);
    expect_same(x, want, "softmax");
  });
}

TEST_P(Kernels, AtLeast) {
  on_every_target(200, [](base::Rng& rng) {
    const Vector keys = make(rng, size_of(rng, 300), GetParam());
    const std::vector<double> wide(keys.begin(), keys.end());
    const float bound = keys.empty() || rng.below(4) == 0 ? -std::numeric_limits<float>::max()
                                                          : keys[rng.below(keys.size())];
    const size_t words = (keys.size() + 63) / 64;
    std::vector<uint64_t> want(words, 0), got(words, 7);
    for (size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] >= bound) want[i / 64] |= uint64_t{1} << (i % 64);
    }
    at_least(keys, bound, got);
    ASSERT_EQ(got, want) << keys.size();
    std::fill(got.begin(), got.end(), 7);
    at_least(wide, static_cast<double>(bound), got);
    ASSERT_EQ(got, want) << keys.size() << " doubles";
  });
}

TEST_P(Kernels, AddLookedUp) {
  on_every_target(200, [](base::Rng& rng) {
    const Vector table = make(rng, 1 + rng.below(60), GetParam());
    Vector got = make(rng, size_of(rng, 100), GetParam()), want = got;
    std::vector<uint32_t> places(got.size());
    for (size_t i = 0; i < places.size(); ++i) {
      places[i] = rng.below(5) == 0 ? kNowhere : static_cast<uint32_t>(rng.below(table.size()));
      want[i] += places[i] == kNowhere ? 0.0f : table[places[i]];
    }
    add_looked_up(table, places, got);
    expect_same(got, want, "add_looked_up");
  });
}

TEST_P(Kernels, Optimizers) {
  on_every_target(150, [](base::Rng& rng) {
    const size_t size = size_of(rng, 100);
    const Vector g = make(rng, size, GetParam()), start = make(rng, size, GetParam());
    Vector w = start, want = start;
    float state = 0.1f, want_state = 0.1f;
    adagrad_row(w, g, state, 0.05f);
    if (size > 0) {
      want_state += plain_dot(g.data(), g.data(), size) / static_cast<float>(size);
      const float step = -0.05f / std::sqrt(want_state);
      for (size_t i = 0; i < size; ++i) want[i] = std::fma(step, g[i], want[i]);
    }
    ASSERT_TRUE(same(state, want_state));
    expect_same(w, want, "adagrad_row");

    Vector states(size, 0.1f), want_states = states;
    adagrad(w, g, states, 0.05f);
    for (size_t i = 0; i < size; ++i) {
      want_states[i] = std::fma(g[i], g[i], want_states[i]);
      want[i] -= 0.05f * g[i] / std::sqrt(want_states[i]);
    }
    expect_same(states, want_states, "adagrad's states");
    expect_same(w, want, "adagrad");

    const AdamStep step{0.01f, 0.9f, 0.999f, 1e-8f, 1.0f / (1 - 0.81f), 1.0f / (1 - 0.998f)};
    Vector m = make(rng, size, GetParam()), v(size, 0.2f), want_m = m, want_v = v;
    adam(w, g, m, v, step);
    for (size_t i = 0; i < size; ++i) {
      want_m[i] = std::fma(step.beta1, want_m[i], (1.0f - step.beta1) * g[i]);
      want_v[i] = std::fma(step.beta2, want_v[i], (1.0f - step.beta2) * g[i] * g[i]);
      want[i] -= step.rate * (want_m[i] * step.correction1) /
                 (std::sqrt(want_v[i] * step.correction2) + step.epsilon);
    }
    expect_same(m, want_m, "adam's first moment");
    expect_same(v, want_v, "adam's second moment");
    expect_same(w, want, "adam");
  });
}

TEST_F(Kernels, CodesMultiplyExactly) {
  on_every_target(200, [](base::Rng& rng) {
    const size_t size = rng.below(50) == 0 ? 2000 + rng.below(100) : size_of(rng, 150);
    const size_t rows = rng.below(20);
    std::vector<int8_t> query(size), many(size * rows);
    const bool extreme = rng.below(4) == 0;  // all -128: the largest sums
    for (auto& c : query) c = static_cast<int8_t>(extreme ? -128 : int(rng.below(256)) - 128);
    for (auto& c : many) c = static_cast<int8_t>(extreme ? -128 : int(rng.below(256)) - 128);
    std::vector<int32_t> got(rows, 7), want(rows);
    for (size_t r = 0; r < rows; ++r) {
      for (size_t i = 0; i < size; ++i) want[r] += int32_t{query[i]} * many[r * size + i];
    }
    dot_many_i8(query, many, got);
    ASSERT_EQ(got, want) << rows << " x " << size;
  });
}

TEST(Quantize, RoundsToTheNearestCode) {
  base::Rng rng(3);
  Vector x = make(rng, 64, Kind::kOrdinary);
  std::vector<int8_t> codes(64), again(64);
  const float scale = quantize(x, codes);
  float most = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    most = std::max(most, std::abs(x[i]));
    EXPECT_NEAR(scale * codes[i], x[i], 0.5001f * scale);
  }
  EXPECT_EQ(scale, most / 127.0f);
  EXPECT_EQ(std::abs(*std::max_element(codes.begin(), codes.end(),
                                       [](int a, int b) { return std::abs(a) < std::abs(b); })),
            127);
  quantize(x, scale, again);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(again[i], codes[i], 1);
}

TEST(Quantize, IsDefinedEverywhere) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<int8_t> zeros(3, 0);
  for (const Vector& x : {Vector{0, 0, 0}, Vector{1e-39f, 0, 0}, Vector{1, infinity, 0},
                          Vector{1, std::nanf(""), 2}}) {
    std::vector<int8_t> codes(3, 5);
    EXPECT_EQ(quantize(x, codes), 0.0f);
    EXPECT_EQ(codes, zeros);
  }
  std::vector<int8_t> codes(6);
  quantize(Vector{infinity, -infinity, std::nanf(""), 1000, 0.25f, -0.25f}, 0.5f, codes);
  EXPECT_EQ(codes, (std::vector<int8_t>{127, -127, 0, 127, 1, -1}));
}

}  // namespace
}  // namespace rondo::recommender::kernels
