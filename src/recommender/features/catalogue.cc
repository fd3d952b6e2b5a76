#include "recommender/features/catalogue.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/hash.h"
#include "base/result.h"

namespace rondo::recommender::features {
namespace {

constexpr float kRateStrength = 8;       // outcomes' worth of prior in a video's own rate
constexpr float kNetworkStrength = 100;  // the same for the network against the bundle's prior
constexpr uint8_t kStageDone = 3;

uint64_t row_id(std::string_view name) {
  base::Sha256Digest digest = base::sha256(name);
  uint64_t id = 0;
  std::memcpy(&id, digest.data(), sizeof id);
  return id;
}

bool are_words(std::span<const uint32_t> words) {
  return words.size() <= kVideoWordsMax && strictly_ascending(words);
}

}  // namespace

std::optional<uint32_t> Catalogue::publish(const Publication& p, uint64_t now_us) {
  auto existing = find_video(p.video_id);
  if (!existing && contents_.videos.size() >= bundle_.limits.videos_max) return std::nullopt;
  auto author = intern_author(p.author_id);
  if (!author) return std::nullopt;
  uint32_t index;
  if (existing) {
    index = *existing;
  } else {
    index = static_cast<uint32_t>(contents_.videos.size());
    contents_.videos.emplace_back();
    contents_.videos[index].id = p.video_id;
    contents_.videos[index].counters.last_us = now_us;
    contents_.videos[index].look_id = p.look_id;
    video_by_id_.emplace(p.video_id, index);
    append_derived();
    contents_.words.append();
    index_look(index);
  }
  Video& v = contents_.videos[index];
  v.author = *author;
  v.duration_ms = p.duration_ms;
  v.topic_count = 0;
  v.topics = {};
  for (const std::string& name : p.topics) {
    if (v.topic_count == kTopicsPerVideoMax) break;
    auto topic = intern_topic(name);
    if (!topic) continue;
    auto known = v.topic_list();
    if (std::find(known.begin(), known.end(), *topic) != known.end()) continue;
    v.topics[v.topic_count++] = *topic;
  }
  v.language = {};
  std::memcpy(v.language.data(), p.language.data(), std::min(p.language.size(), v.language.size()));
  v.sound_id = p.sound_id;
  v.published_us = std::min(p.published_us, now_us);  // nobody publishes in the future
  v.eligible = true;
  contents_.words.set(index, are_words(p.words) ? p.words : std::span<const uint32_t>());
  refresh(index);
  return index;
}

std::optional<uint32_t> Catalogue::find_video(uint64_t id) const {
  auto at = video_by_id_.find(id);
  return at == video_by_id_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<uint32_t> Catalogue::find_author(uint64_t id) const {
  auto at = author_by_id_.find(id);
  return at == author_by_id_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<uint32_t> Catalogue::find_topic(std::string_view name) const {
  auto at = topic_by_name_.find(std::string(name));
  return at == topic_by_name_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<uint32_t> Catalogue::intern_author(uint64_t id) {
  if (auto known = find_author(id)) return known;
  if (contents_.authors.size() >= bundle_.limits.authors_max) return std::nullopt;
  auto index = static_cast<uint32_t>(contents_.authors.size());
  contents_.authors.push_back({id, {}});
  author_by_id_.emplace(id, index);
  return index;
}

std::optional<uint32_t> Catalogue::intern_topic(std::string_view name) {
  if (name.empty() || name.size() > kTopicBytesMax) return std::nullopt;
  if (auto known = find_topic(name)) return known;
  if (contents_.topics.size() >= bundle_.limits.topics_max) return std::nullopt;
  auto index = static_cast<uint32_t>(contents_.topics.size());
  contents_.topics.push_back({std::string(name), row_id(name), {}});
  topic_by_name_.emplace(std::string(name), index);
  return index;
}

void Catalogue::set_eligible(uint32_t index, bool eligible) {
  contents_.videos[index].eligible = eligible;
  refresh(index);
}

void Catalogue::count(uint32_t index, Event event, uint64_t now_us) {
  Video& v = contents_.videos[index];
  if (event == Event::kImpression && v.impressions < UINT32_MAX) ++v.impressions;
  if (event == Event::kOutcome && v.outcomes < UINT32_MAX) ++v.outcomes;
  if (event == Event::kFinish && v.finishes < UINT32_MAX) ++v.finishes;
  v.counters.add(event, now_us);
  contents_.authors[v.author].counters.add(event, now_us);
  for (uint32_t topic : v.topic_list()) contents_.topics[topic].counters.add(event, now_us);
  contents_.network.add(event, now_us);
  update_stage(v);
  refresh(index);
}

void Catalogue::add_counts(uint32_t index, const std::array<uint32_t, kEvents>& events,
                           uint64_t at_us, uint64_t now_us) {
  Video& v = contents_.videos[index];
  auto add_ever = [&events](uint32_t& count, Event event) {
    count += std::min(events[static_cast<size_t>(event)], UINT32_MAX - count);
  };
  add_ever(v.impressions, Event::kImpression);
  add_ever(v.outcomes, Event::kOutcome);
  add_ever(v.finishes, Event::kFinish);
  std::array<float, kHorizons> keep;
  for (size_t h = 0; h < kHorizons; ++h) {
    keep[h] = kernels::half_life_decay(now_us > at_us ? now_us - at_us : 0, kHalfLivesUs[h]);
  }
  auto add = [&](DecayedCounters& counters) {
    counters.advance(now_us);
    for (size_t e = 0; e < kEvents; ++e) {
      for (size_t h = 0; h < kHorizons; ++h) {
        counters.counts[e][h] += static_cast<float>(events[e]) * keep[h];
      }
    }
  };
  add(v.counters);
  add(contents_.authors[v.author].counters);
  for (uint32_t topic : v.topic_list()) add(contents_.topics[topic].counters);
  add(contents_.network);
  update_stage(v);
  refresh(index);
}

void Catalogue::set_resting(uint32_t index, bool resting) {
  if (resting_.contains(index) == resting) return;
  resting_.set(index, resting);
  refresh(index);
}

std::optional<uint32_t> Catalogue::budget_left(uint32_t index) const {
  const Video& v = contents_.videos[index];
  if (v.stage >= kStageDone) return std::nullopt;
  uint32_t budget = bundle_.exploration.budget_impressions[v.stage];
  return budget > v.impressions ? budget - v.impressions : 0;
}

float Catalogue::network_rate(Event event, float prior) const {
  return smoothed_rate(contents_.network.raw(event, Horizon::kWeek),
                       contents_.network.raw(Event::kOutcome, Horizon::kWeek), prior,
                       kNetworkStrength);
}

// A new video has a budget of impressions for each stage. At its end it goes on to the next when
// even the lower bound of its finish rate (one standard error) is a fair share of the network's.
void Catalogue::update_stage(Video& v) {
  const auto& budget = bundle_.exploration.budget_impressions;
  if (v.stage >= kStageDone || v.impressions < budget[v.stage]) return;
  float n = static_cast<float>(v.outcomes) + 1.0f;
  float rate = (static_cast<float>(v.finishes) + 0.5f) / n;
  rate = std::min(rate, 1.0f);
  float bound = rate - kernels::sqrt(rate * (1.0f - rate) / n);
  float network = network_rate(Event::kFinish, bundle_.head(Head::kFinish).prior);
  v.stage = bound >= bundle_.exploration.promotion * network ? v.stage + 1 : kStageDone;
}

void Catalogue::append_derived() {
  main_topics_.push_back(kNoIndex);
  author_indices_.push_back(0);
  trend_keys_.push_back(0);
  quality_.push_back(0);
  published_us_.push_back(0);
  for (VideoSet* set : {&eligible_, &fresh_, &met_, &resting_}) set->resize(main_topics_.size());
}

void Catalogue::index_look(uint32_t index) {
  const uint64_t look = contents_.videos[index].look_id;
  uint32_t original = index;
  if (look != 0) original = original_by_look_.emplace(look, index).first->second;
  originals_.push_back(original);
  if (original != index) duplicates_.push_back(index);
}

void Catalogue::refresh(uint32_t index) {
  const Video& v = contents_.videos[index];
  const DecayedCounters& c = v.counters;
  main_topics_[index] = v.main_topic();
  author_indices_[index] = v.author;
  published_us_[index] = v.published_us;
  eligible_.set(index, v.eligible);
  fresh_.set(index, v.stage < kStageDone && !resting_.contains(index));
  met_.set(index, v.outcomes > 0);
  float outcomes = c.raw(Event::kOutcome, Horizon::kWeek);
  quality_[index] = smoothed_rate(c.raw(Event::kFinish, Horizon::kWeek), outcomes,
                                  bundle_.head(Head::kFinish).prior, kRateStrength);
  float merit = c.raw(Event::kFinish, Horizon::kDay) + 2 * c.raw(Event::kLike, Horizon::kDay) +
                2 * c.raw(Event::kShare, Horizon::kDay) + c.raw(Event::kSave, Horizon::kDay);
  float reports = c.raw(Event::kReport, Horizon::kDay);
  float rate = (merit + 0.5f) / (c.raw(Event::kOutcome, Horizon::kDay) + 4 * reports + 2.0f);
  constexpr auto kDayUs = static_cast<double>(kHalfLivesUs[static_cast<size_t>(Horizon::kDay)]);
  trend_keys_[index] = static_cast<double>(kernels::log2((merit + 0.1f) * rate)) +
                       static_cast<double>(c.last_us) / kDayUs;
}

void Catalogue::rederive() {
  for (uint32_t i = 0; i < contents_.videos.size(); ++i) refresh(i);
}

Result<void> Catalogue::restore(Contents contents) {
  contents_ = std::move(contents);
  const auto& c = contents_;
  if (c.words.size() != c.videos.size()) {
    return corrupt("catalogue: the words do not fit the number of videos");
  }
  for (uint32_t i = 0; i < c.authors.size(); ++i) {
    if (!author_by_id_.emplace(c.authors[i].id, i).second) {
      return corrupt("catalogue: an author is listed twice");
    }
  }
  for (uint32_t i = 0; i < c.topics.size(); ++i) {
    contents_.topics[i].id = row_id(c.topics[i].name);
    if (!topic_by_name_.emplace(c.topics[i].name, i).second) {
      return corrupt("catalogue: a topic is listed twice");
    }
  }
  for (uint32_t i = 0; i < c.videos.size(); ++i) {
    const Video& v = c.videos[i];
    if (!video_by_id_.emplace(v.id, i).second) return corrupt("catalogue: a video is listed twice");
    bool fits = v.author < c.authors.size() && v.topic_count <= kTopicsPerVideoMax &&
                v.stage <= kStageDone && are_words(c.words.of(i));
    for (size_t t = 0; fits && t < v.topic_count; ++t) fits = v.topics[t] < c.topics.size();
    if (!fits) return corrupt("catalogue: a video refers to what is not there");
    append_derived();
    index_look(i);
    refresh(i);
  }
  return {};
}

}  // namespace rondo::recommender::features
