#include "recommender/features/tastes.h"

#include <algorithm>
#include <bit>

#include "base/hash.h"
#include "base/room.h"
#include "recommender/features/watch_histogram.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::features {
namespace {

constexpr auto kByKey = [](const Belief& belief, uint32_t key) { return belief.key < key; };

template <typename Entries>
auto* locate(Entries& entries, uint32_t key) {
  auto at = std::lower_bound(entries.begin(), entries.end(), key, kByKey);
  return at == entries.end() || at->key != key ? nullptr : &*at;
}

// What time leaves of a mean.
float kept(const Belief& belief, uint32_t now_s, const Bundle::Tastes& options) {
  if (now_s <= belief.last_s) return 1.0f;
  return kernels::half_life_decay(uint64_t{now_s - belief.last_s} * 1'000'000,
                                  uint64_t{options.half_life_hours} * 3'600'000'000);
}

float square(float x) { return x * x; }

}  // namespace

Belief& Beliefs::meet(uint32_t key, uint32_t now_s, const Bundle::Tastes& options, Taste kind) {
  const float unknown = square(options.deviation[static_cast<size_t>(kind)]);
  auto at = std::lower_bound(entries_.begin(), entries_.end(), key, kByKey);
  if (at == entries_.end() || at->key != key) {
    if (entries_.size() >= entries_max_) {
      entries_.erase(
          std::min_element(entries_.begin(), entries_.end(),
                           [](const Belief& a, const Belief& b) { return a.last_s < b.last_s; }));
    }
    base::make_room(entries_, entries_max_);
    at = std::lower_bound(entries_.begin(), entries_.end(), key, kByKey);
    return *entries_.insert(at, Belief{key, now_s, 0, unknown});
  }
  const float left = kept(*at, now_s, options);
  at->mean *= left;
  // The variance of a process that reverts to what is not known, and a step of its own a meeting.
  const float faded = unknown - square(left) * (unknown - at->variance);
  at->variance = std::min(faded + options.drift[static_cast<size_t>(kind)], unknown);
  at->last_s = now_s;
  return *at;
}

Belief* Beliefs::find(uint32_t key) { return locate(entries_, key); }

float Beliefs::mean(uint32_t key, uint32_t now_s, const Bundle::Tastes& options) const {
  const Belief* belief = locate(entries_, key);
  return belief == nullptr ? 0.0f : mean_of(*belief, now_s, options);
}

float Beliefs::mean_of(const Belief& belief, uint32_t now_s, const Bundle::Tastes& options) {
  return belief.mean * kept(belief, now_s, options);
}

void Beliefs::step_back(float left, float deviation) {
  for (Belief& belief : entries_) {
    belief.mean *= left;
    belief.variance = square(deviation);
  }
}

std::vector<Trait> traits_of(const Video& video, const Bundle::Affinity& options) {
  std::vector<Trait> out;
  const auto topics = video.topic_list();
  const float minors =
      options.minor_topic * static_cast<float>(topics.size()) - options.minor_topic;
  float weight = 1.0f / (1.0f + minors);
  for (uint32_t topic : topics) {
    out.push_back({Taste::kTopic, topic, weight});
    weight = options.minor_topic / (1.0f + minors);
  }
  out.push_back({Taste::kAuthor, video.author, 1});
  if (uint32_t language = language_key(video.language); language != 0) {
    out.push_back({Taste::kLanguage, language, 1});
  }
  out.push_back({Taste::kLength, duration_bucket(video.duration_ms), 1});
  return out;
}

uint32_t language_key(const std::array<char, kLanguageBytesMax>& language) {
  static_assert(kLanguageBytesMax == sizeof(uint64_t));
  const auto bytes = std::bit_cast<uint64_t>(language);
  return bytes == 0 ? 0 : static_cast<uint32_t>(base::mix64(bytes) >> 32) | 1u;
}

void Tastes::learn(std::span<const Trait> traits, const Told& told, uint32_t now_s,
                   const Bundle::Tastes& options) {
  float in_doubt = 0;
  for (const Trait& trait : traits) {
    in_doubt +=
        square(trait.weight) * of(trait.kind).meet(trait.key, now_s, options, trait.kind).variance;
  }
  const float gain = 1.0f / (1.0f + told.information * in_doubt);
  for (const Trait& trait : traits) {
    // What was made for another trait may have taken its place.
    Belief* belief = of(trait.kind).find(trait.key);
    if (belief == nullptr) continue;
    const float variance = belief->variance;
    belief->mean += trait.weight * variance * gain * told.score;
    belief->variance = variance - square(trait.weight * variance) * gain * told.information;
  }
}

void Tastes::turn(const Bundle::Tastes& options) {
  for (Taste kind : {Taste::kTopic, Taste::kAuthor}) {
    of(kind).step_back(options.turned_left, options.deviation[static_cast<size_t>(kind)]);
  }
}

void Tastes::clear() {
  for (Beliefs& beliefs : kinds_) beliefs.clear();
}

}  // namespace rondo::recommender::features
