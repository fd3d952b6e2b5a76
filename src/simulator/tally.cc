#include "simulator/tally.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rondo::simulator {
namespace {

constexpr uint64_t kHourUs = 3'600'000'000;
constexpr double kMinuteUs = 60e6;
constexpr uint32_t kSkipMs = 2000;

double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

// 0 of nothing.
double median(const std::vector<double>& ascending) {
  return ascending.empty() ? 0 : ascending[ascending.size() / 2];
}

// In bits, of the distribution over topics.
double entropy(const SessionTally& session) {
  double out = 0;
  for (const auto& [topic, count] : session.topics) {
    double p = static_cast<double>(count) / session.swipes;
    out -= p * std::log2(p);
  }
  return out;
}

}  // namespace

double gini(std::vector<double> amounts) {
  std::sort(amounts.begin(), amounts.end());
  double total = std::accumulate(amounts.begin(), amounts.end(), 0.0);
  if (amounts.empty() || total <= 0) return 0;
  double weighted = 0;
  for (size_t i = 0; i < amounts.size(); ++i) weighted += static_cast<double>(i + 1) * amounts[i];
  auto n = static_cast<double>(amounts.size());
  return 2 * weighted / (n * total) - (n + 1) / n;
}

void TargetCurve::add(uint32_t swipes, double on_target) {
  if (swipes >= sums_.size()) return;
  sums_[swipes] += on_target;
  ++counts_[swipes];
}

double TargetCurve::at(uint32_t swipes) const {
  return share(sums_[swipes], static_cast<double>(counts_[swipes]));
}

uint32_t TargetCurve::half() const {
  for (uint32_t n = 0; n < sums_.size(); ++n) {
    if (at(n) >= 0.5) return n;
  }
  return static_cast<uint32_t>(sums_.size());
}

Tally::Tally(const Catalogue& catalogue, uint64_t warm_swipes, uint32_t follow_swipes)
    : catalogue_(catalogue), warm_swipes_(warm_swipes), curve_(follow_swipes) {}

void Tally::published(uint32_t video, uint64_t now_us) { new_videos_[video].published_us = now_us; }

void Tally::shown(const Viewer& viewer, uint32_t video, uint64_t now_us) {
  if (!seen_[viewer.id()].insert(video).second) ++repeats_;
  ++shown_;
  if (auto at = new_videos_.find(video); at != new_videos_.end()) {
    NewVideo& v = at->second;
    if (++v.impressions == kFirstImpressions) {
      v.first_us = now_us;
      v.first_at = shown_;
    }
  }
  if (!warm()) return;
  impressions_.resize(catalogue_.videos().size());
  ++impressions_[video];
  shown_duration_s_ += static_cast<double>(catalogue_.video(video).duration_s);
}

void Tally::watched(const Viewer& viewer, uint32_t video, const Viewing& viewing) {
  if (warm()) {
    ++counted_swipes_;
    double seconds = viewing.watch_ms / 1000.0;
    watch_s_ += seconds;
    watched_duration_s_ += seconds * static_cast<double>(catalogue_.video(video).duration_s);
    skips_ += viewing.loops == 0 && viewing.watch_ms < kSkipMs && !viewing.closed ? 1 : 0;
    finishes_ += viewing.loops > 0 ? 1 : 0;
    likes_ += viewing.like ? 1 : 0;
    on_target_ += viewer.loves(catalogue_.video(video)) ? 1 : 0;
  }
  ++swipes_;
}

void Tally::session_ended(const SessionTally& session, bool counted) {
  if (session.swipes == 0) return;
  sessions_.push_back({swipes_, session.watch_s, session.swipes,
                       static_cast<double>(session.topics.size()), entropy(session), counted});
}

size_t Tally::new_videos(uint64_t end_us) const {
  return static_cast<size_t>(
      std::count_if(new_videos_.begin(), new_videos_.end(),
                    [&](const auto& v) { return v.second.published_us + kHourUs <= end_us; }));
}

std::vector<double> Tally::minutes_to_first(uint64_t end_us) const {
  std::vector<double> out;
  for (const auto& [video, v] : new_videos_) {
    if (v.published_us + kHourUs > end_us || !v.first_us) continue;
    out.push_back(static_cast<double>(*v.first_us - v.published_us) / kMinuteUs);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<double> Tally::impressions_to_first(uint64_t end_us) const {
  std::vector<double> out;
  for (const auto& [video, v] : new_videos_) {
    if (v.published_us + kHourUs > end_us || !v.first_us) continue;
    out.push_back(static_cast<double>(v.first_at - v.published_at));
  }
  std::sort(out.begin(), out.end());
  return out;
}

Tally::AuthorShares Tally::author_shares(size_t groups) const {
  const size_t count = catalogue_.authors().size();
  std::vector<double> shown(count), made(count);
  for (size_t v = 0; v < catalogue_.videos().size(); ++v) {
    uint32_t author = catalogue_.video(static_cast<uint32_t>(v)).author;
    made[author] += 1;
    if (v < impressions_.size()) shown[author] += static_cast<double>(impressions_[v]);
  }
  std::vector<size_t> order;
  for (size_t a = 0; a < count; ++a) {
    if (made[a] > 0) order.push_back(a);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return made[a] < made[b]; });
  AuthorShares out{std::vector<double>(groups), std::vector<double>(groups)};
  double all_shown = std::accumulate(shown.begin(), shown.end(), 0.0);
  double all_made = std::accumulate(made.begin(), made.end(), 0.0);
  for (size_t i = 0; i < order.size(); ++i) {
    size_t group = i * groups / order.size();
    out.impressions[group] += share(shown[order[i]], all_shown);
    out.videos[group] += share(made[order[i]], all_made);
  }
  return out;
}

std::vector<std::pair<double, double>> Tally::watch_over_time(size_t points) const {
  std::vector<std::pair<double, double>> out;
  for (size_t p = 0; p < points; ++p) {
    size_t from = p * sessions_.size() / points;
    size_t to = (p + 1) * sessions_.size() / points;
    if (from == to) continue;
    double watch = 0;
    for (size_t i = from; i < to; ++i) watch += sessions_[i].watch_s;
    out.emplace_back(static_cast<double>(sessions_[to - 1].at_swipes),
                     watch / static_cast<double>(to - from));
  }
  return out;
}

Metrics Tally::metrics(uint64_t end_us) const {
  double sessions = 0, watch = 0, swipes = 0, topics = 0, bits = 0;
  for (const Ended& s : sessions_) {
    if (!s.counted) continue;
    sessions += 1;
    watch += s.watch_s;
    swipes += s.swipes;
    topics += s.topics;
    bits += s.entropy;
  }
  const auto counted = static_cast<double>(counted_swipes_);
  double catalogue_s = 0;
  double covered = 0;
  std::vector<double> by_video(catalogue_.videos().size());
  std::vector<double> by_author(catalogue_.authors().size());
  for (size_t v = 0; v < by_video.size(); ++v) {
    const Video& video = catalogue_.video(static_cast<uint32_t>(v));
    catalogue_s += static_cast<double>(video.duration_s);
    if (v < impressions_.size()) by_video[v] = static_cast<double>(impressions_[v]);
    by_author[video.author] += by_video[v];
    covered += by_video[v] > 0 ? 1 : 0;
  }
  catalogue_s = share(catalogue_s, static_cast<double>(by_video.size()));
  const double all_new = static_cast<double>(new_videos(end_us));
  const auto minutes = minutes_to_first(end_us);
  auto within = std::upper_bound(minutes.begin(), minutes.end(), 60.0) - minutes.begin();
  const auto authors = author_shares(2);
  return {
      {"watch_s_session", share(watch, sessions)},
      {"swipes_session", share(swipes, sessions)},
      {"watch_s_swipe", share(watch_s_, counted)},
      {"skip_share", share(static_cast<double>(skips_), counted)},
      {"finish_share", share(static_cast<double>(finishes_), counted)},
      {"like_share", share(static_cast<double>(likes_), counted)},
      {"on_target_share", share(static_cast<double>(on_target_), counted)},
      {"topics_session", share(topics, sessions)},
      {"topic_entropy_session", share(bits, sessions)},
      {"catalogue_shown", share(covered, static_cast<double>(by_video.size()))},
      {"duration_shown", share(share(shown_duration_s_, counted), catalogue_s)},
      {"duration_watched", share(share(watched_duration_s_, watch_s_), catalogue_s)},
      {"gini_videos", gini(by_video)},
      {"gini_authors", gini(by_author)},
      {"small_authors_lift", share(authors.impressions[0], authors.videos[0])},
      {"new_videos", all_new},
      {"new_videos_within_hour", share(static_cast<double>(within), all_new)},
      {"new_videos_minutes_median", median(minutes)},
      {"new_videos_impressions_median", median(impressions_to_first(end_us))},
      {"repeats", static_cast<double>(repeats_)},
      {"sessions", sessions},
      {"sessions_run_dry", static_cast<double>(dry_)},
      {"swipes", static_cast<double>(swipes_)},
  };
}

}  // namespace rondo::simulator
