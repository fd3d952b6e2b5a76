#include "simulator/viewer.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/result.h"
#include "simulator/chance.h"

namespace rondo::simulator {
namespace {

constexpr uint64_t kViewerIds = 10'000'000;
constexpr uint64_t kStream = 0x71E3'E255;
constexpr double kSkipS = 2;        // a skip ends before it, any other viewing after it
constexpr double kSkipMeanS = 1.2;  // skips are uniform between 0.4 s and 2 s
constexpr double kActShare = 0.5;   // of a video, or
constexpr double kActS = 20;        // seconds, after which viewers act
constexpr double kMinuteUs = 60e6;
constexpr double kFollowUtility = 1;  // acts: half of the propensity here

std::vector<double> loved_sums(const Parameters& p, const Catalogue& catalogue) {
  std::vector<double> weights;
  for (double share : catalogue.topic_shares()) {
    weights.push_back(std::pow(share, p.viewers.loved_share_power));
  }
  return sums(weights);
}

}  // namespace

Viewer::Viewer(const Parameters& parameters, const Catalogue& catalogue, uint64_t seed,
               uint32_t number)
    : p_(parameters.viewers),
      boredom_rate_(std::log(2.0) / (p_.boredom_half_life_minutes * kMinuteUs)),
      rng_(base::mix64(base::mix64(seed ^ kStream) + number)),
      number_(number),
      id_(kViewerIds + number),
      loved_sums_(loved_sums(parameters, catalogue)) {
  anonymous_ = !happens(rng_, p_.accounts);
  language_ = static_cast<uint8_t>(pick(rng_, sums(parameters.languages.shares)));
  reads_first_language_ =
      language_ == 0 || happens(rng_, parameters.languages.foreigners_read_first);
  draw_interests();
  style_ = random_style(rng_);
  duration_taste_ = p_.duration_taste_log_mean + p_.duration_taste_log_deviation * normal(rng_);
  patience_s_ = log_normal(rng_, p_.patience_s_median, p_.patience_log_deviation);
  like_ = log_normal(rng_, p_.like_median, p_.act_log_deviation);
  share_ = log_normal(rng_, p_.share_median, p_.act_log_deviation);
  save_ = log_normal(rng_, p_.save_median, p_.act_log_deviation);
  comment_ = log_normal(rng_, p_.comment_median, p_.act_log_deviation);
  follow_ = anonymous_ ? 0 : log_normal(rng_, p_.follow_median, p_.act_log_deviation);
  not_interested_ = log_normal(rng_, p_.not_interested_median, p_.act_log_deviation);
  session_minutes_ = log_normal(rng_, p_.session_minutes_median, p_.session_log_deviation);
  gap_minutes_ = log_normal(rng_, p_.gap_minutes_median, p_.gap_log_deviation) *
                 p_.activity_gaps[pick(rng_, sums(p_.activity_shares))];
}

void Viewer::love(uint16_t topic) {
  loved_[topic] = true;
  interests_[topic] = static_cast<float>(between(rng_, p_.loved_interest[0], p_.loved_interest[1]));
}

void Viewer::draw_interests() {
  const size_t topics = loved_sums_.size();
  interests_.resize(topics);
  loved_.assign(topics, false);
  for (float& interest : interests_) {
    interest = static_cast<float>(between(rng_, p_.other_interest[0], p_.other_interest[1]));
  }
  for (uint32_t i = 0; i < p_.mild; ++i) {
    interests_[rng_.below(topics)] =
        static_cast<float>(between(rng_, p_.mild_interest[0], p_.mild_interest[1]));
  }
  size_t loved = p_.loved_min + rng_.below(p_.loved_max - p_.loved_min + 1);
  loved = std::min(loved, topics / 2);
  while (static_cast<size_t>(std::count(loved_.begin(), loved_.end(), true)) < loved) {
    love(static_cast<uint16_t>(pick(rng_, loved_sums_)));
  }
}

void Viewer::shift_interests() {
  const std::vector<bool> before = loved_;
  const auto count = std::count(before.begin(), before.end(), true);
  for (size_t topic = 0; topic < before.size(); ++topic) {
    if (!before[topic]) continue;
    loved_[topic] = false;
    interests_[topic] =
        static_cast<float>(between(rng_, p_.other_interest[0], p_.other_interest[1]));
  }
  while (std::count(loved_.begin(), loved_.end(), true) < count) {
    auto topic = static_cast<uint16_t>(pick(rng_, loved_sums_));
    if (!before[topic]) love(topic);
  }
}

double Viewer::static_utility(const Video& video) const {
  double topic = static_cast<double>(video.main_weight * interests_[video.topics[0]]);
  if (video.topics[1] != kNoTopic) {
    topic += static_cast<double>((1 - video.main_weight) * interests_[video.topics[1]]);
  }
  bool understood = video.language == kNoWords || video.language == language_ ||
                    (video.language == 0 && reads_first_language_);
  double off = static_cast<double>(video.log_duration) - duration_taste_;
  return p_.topic_weight * topic + p_.style_weight * static_cast<double>(dot(style_, video.style)) +
         p_.quality_weight * static_cast<double>(video.quality) -
         (understood ? 0 : p_.foreign_penalty) - p_.duration_weight * off * off;
}

double Viewer::boredom(const std::unordered_map<uint32_t, std::pair<double, uint64_t>>& of,
                       uint32_t key, uint64_t now_us) const {
  auto at = of.find(key);
  if (at == of.end()) return 0;
  auto [amount, since] = at->second;
  return amount * std::exp(-boredom_rate_ * static_cast<double>(now_us - since));
}

void Viewer::tire(std::unordered_map<uint32_t, std::pair<double, uint64_t>>& of, uint32_t key,
                  double weight, uint64_t now_us) {
  of[key] = {boredom(of, key, now_us) + weight, now_us};
}

double Viewer::fatigue(uint64_t now_us) const {
  double used = static_cast<double>(now_us - session_began_us_) / session_us_;
  return p_.fatigue * std::clamp(used, 0.0, 1.0);
}

double Viewer::utility(const Video& video, uint64_t now_us) const {
  double topic = boredom(topic_boredom_, video.topics[0], now_us) - p_.topic_boredom_free;
  double author = boredom(author_boredom_, video.author, now_us) - p_.author_boredom_free;
  return static_utility(video) - p_.topic_boredom_weight * std::max(topic, 0.0) -
         p_.author_boredom_weight * std::max(author, 0.0) - fatigue(now_us);
}

double Viewer::skip_probability(double utility) const {
  return logistic(-p_.skip_slope * (utility - p_.skip_utility));
}

double Viewer::expected_watch_s(const Video& video, double utility) const {
  double skip = skip_probability(utility);
  double patience = patience_s_ * std::exp(p_.patience_growth * utility);
  double rest = std::max(static_cast<double>(video.duration_s) - kSkipS, 0.0);
  double finish = std::exp(-rest / patience);
  double again = p_.loop_share_max * logistic(utility - p_.loop_utility);
  double loops = 0;
  double chance = 1;
  for (uint32_t i = 0; i < p_.loops_max; ++i) loops += chance *= again;
  double watched =
      kSkipS + patience * (1 - finish) + finish * loops * static_cast<double>(video.duration_s);
  return skip * kSkipMeanS + (1 - skip) * watched;
}

void Viewer::begin_session(uint64_t now_us) {
  session_began_us_ = now_us;
  session_us_ = log_normal(rng_, session_minutes_, p_.session_log_deviation) * kMinuteUs;
  skips_in_a_row_ = 0;
  wants_more_ = true;
  if (!happens(rng_, p_.drift)) return;
  std::vector<uint16_t> loved;
  for (size_t topic = 0; topic < loved_.size(); ++topic) {
    if (loved_[topic]) loved.push_back(static_cast<uint16_t>(topic));
  }
  uint16_t old = loved[rng_.below(loved.size())];
  auto next = static_cast<uint16_t>(pick(rng_, loved_sums_));
  if (loved_[next]) return;
  loved_[old] = false;
  interests_[old] = static_cast<float>(between(rng_, p_.mild_interest[0], p_.mild_interest[1]));
  love(next);
}

Viewing Viewer::watch(const Video& video, uint64_t now_us) {
  double value = utility(video, now_us) + p_.mood_deviation * normal(rng_);
  const auto duration = static_cast<double>(video.duration_s);
  Viewing out;
  double seconds;
  if (happens(rng_, skip_probability(value))) {
    seconds = std::min(between(rng_, 2 * kSkipMeanS - kSkipS, kSkipS), duration * 0.9);
    out.skipped = true;
  } else {
    seconds = kSkipS + exponential(rng_, patience_s_ * std::exp(p_.patience_growth * value));
    if (seconds < duration) {
      out.skipped = true;
    } else {
      double again = p_.loop_share_max * logistic(value - p_.loop_utility);
      out.loops = 1;
      while (out.loops <= p_.loops_max && happens(rng_, again)) ++out.loops;
      seconds = duration * out.loops;
    }
  }
  double left = (session_us_ - static_cast<double>(now_us - session_began_us_)) / 1e6;
  if (stays_ == 0 && seconds > left) {
    seconds = std::max(left, 0.1);
    out.loops = static_cast<uint32_t>(seconds / duration);
    out.skipped = false;
    out.closed = true;
  }
  out.watch_ms = static_cast<uint32_t>(seconds * 1000 + 0.5);
  act(out, video, value);
  uint64_t end_us = now_us + uint64_t{out.watch_ms} * 1000;
  tire(topic_boredom_, video.topics[0], static_cast<double>(video.main_weight), end_us);
  if (video.topics[1] != kNoTopic) {
    tire(topic_boredom_, video.topics[1], static_cast<double>(1 - video.main_weight), end_us);
  }
  tire(author_boredom_, video.author, 1, end_us);
  decide(out, end_us);
  return out;
}

void Viewer::act(Viewing& viewing, const Video& video, double utility) {
  double seconds = viewing.watch_ms / 1000.0;
  if (seconds >= std::min(kActS, kActShare * static_cast<double>(video.duration_s))) {
    double warm = logistic(utility - kFollowUtility);
    viewing.like = happens(rng_, like_ * warm);
    viewing.share = happens(rng_, share_ * warm);
    viewing.save = happens(rng_, save_ * warm);
    viewing.comment = happens(rng_, comment_ * warm);
    viewing.follow = happens(rng_, follow_ * warm);
  } else if (seconds < kSkipS) {
    viewing.not_interested = happens(rng_, not_interested_ * logistic(-utility - kFollowUtility));
  }
}

void Viewer::decide(const Viewing& viewing, uint64_t end_us) {
  bool skip = viewing.loops == 0 && viewing.watch_ms < kSkipS * 1000;
  skips_in_a_row_ = skip ? skips_in_a_row_ + 1 : 0;
  double leave = std::min(p_.leave_base + p_.leave_skip * skips_in_a_row_, p_.leave_max);
  bool leaves = happens(rng_, leave);  // drawn in any case: staying takes no draw away
  if (stays_ > 0) {
    --stays_;
    return;
  }
  bool up = static_cast<double>(end_us - session_began_us_) >= session_us_;
  wants_more_ = !viewing.closed && !up && !leaves;
}

uint64_t Viewer::gap_us() {
  double minutes = log_normal(rng_, gap_minutes_, p_.gap_log_deviation);
  return static_cast<uint64_t>(std::max(minutes, 1.0) * kMinuteUs);
}

}  // namespace rondo::simulator
