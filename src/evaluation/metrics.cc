#include "evaluation/metrics.h"

#include <algorithm>
#include <cmath>

#include "base/result.h"

namespace rondo::evaluation {

ListScore score_list(std::span<const uint32_t> ranked, std::span<const uint32_t> relevant,
                     size_t k) {
  RD_ASSERT(!relevant.empty());
  auto gain = [](size_t rank) { return 1.0 / std::log2(static_cast<double>(rank) + 2.0); };
  ListScore out;
  size_t hits = 0;
  for (size_t rank = 0; rank < std::min(k, ranked.size()); ++rank) {
    if (!std::binary_search(relevant.begin(), relevant.end(), ranked[rank])) continue;
    if (hits++ == 0) out.mrr = 1.0 / static_cast<double>(rank + 1);
    out.ndcg += gain(rank);
  }
  double best = 0;
  for (size_t rank = 0; rank < std::min(k, relevant.size()); ++rank) best += gain(rank);
  out.ndcg /= best;
  out.recall = static_cast<double>(hits) / static_cast<double>(relevant.size());
  out.hit = hits > 0 ? 1 : 0;
  return out;
}

void ListMetrics::add(std::span<const uint32_t> ranked, std::span<const uint32_t> relevant) {
  for (size_t i = 0; i < cuts_.size(); ++i) {
    ListScore one = score_list(ranked, relevant, cuts_[i]);
    sums_[i].recall += one.recall;
    sums_[i].ndcg += one.ndcg;
    sums_[i].mrr += one.mrr;
    sums_[i].hit += one.hit;
  }
  ++lists_;
}

Metrics ListMetrics::means() const {
  Metrics out;
  double n = static_cast<double>(std::max<size_t>(lists_, 1));
  for (size_t i = 0; i < cuts_.size(); ++i) {
    std::string at = "@" + std::to_string(cuts_[i]);
    out["recall" + at] = sums_[i].recall / n;
    out["ndcg" + at] = sums_[i].ndcg / n;
    out["mrr" + at] = sums_[i].mrr / n;
    out["hit" + at] = sums_[i].hit / n;
  }
  return out;
}

double auc(std::span<const double> positives, std::span<const double> negatives) {
  if (positives.empty() || negatives.empty()) return 0.5;
  std::vector<double> sorted(negatives.begin(), negatives.end());
  std::sort(sorted.begin(), sorted.end());
  double wins = 0;
  for (double p : positives) {
    auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), p);
    wins += static_cast<double>(low - sorted.begin()) + 0.5 * static_cast<double>(high - low);
  }
  return wins / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

Calibration calibration(std::span<const double> predicted, std::span<const uint8_t> happened,
                        size_t bins) {
  RD_ASSERT(predicted.size() == happened.size());
  std::vector<Calibration::Bin> all(bins);
  double predicted_sum = 0;
  double happened_sum = 0;
  for (size_t i = 0; i < predicted.size(); ++i) {
    auto at = static_cast<size_t>(std::clamp(predicted[i], 0.0, 1.0) * static_cast<double>(bins));
    auto& bin = all[std::min(at, bins - 1)];
    bin.predicted += predicted[i];
    bin.happened += happened[i] != 0 ? 1 : 0;
    ++bin.count;
    predicted_sum += predicted[i];
    happened_sum += happened[i] != 0 ? 1 : 0;
  }
  Calibration out;
  for (auto& bin : all) {
    if (bin.count == 0) continue;
    auto n = static_cast<double>(bin.count);
    out.error += std::abs(bin.predicted - bin.happened) / static_cast<double>(predicted.size());
    bin.predicted /= n;
    bin.happened /= n;
    out.bins.push_back(bin);
  }
  if (happened_sum > 0) out.ratio = predicted_sum / happened_sum;
  return out;
}

}  // namespace rondo::evaluation
