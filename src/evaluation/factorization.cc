// Baselines with a vector for each user and each item: BPR-MF and WRMF.
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"
#include "evaluation/baselines.h"

namespace rondo::evaluation {
namespace {

using Dense = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Box and Muller's transform: std::normal_distribution differs between libraries.
Dense gaussian(size_t rows, size_t columns, float deviation, base::Rng& rng) {
  Dense out(rows, columns);
  for (Eigen::Index i = 0; i < out.size(); ++i) {
    float radius = std::sqrt(-2.0f * std::log(1.0f - rng.uniform()));
    out.data()[i] = deviation * radius * std::cos(2.0f * std::numbers::pi_v<float> * rng.uniform());
  }
  return out;
}

class InnerProduct final : public Baseline {
 public:
  InnerProduct(Dense users, Dense items) : users_(std::move(users)), items_(std::move(items)) {}
  void score(uint32_t user, std::span<float> out) const override {
    Eigen::Map<Eigen::VectorXf> scores(out.data(), static_cast<Eigen::Index>(out.size()));
    scores.noalias() = items_ * users_.row(user).transpose();
  }

 private:
  Dense users_;
  Dense items_;
};

bool has(const Matrix& matrix, uint32_t user, uint32_t item) {
  const auto& mine = matrix.items_of[user];
  return std::binary_search(mine.begin(), mine.end(), item);
}

// One half of an epoch: each row of `solved` against the fixed side, whose rows `lists` name.
// (F'F + alpha sum f f' + reg I) x = (1 + alpha) sum f, the sums over what the row has.
void solve_side(const std::vector<std::vector<uint32_t>>& lists, const Dense& fixed, Dense& solved,
                const WrmfOptions& options) {
  Dense base = fixed.transpose() * fixed;
  base.diagonal().array() += options.regularization;
  for (size_t r = 0; r < lists.size(); ++r) {
    Dense left = base;
    Eigen::VectorXf right = Eigen::VectorXf::Zero(fixed.cols());
    for (uint32_t other : lists[r]) {
      left.noalias() += options.alpha * fixed.row(other).transpose() * fixed.row(other);
      right += (1 + options.alpha) * fixed.row(other).transpose();
    }
    solved.row(static_cast<Eigen::Index>(r)) = left.llt().solve(right).transpose();
  }
}

}  // namespace

std::unique_ptr<Baseline> bpr_mf(const Matrix& matrix, const BprOptions& options, uint64_t seed,
                                 const std::function<void(size_t)>& progress) {
  base::Rng rng(seed);
  const size_t item_count = matrix.users_of.size();
  Dense users = gaussian(matrix.items_of.size(), options.dimensions, options.init_deviation, rng);
  Dense items = gaussian(item_count, options.dimensions, options.init_deviation, rng);
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (uint32_t user = 0; user < matrix.items_of.size(); ++user) {
    // Who has everything prefers nothing.
    if (matrix.items_of[user].size() == item_count) continue;
    for (uint32_t item : matrix.items_of[user]) pairs.emplace_back(user, item);
  }
  Eigen::RowVectorXf before(options.dimensions);
  for (size_t epoch = 0; epoch < options.epochs && !pairs.empty(); ++epoch) {
    for (size_t step = 0; step < pairs.size(); ++step) {
      auto [user, liked] = pairs[rng.below(pairs.size())];
      auto other = static_cast<uint32_t>(rng.below(item_count));
      while (has(matrix, user, other)) other = static_cast<uint32_t>(rng.below(item_count));
      auto u = users.row(user);
      auto i = items.row(liked);
      auto j = items.row(other);
      float pull = options.rate / (1.0f + std::exp(u.dot(i - j)));
      const float keep = 1.0f - options.rate * options.regularization;
      before = u;
      u = keep * u + pull * (i - j);
      i = keep * i + pull * before;
      j = keep * j - pull * before;
    }
    if (progress) progress(epoch + 1);
  }
  return std::make_unique<InnerProduct>(std::move(users), std::move(items));
}

std::unique_ptr<Baseline> wrmf(const Matrix& matrix, const WrmfOptions& options, uint64_t seed) {
  base::Rng rng(seed);
  Dense users = Dense::Zero(static_cast<Eigen::Index>(matrix.items_of.size()),
                            static_cast<Eigen::Index>(options.dimensions));
  Dense items = gaussian(matrix.users_of.size(), options.dimensions, 0.1f, rng);
  for (size_t epoch = 0; epoch < options.epochs; ++epoch) {
    solve_side(matrix.items_of, items, users, options);
    solve_side(matrix.users_of, users, items, options);
  }
  return std::make_unique<InnerProduct>(std::move(users), std::move(items));
}

}  // namespace rondo::evaluation
