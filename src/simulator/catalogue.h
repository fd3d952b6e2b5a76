// The simulated videos and their authors, with what nobody tells the feed: what a video is really
// about, its style, its quality.
//
// Made from a seed alone, video by video: the nth video of a seed is the same whatever happens
// meanwhile. Or given, as a list of real videos, of which only hashtags and lengths are known.
// Not thread safe. Videos are named by their index; ids are what records carry.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "simulator/parameters.h"

namespace rondo::simulator {

using Style = std::array<float, kStyles>;

inline constexpr uint16_t kNoTopic = UINT16_MAX;
inline constexpr uint8_t kNoWords = UINT8_MAX;

struct Author {
  uint64_t id;
  double volume;  // how much of what is published is this author's
  float quality;
  Style style;
  std::vector<uint16_t> topics;
};

struct Video {
  uint64_t id;
  uint32_t author;
  std::array<uint16_t, 2> topics;  // really about; the second may be kNoTopic
  float main_weight;               // of the first; the second has the rest
  Style style;
  float quality;
  float duration_s;
  float log_duration;
  uint8_t language;  // index, or kNoWords
  uint64_t sound_id;
  uint64_t published_us = 0;
  std::vector<std::string> hashtags;  // what the record says

  uint32_t duration_ms() const {
    return static_cast<uint32_t>(std::floor(duration_s * 1000 + 0.5F));
  }
};

class Catalogue {
 public:
  Catalogue(const Parameters& parameters, uint64_t seed);
  // Real videos. `id` is what the feed calls it, `topic` its main hashtag's place in `topics`.
  struct Known {
    uint64_t id;
    uint32_t author;
    uint16_t topic;
    float duration_s;
  };
  Catalogue(std::vector<std::string> topics, uint32_t authors, std::span<const Known> videos);

  // One more video; its index.
  uint32_t add(uint64_t published_us);
  // A video of this topic by an author of its own who has made nothing else.
  uint32_t add_outsider(uint16_t topic, float quality, uint64_t published_us);
  // The same video again in all but its length, by the same author.
  uint32_t add_twin(uint32_t video, float duration_s);
  void set_duration(uint32_t video, float duration_s);

  const std::vector<Video>& videos() const { return videos_; }
  const Video& video(uint32_t index) const { return videos_[index]; }
  const std::vector<Author>& authors() const { return authors_; }
  const std::vector<std::string>& topics() const { return topics_; }
  const std::vector<double>& topic_shares() const { return topic_shares_; }

 private:
  uint32_t push(Video video);

  std::vector<std::string> topics_;
  std::vector<double> topic_shares_;
  std::vector<Author> authors_;
  std::vector<Video> videos_;
  Parameters parameters_;
  base::Rng rng_;
  std::vector<double> volume_sums_;
  std::vector<double> language_sums_;
};

Style random_style(base::Rng& rng);
float dot(const Style& a, const Style& b);
// Running sums of `shares`, for pick().
std::vector<double> sums(std::span<const double> shares);

}  // namespace rondo::simulator
