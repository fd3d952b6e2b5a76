#include "evaluation/experiment.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"

namespace rondo::evaluation {
namespace {

constexpr uint64_t kSessionGapUs = 30ull * 60 * 1'000'000;
constexpr uint64_t kPageLifeUs = 86'400ull * 1'000'000;
constexpr uint32_t kWatchMsMax = 4 * 3600 * 1000;
constexpr uint8_t kShown = 1, kWatched = 2, kLiked = 4;

// The 97.5% quantile of Student's t with so many degrees of freedom (Cornish-Fisher expansion,
// Abramowitz and Stegun 26.7.5): within 1% from 4 on.
double t_quantile(double freedom) {
  constexpr double kZ = 1.959963985;
  const double n = std::max(freedom, 1.0);
  const double z3 = kZ * kZ * kZ;
  const double z5 = z3 * kZ * kZ;
  return kZ + (z3 + kZ) / (4 * n) + (5 * z5 + 16 * z3 + 3 * kZ) / (96 * n * n);
}

// Of one arm: an estimate, the variance of it, and how many viewers it is of.
struct Side {
  double value = 0;
  double variance = 0;
  double viewers = 0;
};

// Of y a viewer, or of the sum of y over the sum of x.
Side side_of(const std::vector<std::pair<double, double>>& yx) {
  Side out;
  out.viewers = static_cast<double>(yx.size());
  double y = 0;
  double x = 0;
  for (const auto& [a, b] : yx) {
    y += a;
    x += b;
  }
  if (x == 0) return out;
  out.value = y / x;
  if (yx.size() < 2) return out;
  double squares = 0;
  for (const auto& [a, b] : yx) squares += (a - out.value * b) * (a - out.value * b);
  const double n = out.viewers;
  const double mean_x = x / n;
  out.variance = squares / (n - 1) / n / (mean_x * mean_x);
  return out;
}

Estimate difference_of(const Side& control, const Side& treatment) {
  Estimate out;
  out.value = treatment.value - control.value;
  const double variance = control.variance + treatment.variance;
  double freedom = 1;
  if (variance > 0 && control.viewers > 1 && treatment.viewers > 1) {
    freedom = variance * variance /
              (control.variance * control.variance / (control.viewers - 1) +
               treatment.variance * treatment.variance / (treatment.viewers - 1));
  }
  const double half = t_quantile(freedom) * std::sqrt(variance);
  out.low = out.value - half;
  out.high = out.value + half;
  out.known = control.viewers > 1 && treatment.viewers > 1;
  return out;
}

}  // namespace

ExperimentTally::ExperimentTally(const log::v1::ExperimentStarted& wanted) : wanted_(wanted) {
  about_.name = wanted.name();
  about_.mode = wanted.mode() == log::v1::EXPERIMENT_MODE_INTERLEAVE ? "interleave" : "split";
  about_.treatment_sha256 = base::to_hex(wanted.treatment_sha256());
  about_.share_permyriad = wanted.share_permyriad();
}

ExperimentTally::Viewer& ExperimentTally::active(uint64_t id, uint64_t time_us) {
  Viewer& viewer = viewers_[id];
  if (viewer.last_us == 0 || time_us > viewer.last_us + kSessionGapUs) viewer.sessions += 1;
  viewer.last_us = std::max(viewer.last_us, time_us);
  return viewer;
}

void ExperimentTally::note_served(const PageKey& key, uint64_t time_us,
                                  const log::v1::Served& served) {
  if (served.arm().empty() || served.experiment() != wanted_.name()) return;
  Viewer& viewer = active(served.request().viewer_id(), time_us);
  viewer.arm = served.arm() == "treatment" ? 1 : 0;
  Page page;
  page.viewer = served.request().viewer_id();
  for (const auto& slot : served.slots()) {
    size_t team = slot.team().empty() ? viewer.arm : slot.team() == "treatment" ? 1 : 0;
    page.slots.push_back({slot.video_id(), team, 0});
  }
  pages_[key] = std::move(page);
  auto& times = page_times_[key.first];
  times.emplace_back(time_us, key);
  while (times.front().first + kPageLifeUs < time_us) {
    pages_.erase(times.front().second);
    times.pop_front();
  }
}

ExperimentTally::Slot* ExperimentTally::show(uint64_t partition, uint64_t time_us, uint64_t viewer,
                                             bool from_page, uint64_t page_offset, uint32_t slot,
                                             uint64_t video) {
  if (!from_page) return nullptr;
  auto page = pages_.find({partition, page_offset});
  if (page == pages_.end() || page->second.viewer != viewer) return nullptr;
  if (slot >= page->second.slots.size() || page->second.slots[slot].video != video) return nullptr;
  Slot& at = page->second.slots[slot];
  Viewer& who = active(viewer, time_us);
  if ((at.had & kShown) == 0) {
    at.had |= kShown;
    who.teams[at.team].impressions += 1;
  }
  return &at;
}

void ExperimentTally::note_engagement(uint64_t partition, uint64_t time_us,
                                      const log::v1::Engagement& r) {
  Slot* slot = show(partition, time_us, r.viewer_id(), r.from_page(), r.page_offset(), r.slot(),
                    r.video_id());
  if (slot == nullptr) return;
  Sums& sums = viewers_[r.viewer_id()].teams[slot->team];
  auto first = [slot](uint8_t bit) {
    bool is_first = (slot->had & bit) == 0;
    slot->had |= bit;
    return is_first;
  };
  if (r.has_watch() && first(kWatched)) {
    uint32_t watch_ms = std::min(r.watch().watch_ms(), kWatchMsMax);
    auto duration = duration_ms_.find(r.video_id());
    bool finished = r.watch().loops() > 0 ||
                    (duration != duration_ms_.end() &&
                     static_cast<float>(watch_ms) >=
                         outcomes_.finish_fraction * static_cast<float>(duration->second));
    sums.watch_seconds += watch_ms / 1000.0;
    if (finished) sums.finishes += 1;
    if (!finished && watch_ms < outcomes_.skip_ms) sums.skips += 1;
  }
  if (r.like() && first(kLiked)) sums.likes += 1;
}

void ExperimentTally::note(PartitionId partition, Offset offset, uint64_t time_us,
                           const log::v1::Record& record) {
  if (record.has_video_published()) {
    duration_ms_[record.video_published().video_id()] = record.video_published().duration_ms();
    return;
  }
  const uint64_t p = partition.value();
  if (record.has_bundle_activated()) {
    active_bundle_[p] = record.bundle_activated().bundle_sha256();
  }
  if (record.has_bundle_activated() || record.has_experiment_stopped()) {
    // What was served before still has its outcomes.
    running_.erase(p);
    return;
  }
  if (record.has_experiment_started()) {
    const auto& started = record.experiment_started();
    if (started.name() != wanted_.name() || started.salt() != wanted_.salt()) return;
    running_.insert(p);
    about_.control_sha256 = base::to_hex(active_bundle_[p]);
    if (about_.began_us == 0 || time_us < about_.began_us) about_.began_us = time_us;
    return;
  }
  const bool runs = running_.count(p) != 0;
  if (record.has_served() && runs) {
    note_served({p, offset.value()}, time_us, record.served());
    about_.ended_us = std::max(about_.ended_us, time_us);
  }
  if (record.has_impression()) {
    const auto& r = record.impression();
    show(p, time_us, r.viewer_id(), r.from_page(), r.page_offset(), r.slot(), r.video_id());
  }
  if (record.has_engagement()) {
    note_engagement(p, time_us, record.engagement());
  }
}

void ExperimentTally::compare(ExperimentReport& out) const {
  using Get = double (*)(const Viewer&, const Sums&);
  struct Metric {
    const char* name;
    const char* about;
    Get y;
    bool a_viewer;  // else an impression
  };
  const Metric kMetrics[] = {
      {"watch_seconds_per_viewer", "seconds watched a viewer",
       [](const Viewer&, const Sums& s) { return s.watch_seconds; }, true},
      {"sessions_per_viewer", "sessions a viewer, parted by half an hour of nothing",
       [](const Viewer& v, const Sums&) { return v.sessions; }, true},
      {"impressions_per_viewer", "videos on screen a viewer",
       [](const Viewer&, const Sums& s) { return s.impressions; }, true},
      {"likes_per_viewer", "likes a viewer", [](const Viewer&, const Sums& s) { return s.likes; },
       true},
      {"watch_seconds_per_impression", "seconds watched an impression",
       [](const Viewer&, const Sums& s) { return s.watch_seconds; }, false},
      {"finish_rate", "share of impressions watched to the end",
       [](const Viewer&, const Sums& s) { return s.finishes; }, false},
      {"skip_rate", "share of impressions swiped away at once",
       [](const Viewer&, const Sums& s) { return s.skips; }, false},
      {"like_rate", "share of impressions liked",
       [](const Viewer&, const Sums& s) { return s.likes; }, false},
  };
  for (const Metric& m : kMetrics) {
    std::array<std::vector<std::pair<double, double>>, kTeams> sides;
    for (const auto& [id, viewer] : viewers_) {
      const Sums& sums = viewer.teams[viewer.arm];
      sides[viewer.arm].emplace_back(m.y(viewer, sums), m.a_viewer ? 1.0 : sums.impressions);
    }
    Side control = side_of(sides[0]);
    Side treatment = side_of(sides[1]);
    out.comparisons.push_back(
        {m.name, m.about, control.value, treatment.value, difference_of(control, treatment)});
  }
}

void ExperimentTally::prefer(ExperimentReport& out) const {
  using Get = double (*)(const Sums&);
  const std::tuple<const char*, const char*, Get> kMetrics[] = {
      {"finishes", "videos watched to the end", [](const Sums& s) { return s.finishes; }},
      {"likes", "likes", [](const Sums& s) { return s.likes; }},
      {"watch_seconds", "seconds watched", [](const Sums& s) { return s.watch_seconds; }},
  };
  for (const auto& [name, about, y] : kMetrics) {
    std::vector<std::pair<double, double>> wins;
    for (const auto& [id, viewer] : viewers_) {
      double control = y(viewer.teams[0]);
      double treatment = y(viewer.teams[1]);
      if (control == 0 && treatment == 0) continue;
      wins.emplace_back(treatment > control ? 1.0 : treatment == control ? 0.5 : 0.0, 1.0);
    }
    Side side = side_of(wins);
    double half = t_quantile(side.viewers - 1) * std::sqrt(side.variance);
    out.preferences.push_back({name,
                               about,
                               wins.size(),
                               {side.value, std::max(0.0, side.value - half),
                                std::min(1.0, side.value + half), side.viewers > 1}});
  }
}

ExperimentReport ExperimentTally::report() const {
  ExperimentReport out = about_;
  out.running = !running_.empty();
  for (const auto& [id, viewer] : viewers_) {
    ++(viewer.arm == 1 ? out.treatment_viewers : out.control_viewers);
  }
  if (out.mode == "interleave") {
    prefer(out);
  } else {
    compare(out);
  }
  return out;
}

}  // namespace rondo::evaluation
