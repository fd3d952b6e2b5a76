// The ranker: a factorization machine over the fields of the viewer and of the video, with a few
// heads that share the embedding rows.
//
//   logit[h] = bias[h] + viewer.bias[h] + item.bias[h] + sum_f weight[h][f] * feature[f]
//            + sum_k (id_weight[h][k] * U[k] + pool_weight[h][k] * P[k]) * I[k]
//
// U is the viewer's own row; P the pooled vectors of the viewer's history, which serves a viewer
// without a row; I the sum of the rows of video, author, duration bucket, and the mean of the
// topics'. Pairs within one side are left out: they cannot tell two candidates of one viewer apart
// beyond what the biases and the dense features do (S. Rendle, "Factorization Machines", ICDM 2010,
// has them all).
//
// A score depends on the parameters and its own inputs only, never on the other candidates.
// Not thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "recommender/bundle.h"
#include "recommender/embedding/table.h"
#include "recommender/features/catalogue.h"
#include "recommender/features/pending.h"

namespace rondo::recommender::ranker {

using Logits = std::array<float, kHeads>;

// The shared weights, flat so that optimizer, gradient and checkpoint treat them alike.
struct DenseLayout {
  explicit DenseLayout(size_t dimensions) : d(dimensions) {}
  size_t bias(size_t h) const { return h; }
  size_t feature(size_t h) const { return kHeads + h * kFeatures; }
  size_t id_weight(size_t h) const { return kHeads + kHeads * kFeatures + h * d; }
  size_t pool_weight(size_t h) const { return kHeads + kHeads * (kFeatures + d) + h * d; }
  size_t size() const { return kHeads + kHeads * (kFeatures + 2 * d); }
  size_t d;
};

// The rows that make up the item side, as ids, each with its coefficient.
struct ItemField {
  Slot slot;
  uint64_t id;
  float coefficient;
};
struct ItemFields {
  std::array<ItemField, 3 + features::kTopicsPerVideoMax> fields;
  size_t count = 0;
  std::span<const ItemField> list() const { return {fields.data(), count}; }
};
ItemFields item_fields(const features::Catalogue& catalogue, uint32_t video);

struct ItemSide {
  std::vector<float> vector;
  std::array<float, kHeads> bias{};
};
struct UserSide {
  std::vector<float> own;     // U; zeros when the viewer has no row
  std::vector<float> pooled;  // P
  std::array<float, kHeads> bias{};
  // id_weight[h] * U + pool_weight[h] * P, for each head: user-side work is done once a page.
  std::vector<float> query;
};

class Factorization {
 public:
  explicit Factorization(const Bundle& bundle);

  ItemSide item(const ItemFields& fields) const;
  UserSide user(uint64_t viewer, std::span<const float> pooled) const;
  Logits logits(const UserSide& user, const ItemSide& item,
                const features::FeatureVector& features) const;
  // One vector whose inner product with an item's is what the heads' interactions are worth in the
  // score, to first order: the query of personal retrieval.
  std::vector<float> retrieval_query(const UserSide& user) const;

  embedding::Table& table(Slot slot) { return tables_[static_cast<size_t>(slot)]; }
  const embedding::Table& table(Slot slot) const { return tables_[static_cast<size_t>(slot)]; }
  std::vector<float>& dense() { return dense_; }
  const std::vector<float>& dense() const { return dense_; }
  std::vector<float>& dense_state() { return dense_state_; }  // Adagrad, one a weight
  const std::vector<float>& dense_state() const { return dense_state_; }
  const DenseLayout& layout() const { return layout_; }

 private:
  const Bundle& bundle_;
  const DenseLayout layout_;
  std::vector<embedding::Table> tables_;
  std::vector<float> dense_;
  std::vector<float> dense_state_;
};

}  // namespace rondo::recommender::ranker
