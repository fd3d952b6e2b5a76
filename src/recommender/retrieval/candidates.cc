#include "recommender/retrieval/candidates.h"

#include <algorithm>
#include <limits>

#include "recommender/retrieval/top_k.h"

namespace rondo::recommender::retrieval {
namespace {

using features::Catalogue;
using features::kNoIndex;

constexpr uint8_t kBarred = 1;
constexpr uint8_t kTaken = 2;  // in `Filter::videos`: a candidate already
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
    if ((videos[video] & kBarred) != 0) return false;
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

// Same language, or one of the two unknown.
bool speaks(const features::Video& video, const features::ViewerContext& context) {
  return video.language[0] == 0 || context.language()[0] == 0 ||
         video.language == context.language();
}

// The catalogue as one viewer may meet it, and the sources that read it.
class Gathering {
 public:
  Gathering(const State& s, const features::ViewerContext& context,
            std::span<const uint32_t> barred)
      : s_(s), c_(s.catalogue), context_(context), filter_(s.catalogue, context.viewer(), barred) {
    const auto flags = c_.flags();
    auto count = static_cast<uint32_t>(c_.size());
    out_.pool.reserve(count);
    for (uint32_t v = 0; v < count; ++v) {
      if (allowed(flags[v], v)) out_.pool.push_back(v);
    }
  }

  void personal(size_t count) {
    if (context_.liked().videos().empty()) return;
    std::vector<float> scores(c_.size());
    s_.towers.scan(context_.query(), scores);
    // The codes are coarse: more than wanted, then the best of them in full.
    TopK<float> coarse(2 * count);
    for (uint32_t v : out_.pool) coarse.offer(scores[v], v);
    TopK<float> best(count);
    for (uint32_t v : coarse.take()) best.offer(s_.towers.score(context_.query(), v), v);
    take_all(best, log::v1::SOURCE_PERSONAL);
  }

  void match(size_t count) {
    if (context_.topics().empty() && context_.authors().empty()) return;
    auto by_topic = spread(context_.topics(), c_.topics().size(), s_.bundle.value.topic_affinity);
    auto by_author =
        spread(context_.authors(), c_.authors().size(), s_.bundle.value.author_affinity);
    const float network =
        c_.network_rate(features::Event::kFinish, s_.bundle.head(Head::kFinish).prior);
    const auto topics = c_.main_topics();
    const auto authors = c_.author_indices();
    const auto quality = c_.quality();
    TopK<float> best(count);
    for (uint32_t v : out_.pool) {
      float affinity = by_author[authors[v]];
      if (topics[v] != kNoIndex) affinity += by_topic[topics[v]];
      if (affinity > 0) best.offer(affinity + kQualityWeight * (quality[v] - network), v);
    }
    take_all(best, log::v1::SOURCE_MATCH);
  }

  void followed(size_t count) {
    if (context_.viewer() == nullptr || context_.viewer()->follows.empty()) return;
    const auto authors = c_.author_indices();
    TopK<uint64_t> newest(count);
    for_newest([&](uint32_t v, uint64_t published) {
      if (context_.follows(authors[v])) newest.offer(published, v);
    });
    take_all(newest, log::v1::SOURCE_FOLLOWED);
  }

  void co_watched(size_t count) {
    const auto flags = c_.flags();
    TopK<float> best(count);
    for (const auto& [video, strength] : s_.co_watch.neighbours_of(context_.liked())) {
      if (allowed(flags[video], video)) best.offer(strength, video);
    }
    take_all(best, log::v1::SOURCE_CO_WATCH);
  }

  // Half of it in the viewer's language, half whatever it is.
  void trending(size_t count) {
    const auto flags = c_.flags();
    const auto trend = c_.trend_keys();
    TopK<double> spoken(count / 2);
    TopK<double> all(count - count / 2);
    for (uint32_t v : out_.pool) {
      if ((flags[v] & Catalogue::kMet) == 0) continue;
      all.offer(trend[v], v);
      if (spoken.wants(trend[v], v) && speaks(c_.video(v), context_)) spoken.offer(trend[v], v);
    }
    take_all(spoken, log::v1::SOURCE_TRENDING);
    take_all(all, log::v1::SOURCE_TRENDING);
  }

  void fresh(size_t count) {
    const auto flags = c_.flags();
    TopK<uint64_t> newest(count);
    for_newest([&](uint32_t v, uint64_t published) {
      if ((flags[v] & Catalogue::kNew) != 0) newest.offer(published, v);
    });
    take_all(newest, log::v1::SOURCE_FRESH);
  }

  void champions(size_t count) {
    const auto flags = c_.flags();
    const auto topics = c_.main_topics();
    const auto trend = c_.trend_keys();
    struct Champion {
      double trend;
      uint32_t video = kNoIndex;
    };
    std::vector<Champion> champion(c_.topics().size());
    for (uint32_t v : out_.pool) {
      if (topics[v] == kNoIndex) continue;
      Champion& so_far = champion[topics[v]];
      // Strictly better only: ties stay with the smaller index.
      if (so_far.video == kNoIndex || trend[v] > so_far.trend) so_far = {trend[v], v};
    }
    TopK<double> best(count);
    for (const Champion& of_topic : champion) {
      if (of_topic.video != kNoIndex) best.offer(of_topic.trend, of_topic.video);
    }
    for (uint32_t v : best.take()) {
      bool met = (flags[v] & Catalogue::kMet) != 0;
      take(v, met ? log::v1::SOURCE_TRENDING : log::v1::SOURCE_FRESH);
    }
  }

  void exploration(size_t count, base::Rng& rng) {
    if (out_.pool.size() <= out_.candidates.size() + count) {
      for (uint32_t v : out_.pool) take(v, log::v1::SOURCE_EXPLORATION);
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      take(out_.pool[rng.below(out_.pool.size())], log::v1::SOURCE_EXPLORATION);
    }
  }

  CandidateSet finish() { return std::move(out_); }

 private:
  bool allowed(uint8_t flags, uint32_t video) const {
    return (flags & Catalogue::kEligible) != 0 && filter_.passes(c_, video);
  }

  // Videos are known in about the order of their publication: offered oldest first, each would
  // displace the one before.
  template <typename Offer>
  void for_newest(Offer offer) {
    const auto published = c_.published_us();
    for (size_t i = out_.pool.size(); i-- > 0;) offer(out_.pool[i], published[out_.pool[i]]);
  }

  void take(uint32_t video, log::v1::Source source) {
    if ((filter_.videos[video] & kTaken) != 0) return;
    filter_.videos[video] |= kTaken;
    out_.candidates.push_back({video, source});
  }
  template <typename Key>
  void take_all(TopK<Key>& best, log::v1::Source source) {
    for (uint32_t v : best.take()) take(v, source);
  }

  const State& s_;
  const Catalogue& c_;
  const features::ViewerContext& context_;
  Filter filter_;
  CandidateSet out_;
};

}  // namespace

bool is_servable(const State& s, const features::ViewerContext& context, uint32_t video) {
  if ((s.catalogue.flags()[video] & Catalogue::kEligible) == 0) return false;
  const features::Viewer* viewer = context.viewer();
  if (viewer == nullptr) return true;
  if (viewer->seen.contains(video)) return false;
  auto holds = [](const std::vector<uint32_t>& list, uint32_t key) {
    return std::find(list.begin(), list.end(), key) != list.end();
  };
  const auto& v = s.catalogue.video(video);
  auto topics = v.topic_list();
  return !holds(viewer->blocked_authors, v.author) &&
         std::none_of(topics.begin(), topics.end(),
                      [&](uint32_t t) { return holds(viewer->blocked_topics, t); });
}

CandidateSet gather(const State& s, const features::ViewerContext& context,
                    std::span<const uint32_t> barred, base::Rng& rng) {
  const auto& limits = s.bundle.candidates;
  Gathering g(s, context, barred);
  g.personal(limits.personal);
  g.match(limits.match);
  g.followed(limits.followed);
  g.co_watched(limits.co_watch);
  g.trending(limits.trending);
  g.fresh(limits.fresh);
  g.champions(limits.topic_champions);
  g.exploration(limits.exploration, rng);
  return g.finish();
}

}  // namespace rondo::recommender::retrieval
