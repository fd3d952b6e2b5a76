// What an experiment has found: the log's pages and outcomes by arm, and how sure the difference
// is.
//
// The viewer is the unit, since the pages of one viewer are alike. A mean a viewer is compared by
// Welch's t test (B. Welch, Biometrika 1947); a rate an impression is a ratio of two sums over
// viewers, its variance by the delta method (A. Deng, U. Knoblich and J. Lu, "Applying the Delta
// Method in Metric Analytics", KDD 2018). Interleaved pages: for each viewer the team whose slots
// did better has won, ties count half; the share of wins has 0.5 when the arms are alike.
// Viewers count from their first page in the experiment on: who was never served says nothing.
//
// Records come in the order of each partition's log. Bounded: pages wait a day of log time for
// their outcomes. Not thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "recommender/bundle.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::evaluation {

// An estimate with its 95% interval, which is not known of fewer than two viewers a side.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
  bool known = true;
};

struct Comparison {
  std::string metric;
  std::string about;  // what it counts, in words
  double control = 0;
  double treatment = 0;
  Estimate difference;  // treatment - control
  // The interval leaves out 0.
  bool is_clear() const { return difference.known && (difference.low > 0 || difference.high < 0); }
};

struct Preference {
  std::string metric;
  std::string about;
  uint64_t viewers = 0;  // of whom one of the teams had an outcome of this kind
  Estimate share;        // of them who did better with the treatment; ties half
};

struct ExperimentReport {
  std::string name;
  std::string mode;  // "split" or "interleave"
  std::string control_sha256;
  std::string treatment_sha256;
  uint32_t share_permyriad = 0;
  uint64_t began_us = 0;
  uint64_t ended_us = 0;  // of the last record that counts
  bool running = false;
  uint64_t control_viewers = 0;
  uint64_t treatment_viewers = 0;       // interleave: the viewers of both are in control_viewers
  std::vector<Comparison> comparisons;  // split
  std::vector<Preference> preferences;  // interleave
};

class ExperimentTally {
 public:
  // Name and salt say which experiment of the log it is.
  explicit ExperimentTally(const log::v1::ExperimentStarted& wanted);

  // By which a watch is a finish or a skip; of the bundle that is active from here on.
  void set_outcomes(const recommender::Bundle::Outcomes& outcomes) { outcomes_ = outcomes; }
  void note(PartitionId partition, Offset offset, uint64_t time_us, const log::v1::Record& record);

  ExperimentReport report() const;

 private:
  static constexpr size_t kTeams = 2;  // control, treatment
  struct Sums {
    double watch_seconds = 0;
    double impressions = 0;
    double finishes = 0;
    double skips = 0;
    double likes = 0;
  };
  struct Viewer {
    size_t arm = 0;
    double sessions = 0;
    uint64_t last_us = 0;
    std::array<Sums, kTeams> teams;  // split: that of the arm only
  };
  struct Slot {
    uint64_t video;
    size_t team;
    uint8_t had;  // bits of what has happened
  };
  using PageKey = std::pair<uint64_t, uint64_t>;  // partition, offset
  struct Page {
    uint64_t viewer;
    std::vector<Slot> slots;
  };

  void note_served(const PageKey& key, uint64_t time_us, const log::v1::Served& served);
  void note_engagement(uint64_t partition, uint64_t time_us, const log::v1::Engagement& record);
  // The slot of an outcome, now on screen; null when it is none of the experiment's.
  Slot* show(uint64_t partition, uint64_t time_us, uint64_t viewer, bool from_page,
             uint64_t page_offset, uint32_t slot, uint64_t video);
  Viewer& active(uint64_t viewer, uint64_t time_us);
  void compare(ExperimentReport& out) const;
  void prefer(ExperimentReport& out) const;

  const log::v1::ExperimentStarted wanted_;
  recommender::Bundle::Outcomes outcomes_ = recommender::Bundle::defaults().outcomes;
  std::set<uint64_t> running_;                     // partitions
  std::map<uint64_t, std::string> active_bundle_;  // by partition: SHA-256
  ExperimentReport about_;
  std::unordered_map<uint64_t, uint32_t> duration_ms_;  // by video
  std::map<uint64_t, Viewer> viewers_;                  // in order: sums do not depend on layout
  std::map<PageKey, Page> pages_;
  // By partition: logs are read one after the other.
  std::map<uint64_t, std::deque<std::pair<uint64_t, PageKey>>> page_times_;
};

std::string to_text(const ExperimentReport& report);
std::string to_json(const ExperimentReport& report);
// One self-contained page: no script, no address of elsewhere; light and dark.
std::string to_html(const ExperimentReport& report);

}  // namespace rondo::evaluation
