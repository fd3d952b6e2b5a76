// The score of a candidate: a sum of named terms, weight x value, kept term by term: the sum is the
// score and the explanation. The heads' probabilities first, then direct terms of what the viewer
// has shown to want. Free functions, pure; a score does not depend on the other candidates.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "recommender/features/context.h"
#include "recommender/ranker/model.h"
#include "recommender/retrieval/candidates.h"
#include "recommender/state.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::recommender::reranker {

enum class Term : uint8_t {
  kFinish,  // the heads' probabilities
  kWatch,
  kLike,
  kComment,
  kShare,
  kSave,
  kFollow,
  kSkip,
  kNotInterested,
  kReport,
  kTopicAffinity,
  kTopicLately,
  kAuthorAffinity,
  kFollowsAuthor,
  kFreshness,
  kNovelty,
  kTaste,
  kCoWatch,
  kPopularity,
  kAskedTopic,
};
inline constexpr size_t kTerms = 20;
std::string_view term_name(Term term);

struct Scored {
  uint32_t video = 0;  // index
  log::v1::Source source = log::v1::SOURCE_UNSPECIFIED;
  float score = 0;  // the contributions, added in order
  std::array<float, kTerms> values{};
  std::array<float, kTerms> contributions{};

  // The probabilities, by head.
  std::array<float, kHeads> heads() const;
};

// Memory of one call after the other. Holds nothing between calls but its size.
struct Scratch {
  std::vector<features::FeatureVector> features;
  std::vector<ranker::ItemView> items;
  std::vector<float> logits;
  ranker::Model::Pass pass;
};

float term_weight(const Bundle& bundle, Term term);
// One for each candidate, in order; `out` is overwritten.
void score(const View& view, const ranker::UserSide& user, const features::ViewerContext& context,
           std::span<const retrieval::Candidate> candidates, Scratch& scratch,
           std::vector<Scored>& out);

}  // namespace rondo::recommender::reranker
