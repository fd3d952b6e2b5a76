#include "recommender/kernels/math.h"

#include <gtest/gtest.h>
#include <xmmintrin.h>

#include <cmath>
#include <limits>

#include "recommender/kernels/float_environment.h"

namespace rondo::recommender::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Math, ExpIsCloseToTheTrueValue) {
  double worst = 0;
  for (float x = -87.0f; x <= 88.0f; x += 0.0037f) {
    double truth = std::exp(static_cast<double>(x));
    worst = std::max(worst, std::abs(exp(x) - truth) / truth);
  }
  EXPECT_LT(worst, 4e-7);
  EXPECT_EQ(exp(0.0f), 1.0f);
}

TEST(Math, LogIsCloseToTheTrueValue) {
  double worst = 0;
  for (float x = 1.2e-38f; x < 3e38f; x *= 1.0013f) {
    double truth = std::log(static_cast<double>(x));
    worst = std::max(worst, std::abs(log(x) - truth) / std::max(1.0, std::abs(truth)));
  }
  EXPECT_LT(worst, 4e-7);
  EXPECT_EQ(log(1.0f), 0.0f);
}

TEST(Math, IsDefinedEverywhere) {
  EXPECT_TRUE(std::isnan(exp(std::nanf(""))));
  EXPECT_TRUE(std::isnan(log(std::nanf(""))));
  EXPECT_TRUE(std::isnan(sigmoid(std::nanf(""))));
  EXPECT_EQ(exp(-kInfinity), 0.0f);
  EXPECT_TRUE(std::isfinite(exp(kInfinity)));
  EXPECT_TRUE(std::isfinite(log(0.0f)));
  EXPECT_TRUE(std::isfinite(log(-1.0f)));
  EXPECT_EQ(sigmoid(-kInfinity), 0.0f);
  EXPECT_EQ(sigmoid(kInfinity), 1.0f);
}

TEST(Math, SigmoidAndLogitAreInverse) {
  for (float p = 0.001f; p < 1.0f; p += 0.001f) EXPECT_NEAR(sigmoid(logit(p)), p, 2e-6f);
  float before = 0;
  for (float x = -20; x < 20; x += 0.01f) {
    EXPECT_GE(sigmoid(x), before);
    before = sigmoid(x);
  }
}

TEST(Math, TanhIsCloseToTheTrueValue) {
  double worst = 0;
  for (float x = 1e-6f; x < 10.0f; x *= 1.0007f) {
    double truth = std::tanh(static_cast<double>(x));
    worst = std::max(worst, std::abs(tanh(x) - truth) / truth);
    EXPECT_EQ(tanh(-x), -tanh(x));
  }
  EXPECT_LT(worst, 6e-7);
  EXPECT_EQ(tanh(0.0f), 0.0f);
  EXPECT_EQ(tanh(kInfinity), 1.0f);
  EXPECT_EQ(tanh(-kInfinity), -1.0f);
  EXPECT_TRUE(std::isnan(tanh(std::nanf(""))));
}

TEST(Math, HalfLife) {
  EXPECT_EQ(half_life_decay(0, 10), 1.0f);
  EXPECT_NEAR(half_life_decay(10, 10), 0.5f, 1e-6f);
  EXPECT_NEAR(half_life_decay(30, 10), 0.125f, 1e-6f);
  EXPECT_EQ(half_life_decay(UINT64_MAX, 10), 0.0f);
}

TEST(FloatEnvironment, SetsTheModeAndPutsItBack) {
  unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040 | 0x4000);  // flush denormals, round up
  unsigned odd = _mm_getcsr();
  {
    FloatEnvironment environment;
    volatile float tiny = 1e-38f;
    EXPECT_GT(tiny * 0.01f, 0.0f);
    volatile float one = 1.0f;
    EXPECT_EQ(one + 1e-9f, 1.0f);
  }
  EXPECT_EQ(_mm_getcsr() & 0xFFC0u, odd & 0xFFC0u);
  _mm_setcsr(before);
}

}  // namespace
}  // namespace rondo::recommender::kernels
