// What an outcome tells beside what the page had expected of it. That somebody stays with a video
// that everybody stays with says little; that somebody swipes it away says much.
//
// A viewing is taken for a proportional odds model (P. McCullagh, "Regression Models for Ordinal
// Data", JRSS B 1980): whatever speaks for a video adds the same to the log odds of staying, and of
// staying longer than any given time. The page said how likely a skip was, and how long the watch
// would be (its quantile among watches of such videos, which are uniform by themselves). So what a
// viewing tells has a first derivative and an expected second by those log odds. Free functions,
// pure.
#pragma once

#include <cstdint>

namespace rondo::recommender::features {

// A video came on screen, and was swiped on at once, or watched.
struct Viewing {
  bool skipped;
  float quantile;        // of the watch, if not skipped
  float skip_quantile;   // of a watch just long enough to be none
  float skip_expected;   // probability
  float watch_expected;  // mean quantile, skips included
};

// Of the log likelihood, by the log odds that the viewer stays.
struct Told {
  float score;        // first derivative
  float information;  // mean of minus the second
};
Told told_by(const Viewing& viewing);

// What other acts tell, in so many words: half of what a topic that nobody knows anything of could.
inline constexpr Told kLikeTells{1.0f, 0.25f};
inline constexpr Told kUnlikeTells{-1.0f, 0.0f};  // what was told is taken back
inline constexpr Told kNotInterestedTells{-2.0f, 0.5f};

// Log odds that it adds to "what was liked is liked no more", when that made up so much (0 or more)
// of the log odds expected.
float odds_of_turn(const Viewing& viewing, float liked);

// The odds, summed over the outcomes, that all of a viewer's tastes hold no more: from 0 on, and 0
// again when outcomes are as expected (the cumulative sum test of E. Page, "Continuous Inspection
// Schemes", Biometrika 1954).
struct Doubt {
  float odds = 0;
  uint32_t since_s = 0;  // the first outcome of the sum

  // True when the sum goes beyond `odds_max`.
  bool add(float by, uint32_t now_s, float odds_max);
};

}  // namespace rondo::recommender::features
