// The dense features of a candidate for a viewer: one code path for serving and for training.
//
// A ViewerContext is the viewer's side, computed once a page from the state at hand; a viewer that
// the engine does not know has one too. It refers to the catalogue and the bundle, and lives
// shorter than both. Read only, not thread safe.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "recommender/bundle.h"
#include "recommender/features/catalogue.h"
#include "recommender/features/pending.h"
#include "recommender/features/viewer.h"
#include "recommender/features/watch_histogram.h"
#include "recommender/ranker/model.h"
#include "recommender/retrieval/co_watch.h"
#include "recommender/retrieval/towers.h"

namespace rondo::recommender::features {

class ViewerContext {
 public:
  // `viewer` may be null: a new one.
  ViewerContext(const Bundle& bundle, const Catalogue& catalogue,
                const retrieval::CoWatch& co_watch, const retrieval::Towers& towers,
                const ranker::Model& model, const Viewer* viewer, std::string_view language,
                uint64_t now_us);

  // What affinity and outcomes lately say of a topic, by their weights in the score.
  float topic_leaning(uint32_t topic) const;
  float author_affinity(uint32_t author) const;
  bool follows(uint32_t author) const;
  // -1..1: what the viewer has asked of its topics, in sum.
  float asked(const Video& video) const;
  float asked_level(uint32_t topic) const;
  // 1 for a topic that the viewer has not met, falling with outcomes; 0 without a topic.
  float topic_novelty(const Video& video) const;
  float freshness(const Video& video) const;
  // `position` in the page when training; 0 when serving.
  FeatureVector features(uint32_t video, uint32_t position) const;

  const retrieval::LikedSet& liked() const { return liked_; }
  // The viewer's side of personal retrieval, and the query that it makes.
  std::span<const float> taste() const { return taste_; }
  std::span<const float> query() const { return query_; }
  const std::array<char, kLanguageBytesMax>& language() const { return language_; }
  // The viewer's history as one vector: item vectors weighted by how the outcomes spoke for them,
  // the newest most.
  std::span<const float> pooled() const { return pooled_; }
  // The latest outcomes that spoke for or against their video, newest first.
  std::vector<PastOutcome> past() const;
  size_t outcomes() const { return viewer_ == nullptr ? 0 : viewer_->recent().size(); }
  // Affinities by index, ascending: for scans.
  const std::vector<std::pair<uint32_t, float>>& topics() const { return topics_; }
  const std::vector<std::pair<uint32_t, float>>& authors() const { return authors_; }
  // The levels asked for, -1..1, by index of the topics that there are, ascending.
  const std::vector<std::pair<uint32_t, float>>& asked() const { return asked_; }
  const Viewer* viewer() const { return viewer_; }

 private:
  using ByIndex = std::vector<std::pair<uint32_t, float>>;
  // What the viewer makes of a topic or an author.
  struct Known {
    uint32_t key = 0;  // index
    uint32_t outcomes = 0;
    float affinity = 0, lately = 0, repeats = 0;
  };
  static Known& note(std::vector<Known>& list, uint32_t key);
  static const Known& known(const std::vector<Known>& list, uint32_t key);
  void pool_history();
  static float novelty(const Known& topic);
  void count_repeats(uint32_t now_s);

  const Bundle& bundle_;
  const Catalogue& catalogue_;
  const retrieval::CoWatch& co_watch_;
  const retrieval::Towers& towers_;
  const ranker::Model& model_;
  const Viewer* viewer_;
  const retrieval::LikedSet liked_;
  const std::vector<float> taste_;
  const std::vector<float> query_;
  std::array<char, kLanguageBytesMax> language_{};
  const uint64_t now_us_;
  ByIndex topics_;
  std::vector<Known> known_topics_;   // ascending
  std::vector<Known> known_authors_;  // the same
  ByIndex languages_;                 // by language_key: liked lately
  std::array<float, kDurationBuckets> lengths_{};
  ByIndex authors_;
  ByIndex asked_;
  RecentRates rates_{};
  std::array<float, 3> network_{};  // finish, skip, like
  std::vector<float> pooled_;
};

}  // namespace rondo::recommender::features
