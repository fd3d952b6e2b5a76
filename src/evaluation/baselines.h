// The recommenders that the engine is compared with, small and exact. All of them learn from
// positive interactions alone and score every item; who asks masks what the user has seen.
//
// Each is built from a finished log and then read only. `score` may be called from one thread at a
// time. Users and items are dense indices below the sizes of the Matrix. Everything follows from
// the rows, the options and the seed; sums are in floating point, so figures agree between machines
// to about 1e-4, not to the bit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evaluation/dataset.h"

namespace rondo::evaluation {

// A binary user x item matrix, as ascending lists both ways.
struct Matrix {
  Matrix(const Interactions& rows, size_t users, size_t items);
  std::vector<std::vector<uint32_t>> items_of;  // by user
  std::vector<std::vector<uint32_t>> users_of;  // by item
};

class Baseline {
 public:
  virtual ~Baseline() = default;
  // Scores of all items for the user, into `out`, one an item.
  virtual void score(uint32_t user, std::span<float> out) const = 0;
};

// How many users have the item.
std::unique_ptr<Baseline> popularity(const Matrix& matrix);

// Cosine between the items' columns, co / (sqrt(n_i n_j) + shrink); the `neighbours` most similar
// of each item count. A score is the sum of the similarities to what the user has (Deshpande and
// Karypis, 2004; RecBole's ItemKNN).
struct KnnOptions {
  size_t neighbours = 100;
  float shrink = 0;
};
std::unique_ptr<Baseline> item_knn(const Matrix& matrix, const KnnOptions& options);

// Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (2019): with P = (X'X + lambda
// I)^-1, B_ij = -P_ij / P_jj off the diagonal, 0 on it; a score is the sum of the user's rows of B.
// Time n^3, memory 8 n^2 bytes for n items.
std::unique_ptr<Baseline> ease(const Matrix& matrix, float lambda);

// Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback" (2009): matrix
// factorisation; each step draws an interaction and an item that the user does not have.
struct BprOptions {
  size_t dimensions = 64;
  size_t epochs = 150;
  float rate = 0.02f;
  float regularization = 0.02f;
  float init_deviation = 0.1f;
};
// `progress` hears of each epoch that is done; may be empty.
std::unique_ptr<Baseline> bpr_mf(const Matrix& matrix, const BprOptions& options, uint64_t seed,
                                 const std::function<void(size_t)>& progress = {});

// Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (2008): alternating
// least squares, confidence 1 + alpha for what a user has (Gorse's WRMF).
struct WrmfOptions {
  size_t dimensions = 32;
  size_t epochs = 12;
  float alpha = 2;
  float regularization = 30;
};
std::unique_ptr<Baseline> wrmf(const Matrix& matrix, const WrmfOptions& options, uint64_t seed);

}  // namespace rondo::evaluation
