// Measures of ranked lists and of probabilities. Pure.
//
// Of one list cut at k, with R relevant items, as RecBole defines them (and Gorse's README of 2019,
// for NDCG and Recall):
//   recall@k  hits among the first k / R
//   ndcg@k    sum over hits of 1/log2(rank+1), over that of the best list: min(R, k) hits first
//   mrr@k     1/rank of the first hit, 0 without one
//   hit@k     1 with a hit, else 0
// Means are over users with at least one relevant item.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace rondo::evaluation {

using Metrics = std::map<std::string, double>;  // "ndcg@10" -> mean

struct ListScore {
  double recall = 0, ndcg = 0, mrr = 0, hit = 0;
};

// `relevant` is ascending and not empty; `ranked` holds distinct items, best first.
ListScore score_list(std::span<const uint32_t> ranked, std::span<const uint32_t> relevant,
                     size_t k);

// Means over lists for several cuts.
class ListMetrics {
 public:
  explicit ListMetrics(std::vector<size_t> cuts) : cuts_(std::move(cuts)), sums_(cuts_.size()) {}
  void add(std::span<const uint32_t> ranked, std::span<const uint32_t> relevant);
  Metrics means() const;
  size_t lists() const { return lists_; }

 private:
  std::vector<size_t> cuts_;
  std::vector<ListScore> sums_;
  size_t lists_ = 0;
};

// Share of (positive, negative) pairs in which the positive has the higher score, ties half.
// 0.5 when one of the two is empty.
double auc(std::span<const double> positives, std::span<const double> negatives);

// Equal-width bins of predicted probability.
struct Calibration {
  struct Bin {
    double predicted = 0;  // mean
    double happened = 0;   // share
    size_t count = 0;
  };
  std::vector<Bin> bins;  // those that hold something, ascending
  double ratio = 0;       // mean predicted over share that happened; 0 when nothing happened
  double error = 0;       // expected calibration error: mean |predicted - happened| over examples
};
Calibration calibration(std::span<const double> predicted, std::span<const uint8_t> happened,
                        size_t bins = 10);

}  // namespace rondo::evaluation
