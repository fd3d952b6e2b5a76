#include "simulator/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/result.h"
#include "simulator/chance.h"

namespace rondo::simulator {
namespace {

constexpr uint64_t kAuthorIds = 1'000'000;
constexpr uint64_t kVideoIds = 2'000'000;
constexpr uint64_t kSoundIds = 3'000'000;
constexpr uint64_t kStream = 0xCA7A'1063;  // tells this seed's draws from the viewers'

Style normalised(Style style) {
  float length = std::sqrt(dot(style, style));
  for (float& x : style) x = length > 0 ? x / length : 0;
  return style;
}

Style blend(const Style& a, double share, const Style& b) {
  Style out;
  for (size_t i = 0; i < kStyles; ++i) {
    out[i] = static_cast<float>(share * static_cast<double>(a[i]) +
                                (1 - share) * static_cast<double>(b[i]));
  }
  return normalised(out);
}

std::vector<double> falling(uint32_t count, double fall) {
  std::vector<double> out(count);
  double total = 0;
  for (uint32_t k = 0; k < count; ++k) total += out[k] = std::exp(-fall * k);
  for (double& share : out) share /= total;
  return out;
}

}  // namespace

Style random_style(base::Rng& rng) {
  Style out;
  for (float& x : out) x = static_cast<float>(normal(rng));
  return normalised(out);
}

float dot(const Style& a, const Style& b) {
  float sum = 0;
  for (size_t i = 0; i < kStyles; ++i) sum += a[i] * b[i];
  return sum;
}

std::vector<double> sums(std::span<const double> shares) {
  std::vector<double> out;
  double sum = 0;
  for (double share : shares) out.push_back(sum += share);
  return out;
}

Catalogue::Catalogue(const Parameters& parameters, uint64_t seed)
    : topic_shares_(falling(parameters.topics.count, parameters.topics.fall)),
      parameters_(parameters),
      rng_(base::mix64(seed ^ kStream)) {
  RD_ASSERT(parameters.topics.count > 1 && parameters.authors.count > 0);
  for (uint32_t k = 0; k < parameters.topics.count; ++k)
    topics_.push_back(fmt::format("topic{}", k));
  language_sums_ = sums(parameters.languages.shares);
  const std::vector<double> topic_sums = sums(topic_shares_);
  std::vector<double> volumes;
  const auto& p = parameters.authors;
  for (uint32_t a = 0; a < p.count; ++a) {
    Author author{.id = kAuthorIds + a,
                  .volume = log_normal(rng_, 1, p.volume_log_deviation),
                  .quality = static_cast<float>(p.quality_deviation * normal(rng_)),
                  .style = random_style(rng_),
                  .topics = {}};
    do {
      author.topics.push_back(static_cast<uint16_t>(pick(rng_, topic_sums)));
    } while (static_cast<double>(author.topics.size()) < p.topics_each);
    volumes.push_back(author.volume);
    authors_.push_back(std::move(author));
  }
  volume_sums_ = sums(volumes);
}

Catalogue::Catalogue(std::vector<std::string> topics, uint32_t authors,
                     std::span<const Known> videos)
    : topics_(std::move(topics)), topic_shares_(topics_.size(), 0.0), rng_(0) {
  for (uint32_t a = 0; a < authors; ++a) authors_.push_back({a, 1, 0, {}, {}});
  for (const Known& known : videos) {
    topic_shares_[known.topic] += 1.0 / static_cast<double>(videos.size());
    videos_.push_back({.id = known.id,
                       .author = known.author,
                       .topics = {known.topic, kNoTopic},
                       .main_weight = 1,
                       .style = {},
                       .quality = 0,
                       .duration_s = known.duration_s,
                       .log_duration = std::log(known.duration_s),
                       .language = kNoWords,
                       .sound_id = 0,
                       .hashtags = {topics_[known.topic]}});
  }
}

uint32_t Catalogue::push(Video video) {
  video.id = kVideoIds + videos_.size();
  videos_.push_back(std::move(video));
  return static_cast<uint32_t>(videos_.size() - 1);
}

uint32_t Catalogue::add(uint64_t published_us) {
  const auto& p = parameters_.videos;
  Video v{};
  v.author = static_cast<uint32_t>(pick(rng_, volume_sums_));
  const Author& author = authors_[v.author];
  v.topics = {author.topics[rng_.below(author.topics.size())], kNoTopic};
  v.main_weight = 1;
  auto other = static_cast<uint16_t>(rng_.below(topics_.size()));
  if (happens(rng_, p.two_topics) && other != v.topics[0]) {
    v.topics[1] = other;
    v.main_weight = static_cast<float>(p.main_topic_weight);
  }
  v.style = blend(author.style, parameters_.authors.style_loyalty, random_style(rng_));
  v.quality = author.quality + static_cast<float>(p.quality_deviation * normal(rng_));
  if (happens(rng_, p.hit_share)) v.quality += static_cast<float>(p.hit_quality);
  double log_duration;
  do {
    log_duration = p.duration_log_mean + p.duration_log_deviation * normal(rng_);
  } while (log_duration < std::log(p.duration_s_min) || log_duration > std::log(p.duration_s_max));
  v.log_duration = static_cast<float>(log_duration);
  v.duration_s = std::exp(v.log_duration);
  v.language = static_cast<uint8_t>(pick(rng_, language_sums_));
  if (happens(rng_, p.no_words)) v.language = kNoWords;
  if (happens(rng_, p.shared_sound)) v.sound_id = kSoundIds + rng_.below(p.sounds);
  uint16_t told = v.topics[0];
  if (happens(rng_, p.wrong_hashtag)) told = static_cast<uint16_t>(rng_.below(topics_.size()));
  if (!happens(rng_, p.no_hashtag)) {
    v.hashtags.push_back(topics_[told]);
    if (v.topics[1] != kNoTopic && v.topics[1] != told) v.hashtags.push_back(topics_[v.topics[1]]);
  }
  v.published_us = published_us;
  return push(std::move(v));
}

uint32_t Catalogue::add_outsider(uint16_t topic, float quality, uint64_t published_us) {
  authors_.push_back({kAuthorIds + authors_.size(), 0, quality, random_style(rng_), {topic}});
  Video v{};
  v.author = static_cast<uint32_t>(authors_.size() - 1);
  v.topics = {topic, kNoTopic};
  v.main_weight = 1;
  v.style = authors_.back().style;
  v.quality = quality;
  v.log_duration = static_cast<float>(parameters_.viewers.duration_taste_log_mean);
  v.duration_s = std::exp(v.log_duration);
  v.language = kNoWords;
  v.hashtags = {topics_[topic]};
  v.published_us = published_us;
  return push(std::move(v));
}

uint32_t Catalogue::add_twin(uint32_t video, float duration_s) {
  uint32_t twin = push(videos_[video]);
  set_duration(twin, duration_s);
  return twin;
}

void Catalogue::set_duration(uint32_t video, float duration_s) {
  videos_[video].duration_s = duration_s;
  videos_[video].log_duration = std::log(duration_s);
}

}  // namespace rondo::simulator
