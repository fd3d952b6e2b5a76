#include "recommender/features/surprise.h"

#include <algorithm>

#include "recommender/kernels/math.h"

namespace rondo::recommender::features {
namespace {

constexpr float kLeast = 0.02f;  // nothing is expected for certain

float possible(float p) { return std::clamp(p, kLeast, 1.0f - kLeast); }
float log_odds(float p) { return kernels::logit(possible(p)); }

// What a watch's log odds are when its mean quantile is so. Exactly, with a their exponential, the
// mean is a / (a - 1) - a log(a) / (a - 1)^2; the inverse is within a twentieth
// of this up to 4.
float location_of(float mean_quantile) { return 1.5f * log_odds(mean_quantile); }

// Of a watch: the log odds of being this long among all, as among those that one expects.
struct Watch {
  float location;
  float least, length;  // log odds of the quantiles: of any watch at all, and of this one

  explicit Watch(const Viewing& v)
      : location(location_of(v.watch_expected)),
        least(log_odds(v.skip_quantile)),
        length(std::max(log_odds(v.quantile), least)) {}

  // Log of the density of its length among those that are none too short.
  float log_likelihood(float less) const {
    const float x = length - (location - less);
    return kernels::log(kernels::sigmoid(x) * kernels::sigmoid(-x)) -
           kernels::log(kernels::sigmoid(location - less - least));
  }
};

}  // namespace

Told told_by(const Viewing& v) {
  const float stay = possible(1.0f - v.skip_expected);
  Told out{(v.skipped ? 0.0f : 1.0f) - stay, stay * (1.0f - stay)};
  if (v.skipped) return out;
  // The quantile among those expected is uniform above that of the least.
  const Watch watch(v);
  const float least = kernels::sigmoid(watch.least - watch.location);
  const float length = kernels::sigmoid(watch.length - watch.location);
  out.score += 2.0f * length - 1.0f - least;
  out.information += (1.0f - least) * (1.0f - least) / 3.0f;
  return out;
}

float odds_of_turn(const Viewing& v, float liked) {
  const float staying = log_odds(1.0f - v.skip_expected);
  auto chance = [&](float odds) { return kernels::sigmoid(v.skipped ? -odds : odds); };
  float out = kernels::log(chance(staying - liked)) - kernels::log(chance(staying));
  if (v.skipped) return out;
  const Watch watch(v);
  return out + watch.log_likelihood(liked) - watch.log_likelihood(0);
}

bool Doubt::add(float by, uint32_t now_s, float odds_max) {
  if (odds == 0) since_s = now_s;
  odds = std::max(odds + by, 0.0f);
  return odds > odds_max;
}

}  // namespace rondo::recommender::features
