#include "evaluation/baselines.h"

#include <algorithm>
#include <cmath>

namespace rondo::evaluation {
namespace {

class Popularity final : public Baseline {
 public:
  explicit Popularity(const Matrix& matrix) {
    for (const auto& users : matrix.users_of) counts_.push_back(static_cast<float>(users.size()));
  }
  void score(uint32_t, std::span<float> out) const override {
    std::copy(counts_.begin(), counts_.end(), out.begin());
  }

 private:
  std::vector<float> counts_;
};

class ItemKnn final : public Baseline {
 public:
  ItemKnn(const Matrix& matrix, const KnnOptions& options)
      : matrix_(matrix), similar_to_(matrix.users_of.size()) {
    std::vector<uint32_t> together(matrix.users_of.size());
    for (uint32_t item = 0; item < matrix.users_of.size(); ++item) {
      std::fill(together.begin(), together.end(), 0);
      for (uint32_t user : matrix.users_of[item]) {
        for (uint32_t other : matrix.items_of[user]) ++together[other];
      }
      std::vector<std::pair<float, uint32_t>> similar;
      for (uint32_t other = 0; other < together.size(); ++other) {
        if (together[other] == 0 || other == item) continue;
        auto norms = static_cast<double>(matrix.users_of[item].size()) *
                     static_cast<double>(matrix.users_of[other].size());
        similar.emplace_back(
            static_cast<float>(together[other] / (std::sqrt(norms) + options.shrink)), other);
      }
      // Ties to the smaller item.
      auto better = [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
      };
      size_t kept = std::min(options.neighbours, similar.size());
      std::partial_sort(similar.begin(), similar.begin() + static_cast<ptrdiff_t>(kept),
                        similar.end(), better);
      // Kept by the item that is scored: each has its own neighbourhood.
      for (size_t i = 0; i < kept; ++i) {
        similar_to_[similar[i].second].emplace_back(item, similar[i].first);
      }
    }
  }
  void score(uint32_t user, std::span<float> out) const override {
    std::fill(out.begin(), out.end(), 0.0f);
    for (uint32_t item : matrix_.items_of[user]) {
      for (auto [other, similarity] : similar_to_[item]) out[other] += similarity;
    }
  }

 private:
  const Matrix& matrix_;
  // Of an item: those that have it among their neighbours.
  std::vector<std::vector<std::pair<uint32_t, float>>> similar_to_;
};

std::vector<std::vector<uint32_t>> lists(size_t count) {
  return std::vector<std::vector<uint32_t>>(count);
}

}  // namespace

Matrix::Matrix(const Interactions& rows, size_t users, size_t items)
    : items_of(lists(users)), users_of(lists(items)) {
  for (const Interaction& row : rows) items_of[row.user].push_back(row.item);
  for (uint32_t user = 0; user < users; ++user) {
    auto& mine = items_of[user];
    std::sort(mine.begin(), mine.end());
    mine.erase(std::unique(mine.begin(), mine.end()), mine.end());
    for (uint32_t item : mine) users_of[item].push_back(user);
  }
}

std::unique_ptr<Baseline> popularity(const Matrix& matrix) {
  return std::make_unique<Popularity>(matrix);
}

std::unique_ptr<Baseline> item_knn(const Matrix& matrix, const KnnOptions& options) {
  return std::make_unique<ItemKnn>(matrix, options);
}

}  // namespace rondo::evaluation
