#include "recommender/features/surprise.h"

#include <algorithm>

#include "recommender/kernels/math.h"

namespace rondo::recommender::features {
namespace {

constexpr float kLeast = 0.02f;  // nothing is expected for certain

// Log odds of staying.
float expected(const Stay& stay) {
  return kernels::logit(std::clamp(1.0f - stay.skip_expected, kLeast, 1.0f - kLeast));
}

// log P(what was done), by the log odds of staying.
float log_likelihood(const Stay& stay, float log_odds) {
  return kernels::log(kernels::sigmoid(stay.skipped ? -log_odds : log_odds));
}

}  // namespace

float odds_of_liking(const Stay& stay, float likely, float telling) {
  const float not_liked = expected(stay) - likely * telling;
  return log_likelihood(stay, not_liked + telling) - log_likelihood(stay, not_liked);
}

float odds_of_turn(const Stay& stay, float likely, float telling) {
  const float as_expected = expected(stay);
  return log_likelihood(stay, as_expected - likely * telling) - log_likelihood(stay, as_expected);
}

bool Doubt::add(float by, uint32_t now_s, float odds_max) {
  if (odds == 0) since_s = now_s;
  odds = std::max(odds + by, 0.0f);
  return odds > odds_max;
}

}  // namespace rondo::recommender::features
