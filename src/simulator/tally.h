// What one run shows: counted while it goes on, then read as metrics. Only what happens after the
// warm-up counts, except where it is said otherwise. Bots are not counted.
//
// A value type, not thread safe. Metrics are means unless their name says otherwise.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulator/feed.h"

namespace rondo::simulator {

using Metrics = std::vector<std::pair<std::string, double>>;

// What is read of one session.
struct SessionTally {
  double watch_s = 0;
  std::map<uint16_t, uint32_t> topics;  // views by true main topic
  uint32_t swipes = 0;
};

// Of viewers who are followed from a moment on (they are new, or their interests have shifted): the
// share of a page's slots that is on target, by swipes since.
class TargetCurve {
 public:
  explicit TargetCurve(uint32_t swipes) : sums_(swipes + 1), counts_(swipes + 1) {}
  void add(uint32_t swipes, double share);
  uint32_t swipes() const { return static_cast<uint32_t>(sums_.size()) - 1; }
  uint64_t viewers() const { return counts_[0]; }
  double at(uint32_t swipes) const;
  // Swipes after which pages are half on target, in the mean over viewers, for the first time;
  // swipes() + 1 when they never are.
  uint32_t half() const;

 private:
  std::vector<double> sums_;
  std::vector<uint64_t> counts_;
};

inline constexpr uint32_t kFirstImpressions = 50;

class Tally {
 public:
  Tally(const Catalogue& catalogue, uint64_t warm_swipes, uint32_t follow_swipes);

  void published(uint32_t video, uint64_t now_us);
  void shown(const Viewer& viewer, uint32_t video, uint64_t now_us);
  void watched(const Viewer& viewer, uint32_t video, const Viewing& viewing);
  void session_ended(const SessionTally& session, bool counted);
  void ran_dry() { ++dry_; }

  bool warm() const { return swipes_ >= warm_swipes_; }
  uint64_t swipes() const { return swipes_; }
  uint64_t repeats() const { return repeats_; }
  TargetCurve& curve() { return curve_; }
  const TargetCurve& curve() const { return curve_; }

  // watch_s_session, swipes_session, skip_share, .. (docs/simulation.md has the list). `end_us`
  // closes the books: new videos count when published an hour before.
  Metrics metrics(uint64_t end_us) const;

  // Impressions of each video, warm-up left out.
  const std::vector<uint64_t>& impressions() const { return impressions_; }
  // Share of impressions by tenth of authors, those with the fewest videos first; and of videos.
  struct AuthorShares {
    std::vector<double> impressions, videos;
  };
  AuthorShares author_shares(size_t groups) const;
  // Minutes of log time until the first 50 impressions, ascending; for videos published while the
  // simulation ran, an hour or more before `end_us`. Those that never got there are left out.
  std::vector<double> minutes_to_first(uint64_t end_us) const;
  // The same in impressions of all videos meanwhile.
  std::vector<double> impressions_to_first(uint64_t end_us) const;
  size_t new_videos(uint64_t end_us) const;
  // Mean watch of sessions, by the number of swipes made before they ended, in `points` groups.
  std::vector<std::pair<double, double>> watch_over_time(size_t points) const;

 private:
  struct NewVideo {
    uint64_t published_us = 0;
    uint64_t published_at = 0;  // impressions of all videos before it
    uint64_t impressions = 0;
    std::optional<uint64_t> first_us;  // of the 50th impression
    uint64_t first_at = 0;             // the same in impressions of all videos
  };

  const Catalogue& catalogue_;
  const uint64_t warm_swipes_;
  TargetCurve curve_;
  uint64_t swipes_ = 0;
  uint64_t shown_ = 0;
  uint64_t counted_swipes_ = 0;
  uint64_t repeats_ = 0;
  uint64_t dry_ = 0;
  uint64_t skips_ = 0, finishes_ = 0, likes_ = 0, on_target_ = 0;
  double watch_s_ = 0;
  double shown_duration_s_ = 0;
  double watched_duration_s_ = 0;  // of videos, weighted by the time watched
  std::vector<uint64_t> impressions_;
  std::map<uint64_t, std::set<uint32_t>> seen_;
  std::map<uint32_t, NewVideo> new_videos_;
  struct Ended {
    uint64_t at_swipes;
    double watch_s;
    uint32_t swipes;
    double topics;
    double entropy;
    bool counted;
  };
  std::vector<Ended> sessions_;
};

// 0: all alike; towards 1: one has all.
double gini(std::vector<double> amounts);

}  // namespace rondo::simulator
