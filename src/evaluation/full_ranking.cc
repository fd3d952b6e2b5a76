#include "evaluation/full_ranking.h"

#include <algorithm>

namespace rondo::evaluation {

size_t Question::cut_max() const { return *std::max_element(cuts.begin(), cuts.end()); }

size_t Question::users() const {
  return static_cast<size_t>(std::count_if(relevant.begin(), relevant.end(),
                                           [](const auto& list) { return !list.empty(); }));
}

std::vector<uint32_t> top_items(std::span<const float> scores, std::span<const uint32_t> masked,
                                size_t k) {
  std::vector<uint32_t> items;
  items.reserve(scores.size());
  auto next = masked.begin();
  for (uint32_t item = 0; item < scores.size(); ++item) {
    while (next != masked.end() && *next < item) ++next;
    if (next != masked.end() && *next == item) continue;
    items.push_back(item);
  }
  size_t kept = std::min(k, items.size());
  std::partial_sort(items.begin(), items.begin() + static_cast<ptrdiff_t>(kept), items.end(),
                    [&](uint32_t a, uint32_t b) {
                      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
                    });
  items.resize(kept);
  return items;
}

Result<Metrics> answer(const Question& question, const Ranking& rank) {
  ListMetrics metrics(question.cuts);
  for (uint32_t user = 0; user < question.relevant.size(); ++user) {
    if (question.relevant[user].empty()) continue;
    RD_TRY(auto ranked, rank(user, question.cut_max()));
    metrics.add(ranked, question.relevant[user]);
  }
  return metrics.means();
}

Metrics answer(const Question& question, const Baseline& baseline) {
  std::vector<float> scores(question.items);
  return *answer(question, [&](uint32_t user, size_t k) -> Result<std::vector<uint32_t>> {
    baseline.score(user, scores);
    return top_items(scores, question.masked[user], k);
  });
}

}  // namespace rondo::evaluation
