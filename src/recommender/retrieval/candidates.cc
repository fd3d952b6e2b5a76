#include "recommender/retrieval/candidates.h"

#include <algorithm>
#include <limits>

#include "recommender/kernels/dense.h"
#include "recommender/retrieval/top_k.h"

namespace rondo::recommender::retrieval {
namespace {

using features::Catalogue;
using features::kNoIndex;

constexpr uint8_t kBarred = 1;
constexpr uint8_t kTaken = 2;
// Tells equals of one topic apart in personal retrieval; too small to outweigh an affinity.
constexpr float kQualityWeight = 0.1f;

// What keeps a video out of the pool, one byte a video, topic and author.
struct Filter {
  std::vector<uint8_t> videos;
  std::vector<uint8_t> topics;   // empty when none is blocked
  std::vector<uint8_t> authors;  // the same

  Filter(const Catalogue& catalogue, const features::Viewer* viewer,
         std::span<const uint32_t> barred)
      : videos(catalogue.size(), 0) {
    for (uint32_t video : barred) videos[video] |= kBarred;
    if (viewer == nullptr) return;
    viewer->seen.mark(videos, kBarred);
    if (!viewer->blocked_topics.empty()) topics.assign(catalogue.topics().size(), 0);
    for (uint32_t topic : viewer->blocked_topics) topics[topic] = 1;
    if (!viewer->blocked_authors.empty()) authors.assign(catalogue.authors().size(), 0);
    for (uint32_t author : viewer->blocked_authors) authors[author] = 1;
  }

  bool passes(const Catalogue& catalogue, uint32_t video) const {
    if (videos[video] != 0) return false;
    if (!authors.empty() && authors[catalogue.author_indices()[video]] != 0) return false;
    if (topics.empty()) return true;
    auto list = catalogue.video(video).topic_list();
    return std::none_of(list.begin(), list.end(), [this](uint32_t t) { return topics[t] != 0; });
  }
};

std::vector<float> spread(const std::vector<std::pair<uint32_t, float>>& values, size_t size,
                          float weight) {
  std::vector<float> dense(size, 0.0f);
  for (const auto& [index, value] : values) dense[index] = weight * value;
  return dense;
}

}  // namespace

CandidateSet gather(const State& s, const features::ViewerContext& context,
                    std::span<const float> query, std::span<const uint32_t> barred,
                    base::Rng& rng) {
  const Catalogue& catalogue = s.catalogue;
  const auto& limits = s.bundle.candidates;
  Filter filter(catalogue, context.viewer(), barred);
  const bool history = context.outcomes() > 0;
  const bool follows = context.viewer() != nullptr && !context.viewer()->follows.empty();
  std::vector<float> by_topic =
      spread(context.topics(), catalogue.topics().size(), s.bundle.value.topic_affinity);
  std::vector<float> by_author =
      spread(context.authors(), catalogue.authors().size(), s.bundle.value.author_affinity);

  TopK<float> personal(limits.personal);
  TopK<uint64_t> followed(limits.followed);
  TopK<double> trending(limits.trending);
  TopK<uint64_t> fresh(limits.fresh);
  std::vector<uint32_t> champion(catalogue.topics().size(), kNoIndex);

  CandidateSet out;
  const auto flags = catalogue.flags();
  const auto topics = catalogue.main_topics();
  const auto authors = catalogue.author_indices();
  const auto trend = catalogue.trend_keys();
  const float network =
      catalogue.network_rate(features::Event::kFinish, s.bundle.head(Head::kFinish).prior);
  auto count = static_cast<uint32_t>(catalogue.size());
  for (uint32_t v = 0; v < count; ++v) {
    if ((flags[v] & Catalogue::kEligible) == 0 || !filter.passes(catalogue, v)) continue;
    out.pool.push_back(v);
    uint32_t topic = topics[v];
    if (history) {
      float score = kernels::dot(query, catalogue.vector(v)) + by_author[authors[v]] +
                    kQualityWeight * (catalogue.quality()[v] - network);
      if (topic != kNoIndex) score += by_topic[topic];
      if (score > 0) personal.offer(score, v);
    }
    if ((flags[v] & Catalogue::kMet) != 0) trending.offer(trend[v], v);
    // Strictly better only: ties stay with the smaller index.
    if (topic != kNoIndex && (champion[topic] == kNoIndex || trend[v] > trend[champion[topic]])) {
      champion[topic] = v;
    }
  }
  // Videos are known in about the order of their publication: offered oldest first, each would
  // displace the one before.
  const auto published = catalogue.published_us();
  for (size_t i = out.pool.size(); i-- > 0;) {
    uint32_t v = out.pool[i];
    if (follows && context.follows(authors[v])) followed.offer(published[v], v);
    if ((flags[v] & Catalogue::kNew) != 0) fresh.offer(published[v], v);
  }

  TopK<float> co_watched(limits.co_watch);
  for (const auto& [video, strength] : s.co_watch.neighbours_of(context.liked())) {
    bool eligible = (flags[video] & Catalogue::kEligible) != 0;
    if (eligible && filter.passes(catalogue, video)) co_watched.offer(strength, video);
  }

  auto take = [&](uint32_t video, log::v1::Source source) {
    if ((filter.videos[video] & kTaken) != 0) return;
    filter.videos[video] |= kTaken;
    out.candidates.push_back({video, source});
  };
  for (uint32_t v : personal.take()) take(v, log::v1::SOURCE_PERSONAL);
  for (uint32_t v : followed.take()) take(v, log::v1::SOURCE_FOLLOWED);
  for (uint32_t v : co_watched.take()) take(v, log::v1::SOURCE_CO_WATCH);
  for (uint32_t v : trending.take()) take(v, log::v1::SOURCE_TRENDING);
  for (uint32_t v : fresh.take()) take(v, log::v1::SOURCE_FRESH);
  TopK<double> champions(limits.topic_champions);
  for (uint32_t v : champion) {
    if (v != kNoIndex) champions.offer(trend[v], v);
  }
  for (uint32_t v : champions.take()) {
    bool met = (flags[v] & Catalogue::kMet) != 0;
    take(v, met ? log::v1::SOURCE_TRENDING : log::v1::SOURCE_FRESH);
  }
  if (out.pool.size() <= out.candidates.size() + limits.exploration) {
    for (uint32_t v : out.pool) take(v, log::v1::SOURCE_EXPLORATION);
  } else {
    for (uint32_t i = 0; i < limits.exploration; ++i) {
      take(out.pool[rng.below(out.pool.size())], log::v1::SOURCE_EXPLORATION);
    }
  }
  return out;
}

}  // namespace rondo::recommender::retrieval
