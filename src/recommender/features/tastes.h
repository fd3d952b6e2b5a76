// What a viewer's outcomes tell of tastes: for each topic, author, language and length, how much it
// adds to the log odds that this viewer stays with a video. Nobody knows; what is believed is a
// normal, with a mean and a variance.
//
// An outcome speaks of all that its video is at once. What it tells beside what was expected
// (surprise.h) moves each of those beliefs by its share of what is in doubt, and takes doubt away:
// an extended Kalman filter that takes beliefs for independent of each other, as in T. Graepel et
// al., "Web-Scale Bayesian Click-Through Rate Prediction", ICML 2010. Tastes drift: with time, and
// with each outcome, a belief gives way to not knowing, which is mean 0 and the bundle's deviation.
//
// Plain data, bounded: what has not been met for longest makes room (ties: the smaller key). 16
// bytes a belief.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "recommender/bundle.h"
#include "recommender/features/catalogue.h"
#include "recommender/features/surprise.h"

namespace rondo::recommender::features {

struct Belief {
  uint32_t key;
  uint32_t last_s;
  float mean;      // log odds
  float variance;  // of them
};

// Those of one kind, ascending by key.
class Beliefs {
 public:
  explicit Beliefs(size_t entries_max) : entries_max_(entries_max) {}

  // As it is at its next outcome, at `now_s`: made when there is none.
  Belief& meet(uint32_t key, uint32_t now_s, const Bundle::Tastes& options, Taste kind);
  Belief* find(uint32_t key);
  // 0 for what has not been met.
  float mean(uint32_t key, uint32_t now_s, const Bundle::Tastes& options) const;
  static float mean_of(const Belief& belief, uint32_t now_s, const Bundle::Tastes& options);
  // This much of each stays believed, and is as doubtful as at first.
  void step_back(float left, float deviation);
  void clear() { entries_.clear(); }

  const std::vector<Belief>& entries() const { return entries_; }
  std::vector<Belief>& entries() { return entries_; }

 private:
  size_t entries_max_;
  std::vector<Belief> entries_;
};

inline constexpr std::array<size_t, kTastes> kBeliefsMax{48, 32, 8, 12};

// Something that a video is: all of it, or a part that the weights of one kind share.
struct Trait {
  Taste kind;
  uint32_t key;
  float weight;
};

// All that the video is. Topics share one weight, those after the first by the bundle's share.
std::vector<Trait> traits_of(const Video& video, const Bundle::Affinity& options);
// What a language goes by among beliefs; 0 is none.
uint32_t language_key(const std::array<char, kLanguageBytesMax>& language);

class Tastes {
 public:
  void learn(std::span<const Trait> traits, const Told& told, uint32_t now_s,
             const Bundle::Tastes& options);
  // Topics and authors are liked anew from here on; this much of the beliefs stays. Languages and
  // lengths do not turn with them.
  void turn(const Bundle::Tastes& options);
  void clear();

  const Beliefs& of(Taste kind) const { return kinds_[static_cast<size_t>(kind)]; }
  Beliefs& of(Taste kind) { return kinds_[static_cast<size_t>(kind)]; }

 private:
  std::array<Beliefs, kTastes> kinds_{Beliefs(kBeliefsMax[0]), Beliefs(kBeliefsMax[1]),
                                      Beliefs(kBeliefsMax[2]), Beliefs(kBeliefsMax[3])};
};

}  // namespace rondo::recommender::features
