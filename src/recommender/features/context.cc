#include "recommender/features/context.h"

#include <algorithm>
#include <cstring>

#include "recommender/kernels/dense.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::features {
namespace {

constexpr float kLatelyMax = 2;
// Boredom: what was had within the hour.
constexpr uint64_t kRepeatsUs = 3600ull * 1'000'000;
constexpr uint64_t kRepeatsHalfLifeUs = kRepeatsUs / 4;
constexpr float kRateStrength = 8;  // outcomes' worth of the network's rate
constexpr uint64_t kFreshHalfLifeUs = 2 * 86'400'000'000ull;

float look_up(const std::vector<std::pair<uint32_t, float>>& values, uint32_t key) {
  auto at = std::lower_bound(values.begin(), values.end(), key,
                             [](const auto& entry, uint32_t k) { return entry.first < k; });
  return at == values.end() || at->first != key ? 0.0f : at->second;
}

// How many of these, ascending by key, are not above. Halved without a branch, which would be a
// guess.
template <typename Entry>
size_t count_up_to(const std::vector<Entry>& list, uint32_t key) {
  if (list.empty()) return 0;
  size_t at = 0;
  for (size_t left = list.size(); left > 1;) {
    const size_t half = left / 2;
    at += list[at + half].key <= key ? half : 0;
    left -= half;
  }
  return at + (list[at].key <= key ? 1 : 0);
}

float rate_above(const DecayedCounters& c, Event event, float network) {
  return smoothed_rate(c.raw(event, Horizon::kWeek), c.raw(Event::kOutcome, Horizon::kWeek),
                       network, kRateStrength) -
         network;
}

}  // namespace

ViewerContext::ViewerContext(const Bundle& bundle, const Catalogue& catalogue,
                             const retrieval::CoWatch& co_watch, const retrieval::Towers& towers,
                             const ranker::Model& model, const Viewer* viewer,
                             std::string_view language, uint64_t now_us)
    : bundle_(bundle),
      catalogue_(catalogue),
      co_watch_(co_watch),
      towers_(towers),
      model_(model),
      viewer_(viewer),
      liked_(viewer == nullptr ? std::vector<uint32_t>() : viewer->liked()),
      taste_(towers.taste(liked_.videos())),
      query_(towers.query(taste_)),
      now_us_(now_us),
      network_{catalogue.network_rate(Event::kFinish, bundle.head(Head::kFinish).prior),
               catalogue.network_rate(Event::kSkip, bundle.head(Head::kSkip).prior),
               catalogue.network_rate(Event::kLike, bundle.head(Head::kLike).prior)},
      pooled_(bundle.model.dimensions, 0.0f) {
  std::memcpy(language_.data(), language.data(), std::min(language.size(), language_.size()));
  rates_ = {network_[1], network_[0]};
  if (viewer_ == nullptr) return;
  auto now_s = static_cast<uint32_t>(now_us / 1'000'000);
  for (const auto& entry : viewer_->topics.entries()) {
    Known& topic = note(known_topics_, entry.key);
    topic.outcomes = entry.outcomes;
    topic.affinity = Affinities::value_of(entry, now_s, bundle.affinity);
    topics_.emplace_back(entry.key, topic.affinity);
  }
  for (const auto& entry : viewer_->authors.entries()) {
    Known& author = note(known_authors_, entry.key);
    author.affinity = Affinities::value_of(entry, now_s, bundle.affinity);
    authors_.emplace_back(entry.key, author.affinity);
  }
  auto for_each_belief = [&](Taste kind, auto take) {
    for (const Belief& belief : viewer_->tastes.of(kind).entries()) {
      const float mean = Beliefs::mean_of(belief, now_s, bundle.tastes);
      take(belief.key, std::clamp(0.5f * mean, -kLatelyMax, kLatelyMax));
    }
  };
  for_each_belief(Taste::kTopic,
                  [&](uint32_t key, float lately) { note(known_topics_, key).lately = lately; });
  for_each_belief(Taste::kAuthor,
                  [&](uint32_t key, float lately) { note(known_authors_, key).lately = lately; });
  for_each_belief(Taste::kLanguage,
                  [&](uint32_t key, float lately) { languages_.emplace_back(key, lately); });
  for_each_belief(Taste::kLength, [&](uint32_t key, float lately) { lengths_[key] = lately; });
  for (const auto& wish : viewer_->wishes.levels) {
    auto topic = catalogue.find_topic(wish.topic);
    if (topic) asked_.emplace_back(*topic, static_cast<float>(wish.level) / kLevelMax);
  }
  std::sort(asked_.begin(), asked_.end());
  rates_ = recent_rates(*viewer_, network_[1], network_[0]);
  pool_history();
  count_repeats(now_s);
}

void ViewerContext::pool_history() {
  float weight = 1;
  float total = 1;  // one outcome's worth of nothing: the first outcomes are taken with care
  const auto history = viewer_->recent();
  for (size_t i = history.size(); i > 0; --i) {
    float v = weight * valence(history[i - 1]);
    weight *= bundle_.model.history_decay;
    if (v == 0) continue;
    kernels::axpy(v, model_.vector(history[i - 1].video), pooled_);
    total += v < 0 ? -v : v;
  }
  for (float& p : pooled_) p /= total;
}

void ViewerContext::count_repeats(uint32_t now_s) {
  const auto& history = viewer_->history;
  const auto main_topics = catalogue_.main_topics();
  const auto authors = catalogue_.author_indices();
  for (size_t i = history.size(); i > 0; --i) {
    const uint64_t age_us = uint64_t{now_s - std::min(history[i - 1].at_s, now_s)} * 1'000'000;
    if (age_us > kRepeatsUs) break;
    const float left = kernels::half_life_decay(age_us, kRepeatsHalfLifeUs);
    const uint32_t video = history[i - 1].video;
    const uint32_t topic = main_topics[video];
    if (topic != kNoIndex) note(known_topics_, topic).repeats += 0.25f * left;
    note(known_authors_, authors[video]).repeats += 0.5f * left;
  }
}

ViewerContext::Known& ViewerContext::note(std::vector<Known>& list, uint32_t key) {
  const auto at = list.begin() + static_cast<ptrdiff_t>(count_up_to(list, key));
  if (at != list.begin() && (at - 1)->key == key) return *(at - 1);
  return *list.insert(at, Known{.key = key});
}

const ViewerContext::Known& ViewerContext::known(const std::vector<Known>& list, uint32_t key) {
  static constexpr Known kNothing;
  const size_t count = count_up_to(list, key);
  return count == 0 || list[count - 1].key != key ? kNothing : list[count - 1];
}

std::vector<PastOutcome> ViewerContext::past() const {
  std::vector<PastOutcome> out;
  if (viewer_ == nullptr) return out;
  const auto history = viewer_->recent();
  for (size_t i = history.size(); i > 0 && out.size() < bundle_.model.history_attended; --i) {
    auto valence = static_cast<int8_t>(features::valence(history[i - 1]) * 64.0f);
    if (valence != 0) out.push_back({history[i - 1].video, valence});
  }
  return out;
}

float ViewerContext::asked(const Video& video) const {
  if (asked_.empty()) return 0;
  float sum = 0;
  for (uint32_t topic : video.topic_list()) sum += look_up(asked_, topic);
  return std::clamp(sum, -1.0f, 1.0f);
}

float ViewerContext::asked_level(uint32_t topic) const { return look_up(asked_, topic); }

float ViewerContext::topic_leaning(uint32_t topic) const {
  const Known& about = known(known_topics_, topic);
  return bundle_.value.topic_affinity * about.affinity + bundle_.value.topic_lately * about.lately;
}

float ViewerContext::author_affinity(uint32_t author) const {
  return known(known_authors_, author).affinity;
}

bool ViewerContext::follows(uint32_t author) const {
  return viewer_ != nullptr && viewer_->is_follow(author);
}

float ViewerContext::novelty(const Known& topic) {
  return 1.0f / (1.0f + static_cast<float>(topic.outcomes));
}

float ViewerContext::topic_novelty(const Video& video) const {
  return video.topic_count == 0 ? 0.0f : novelty(known(known_topics_, video.main_topic()));
}

float ViewerContext::freshness(const Video& video) const {
  uint64_t age_us = now_us_ > video.published_us ? now_us_ - video.published_us : 0;
  return kernels::half_life_decay(age_us, kFreshHalfLifeUs);
}

FeatureVector ViewerContext::features(uint32_t index, uint32_t position) const {
  const Video& video = catalogue_.video(index);
  FeatureVector out{};
  auto set = [&out](Feature feature, float value) { out[static_cast<size_t>(feature)] = value; };
  if (const auto topics = video.topic_list(); !topics.empty()) {
    // The main one counts in full, the others by the bundle's share.
    const Known& main = known(known_topics_, topics[0]);
    float affinity = main.affinity;
    float lately = main.lately;
    float weight = 1;
    for (uint32_t topic : topics.subspan(1)) {
      const Known& minor = known(known_topics_, topic);
      affinity += bundle_.affinity.minor_topic * minor.affinity;
      lately += bundle_.affinity.minor_topic * minor.lately;
      weight += bundle_.affinity.minor_topic;
    }
    set(Feature::kTopicAffinity, affinity / weight);
    set(Feature::kTopicLately, lately / weight);
    set(Feature::kTopicRepeats, main.repeats);
    set(Feature::kTopicNovelty, novelty(main));
    const auto& everybody = catalogue_.topics()[topics[0]].counters;
    set(Feature::kTopicFinishRate, rate_above(everybody, Event::kFinish, network_[0]));
  }
  const Known& author = known(known_authors_, video.author);
  set(Feature::kAuthorAffinity, author.affinity);
  set(Feature::kAuthorLately, author.lately);
  set(Feature::kAuthorRepeats, author.repeats);
  const auto& everybody = catalogue_.authors()[video.author].counters;
  set(Feature::kAuthorFinishRate, rate_above(everybody, Event::kFinish, network_[0]));
  set(Feature::kFollowsAuthor, follows(video.author) ? 1.0f : 0.0f);
  set(Feature::kVideoFinishRate, rate_above(video.counters, Event::kFinish, network_[0]));
  set(Feature::kVideoSkipRate, rate_above(video.counters, Event::kSkip, network_[1]));
  set(Feature::kVideoLikeRate, rate_above(video.counters, Event::kLike, network_[2]));
  float impressions = video.counters.at(Event::kImpression, Horizon::kDay, now_us_);
  set(Feature::kVideoImpressions, 0.1f * kernels::log(1.0f + impressions));
  set(Feature::kFreshness, freshness(video));
  float seconds = static_cast<float>(std::max(video.duration_ms, 100u)) / 1000.0f;
  set(Feature::kDuration, 0.5f * kernels::log(seconds / 15.0f));
  bool known = language_[0] != 0 && video.language[0] != 0;
  set(Feature::kLanguageMatch, !known ? 0.0f : language_ == video.language ? 1.0f : -1.0f);
  set(Feature::kViewerSkipRate, rates_.skip - network_[1]);
  set(Feature::kViewerFinishRate, rates_.finish - network_[0]);
  set(Feature::kPosition, static_cast<float>(position) / 8.0f);
  set(Feature::kLanguageLately, look_up(languages_, language_key(video.language)));
  set(Feature::kLengthLately, lengths_[duration_bucket(video.duration_ms)]);
  float taste = towers_.score(query_, index);
  set(Feature::kTaste, std::clamp(taste, -4.0f, 4.0f));
  set(Feature::kCoWatchLift, co_watch_.lift(index, liked_));
  return out;
}

}  // namespace rondo::recommender::features
