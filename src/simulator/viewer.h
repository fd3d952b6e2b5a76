// A simulated viewer: what they want, which no feed is told, and how they watch.
//
// The hidden utility of a video is a sum of interest in its topics, liking of its style and
// quality, language, length against taste, less boredom with what was seen a lot lately and fatigue
// of the session. Watching is a draw over utility: skipped within two seconds, or watched for a
// while, or to the end, and perhaps again (parameters.h has every number).
//
// Made from a seed and a number; draws come from the viewer's own stream, so that viewer n is the
// same person on every feed. Not thread safe.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "simulator/catalogue.h"

namespace rondo::simulator {

// What a viewer did with one video.
struct Viewing {
  uint32_t watch_ms = 0;
  uint32_t loops = 0;    // complete plays
  bool skipped = false;  // swiped on before the end of the first play
  bool closed = false;   // the session ended in the middle of it
  bool like = false, share = false, save = false, comment = false, follow = false;
  bool not_interested = false;
};

class Viewer {
 public:
  Viewer(const Parameters& parameters, const Catalogue& catalogue, uint64_t seed, uint32_t number);

  uint64_t id() const { return id_; }
  uint32_t number() const { return number_; }
  bool anonymous() const { return anonymous_; }
  uint8_t language() const { return language_; }
  const std::vector<float>& interests() const { return interests_; }
  // Whether the video's main topic is one that this viewer loves: "on target".
  bool loves(const Video& video) const { return loved_[video.topics[0]]; }

  // Now, at the mean mood.
  double utility(const Video& video, uint64_t now_us) const;
  // Seconds, skips and loops included.
  double expected_watch_s(const Video& video, double utility) const;
  double skip_probability(double utility) const;

  // Begins at `now_us`; interests may have drifted.
  void begin_session(uint64_t now_us);
  // Watches, in the present session. Afterwards wants_more() says whether the session goes on.
  Viewing watch(const Video& video, uint64_t now_us);
  bool wants_more() const { return wants_more_; }
  // Until the next session.
  uint64_t gap_us();

  // For this many viewings more the viewer stays whatever comes: so that curves over the first
  // swipes are of the same people at each point, not of those who liked it.
  void stay(uint32_t viewings) { stays_ = viewings; }
  // The loved topics give way to as many others.
  void shift_interests();

 private:
  double static_utility(const Video& video) const;
  double boredom(const std::unordered_map<uint32_t, std::pair<double, uint64_t>>& of, uint32_t key,
                 uint64_t now_us) const;
  void tire(std::unordered_map<uint32_t, std::pair<double, uint64_t>>& of, uint32_t key,
            double weight, uint64_t now_us);
  double fatigue(uint64_t now_us) const;
  void love(uint16_t topic);
  void draw_interests();
  void act(Viewing& viewing, const Video& video, double utility);
  void decide(const Viewing& viewing, uint64_t end_us);

  const Parameters::Viewers& p_;
  const double boredom_rate_;  // a microsecond
  base::Rng rng_;
  const uint32_t number_;
  const uint64_t id_;
  const std::vector<double> loved_sums_;  // topics, as likely to be loved

  // The person.
  bool anonymous_;
  uint8_t language_;
  bool reads_first_language_;
  std::vector<float> interests_;  // by topic, -1..1
  std::vector<bool> loved_;
  Style style_;
  double duration_taste_;  // logarithm of seconds
  double patience_s_;
  double like_, share_, save_, comment_, follow_, not_interested_;
  double session_minutes_;
  double gap_minutes_;

  // The moment.
  std::unordered_map<uint32_t, std::pair<double, uint64_t>> topic_boredom_;  // amount at a time
  std::unordered_map<uint32_t, std::pair<double, uint64_t>> author_boredom_;
  uint64_t session_began_us_ = 0;
  double session_us_ = 1;
  uint32_t skips_in_a_row_ = 0;
  bool wants_more_ = false;
  uint32_t stays_ = 0;
};

}  // namespace rondo::simulator
