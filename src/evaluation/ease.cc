#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "base/result.h"
#include "evaluation/baselines.h"

namespace rondo::evaluation {
namespace {

using Dense = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class Ease final : public Baseline {
 public:
  Ease(const Matrix& matrix, float lambda) : matrix_(matrix) {
    auto n = static_cast<Eigen::Index>(matrix.users_of.size());
    Dense gram = Dense::Zero(n, n);
    for (const auto& mine : matrix.items_of) {
      for (uint32_t i : mine) {
        for (uint32_t j : mine) gram(i, j) += 1;
      }
    }
    gram.diagonal().array() += lambda;
    // In place: gram becomes its factor. lambda > 0 makes it positive definite.
    Eigen::LLT<Eigen::Ref<Dense>> factor(gram);
    RD_ASSERT(factor.info() == Eigen::Success);
    weights_ = Dense::Identity(n, n);
    factor.solveInPlace(weights_);
    Eigen::Array<float, 1, Eigen::Dynamic> scale = -weights_.diagonal().array().inverse();
    weights_.array().rowwise() *= scale;
    weights_.diagonal().setZero();
  }
  void score(uint32_t user, std::span<float> out) const override {
    Eigen::Map<Eigen::RowVectorXf> sum(out.data(), static_cast<Eigen::Index>(out.size()));
    sum.setZero();
    for (uint32_t item : matrix_.items_of[user]) sum += weights_.row(item);
  }

 private:
  const Matrix& matrix_;
  Dense weights_;
};

}  // namespace

std::unique_ptr<Baseline> ease(const Matrix& matrix, float lambda) {
  RD_ASSERT(lambda > 0);
  return std::make_unique<Ease>(matrix, lambda);
}

}  // namespace rondo::evaluation
