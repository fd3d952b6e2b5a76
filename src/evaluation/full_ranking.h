// Full ranking: every item that the user has not got is a candidate, none is sampled.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "evaluation/baselines.h"
#include "evaluation/metrics.h"

namespace rondo::evaluation {

// What is asked for: relevant items by user (ascending; users without any are left out), and the
// items that are no candidates for a user (ascending).
struct Question {
  std::vector<std::vector<uint32_t>> relevant;
  std::vector<std::vector<uint32_t>> masked;
  std::vector<size_t> cuts;
  size_t items = 0;  // in all
  size_t cut_max() const;
  size_t users() const;  // with something relevant
};

// The `k` best items by score, `masked` left out; ties to the smaller item.
std::vector<uint32_t> top_items(std::span<const float> scores, std::span<const uint32_t> masked,
                                size_t k);

// Asks `rank(user, k)`, best first, for every user of the question.
using Ranking = std::function<Result<std::vector<uint32_t>>(uint32_t user, size_t k)>;
Result<Metrics> answer(const Question& question, const Ranking& rank);
Metrics answer(const Question& question, const Baseline& baseline);

}  // namespace rondo::evaluation
