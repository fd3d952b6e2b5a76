// A page from a state and a request: candidates, scores, slate, explanation. Reads only.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "recommender/engine.h"
#include "recommender/reranker/slate.h"
#include "recommender/reranker/value_model.h"
#include "recommender/retrieval/candidates.h"
#include "recommender/state.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::recommender {

// Longest lists in a request.
inline constexpr int kLimitMax = 32;
inline constexpr int kHeldMax = 64;
inline constexpr int kExcludeMax = 1024;
inline constexpr int kLikedByFollowedMax = 32;

// Memory of one page after the other. Holds nothing between calls but its size.
struct Scratch {
  struct Arm {
    retrieval::Scratch gather;
    reranker::Scratch score;
    std::vector<reranker::Scored> scored;
    std::vector<reranker::SlateItem> items;
  };
  std::array<Arm, kArmsMax> arms;
};

// As Engine::rank.
Result<log::v1::Served> rank_page(const State& state, const log::v1::FeedRequest& request,
                                  Scratch& scratch);
// As Engine::score.
Result<std::vector<VideoScore>> score_videos(const State& state,
                                             const log::v1::FeedRequest& request,
                                             std::span<const uint64_t> videos, Scratch& scratch);

}  // namespace rondo::recommender
