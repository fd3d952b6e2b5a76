// The ranker: one multi-task model, a factorization machine and a small network over the same rows.
//
//   logit[h] = bias[h] + viewer.bias[h] + item.bias[h] + sum_f weight[h][f] * feature[f]
//            + sum_k (id_weight[h][k] * U[k] + pool_weight[h][k] * P[k]) * I[k]
//            + network(I, U, P, history, features)[h]                          network.h
//
// U is the viewer's own row; P the pooled vectors of the viewer's history, which serves a viewer
// without a row; I the sum of the rows of video, author, duration bucket, and the mean of the
// topics'. Pairs within one side are left out: they cannot tell two candidates of one viewer apart
// beyond what the biases and the dense features do (S. Rendle, "Factorization Machines", ICDM 2010,
// has them all).
//
// A score depends on the parameters and its own inputs only, never on the other candidates. What is
// the item's alone is kept beside the rows (state, refreshed as they change): ranking looks up no
// row but the viewer's. Not thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "recommender/bundle.h"
#include "recommender/embedding/table.h"
#include "recommender/features/catalogue.h"
#include "recommender/features/pending.h"
#include "recommender/ranker/network.h"

namespace rondo::recommender::ranker {

using Logits = std::array<float, kHeads>;

// The shared weights, flat so that optimizer, gradient and checkpoint treat them alike.
struct DenseLayout {
  explicit DenseLayout(const Bundle::Model& model) : d(model.dimensions), network_shape(model) {}
  size_t bias(size_t h) const { return h; }
  size_t feature(size_t h) const { return kHeads + h * kFeatures; }
  size_t id_weight(size_t h) const { return kHeads + kHeads * kFeatures + h * d; }
  size_t pool_weight(size_t h) const { return kHeads + kHeads * (kFeatures + d) + h * d; }
  size_t network() const { return kHeads + kHeads * (kFeatures + 2 * d); }
  size_t size() const { return network() + network_shape.size(); }
  size_t d;
  NetworkShape network_shape;
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
  std::vector<float> vector;  // I
  std::array<float, kHeads> bias{};
};
struct ItemView {
  std::span<const float> vector;
  std::span<const float> bias;
};
struct UserSide {
  std::vector<float> own;     // U; zeros when the viewer has no row
  std::vector<float> pooled;  // P
  std::array<float, kHeads> bias{};
  // id_weight[h] * U + pool_weight[h] * P, for each head: user-side work is done once a page.
  std::vector<float> query;
  HistorySide history;
};

class Model {
 public:
  explicit Model(const Bundle& bundle);

  ItemSide item(const ItemFields& fields) const;
  UserSide user(uint64_t viewer, std::span<const float> pooled, HistorySide history) const;
  // What the forward pass leaves for the backward one; reused from call to call.
  struct Pass {
    Activations activations;
    std::vector<float> linear;     // inputs x heads: what the factorization makes of a row of x
    std::vector<float> items;      // n x d
    std::vector<float> attention;  // n x d
    std::vector<float> weights;    // n x history
  };
  // One row each; `logits` (n x kHeads) holds the clamped logits.
  void logits(const UserSide& user, std::span<const ItemView> items,
              std::span<const features::FeatureVector> features, std::span<float> logits,
              Pass& pass) const;
  embedding::Table& table(Slot slot) { return tables_[static_cast<size_t>(slot)]; }
  const embedding::Table& table(Slot slot) const { return tables_[static_cast<size_t>(slot)]; }
  std::vector<float>& dense() { return dense_; }
  const std::vector<float>& dense() const { return dense_; }
  std::span<const float> network() const {
    return std::span(dense_).subspan(layout_.network(), layout_.network_shape.size());
  }
  std::vector<float>& dense_state() { return dense_state_; }  // Adagrad, one a weight
  const std::vector<float>& dense_state() const { return dense_state_; }
  const DenseLayout& layout() const { return layout_; }

  // The item sides as they were last refreshed: state, so that a step does not touch the catalogue.
  std::span<const float> vector(uint32_t video) const {
    return {items_.vectors.data() + size_t{video} * layout_.d, layout_.d};
  }
  std::span<const float> bias(uint32_t video) const {
    return {items_.biases.data() + size_t{video} * kHeads, kHeads};
  }
  // A video that has been published; and again when its rows have changed.
  void refresh(const features::Catalogue& catalogue, uint32_t video);
  // Refreshes some of the videos, in turn.
  void sweep(const features::Catalogue& catalogue, uint32_t videos);
  // Of history entries as videos and valences, newest first.
  HistorySide history_side(std::span<const features::PastOutcome> history) const;
  struct Items {
    std::vector<float> vectors;  // videos x d
    std::vector<float> biases;   // videos x kHeads
    uint32_t sweep_next = 0;
  };
  const Items& items() const { return items_; }
  // corrupt when the sizes do not fit.
  Result<void> restore(Items items, size_t videos);

 private:
  const Bundle& bundle_;
  const DenseLayout layout_;
  std::vector<embedding::Table> tables_;
  std::vector<float> dense_;
  std::vector<float> dense_state_;
  Items items_;
};

}  // namespace rondo::recommender::ranker
