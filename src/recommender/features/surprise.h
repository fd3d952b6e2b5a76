// What an outcome tells beside what the ranker had expected. That somebody stays with a video that
// everybody stays with says little of its topic; that somebody swipes it away says much.
//
// The ranker said how likely a skip was, knowing how likely the viewer likes the topic. So what it
// expected is between what somebody does who likes the topic and what somebody does who does not,
// and the two lie a fixed log odds ratio apart (`telling`): expected = not liked + likely x
// telling, in log odds of staying. Free functions, pure.
#pragma once

#include <cstdint>

namespace rondo::recommender::features {

// A video came on screen, and was swiped on at once, or not.
struct Stay {
  bool skipped;
  float skip_expected;  // probability
};

// Log odds that it adds to "likes the topic", which seemed `likely` (0..1).
float odds_of_liking(const Stay& stay, float likely, float telling);
// Log odds that it adds to "likes it no more, whatever it was".
float odds_of_turn(const Stay& stay, float likely, float telling);

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
