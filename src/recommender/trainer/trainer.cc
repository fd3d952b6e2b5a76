#include "recommender/trainer/trainer.h"

#include <algorithm>

#include "recommender/kernels/dense.h"
#include "recommender/kernels/math.h"
#include "recommender/kernels/optimizer.h"

namespace rondo::recommender::trainer {
namespace {

constexpr float kLossAverage = 0.05f;  // weight of the newest batch

// Scales `gradient` down to this norm.
void clip(std::span<float> gradient, float norm_max) {
  float norm = kernels::sqrt(kernels::squared_norm(gradient));
  if (norm <= norm_max) return;
  float scale = norm_max / norm;
  for (float& g : gradient) g *= scale;
}

}  // namespace

void Gradients::clear(const ranker::Model& model) {
  dimensions = model.layout().d;
  transposed = ranker::transpose(model.layout().network_shape, model.network());
  dense.assign(model.layout().size(), 0.0f);
  rows.clear();
  values.clear();
  for (auto& by_id : index) by_id.clear();
}

std::span<float> Gradients::row(Slot slot, uint64_t id) {
  size_t stride = dimensions + kHeads;
  auto [at, added] = index[static_cast<size_t>(slot)].emplace(id, rows.size());
  if (added) {
    rows.push_back({slot, id});
    values.resize(values.size() + stride, 0.0f);
  }
  return {values.data() + at->second * stride, stride};
}

float loss_and_gradient(const ranker::Model& model, const Bundle& bundle,
                        const features::Catalogue& catalogue, const Example& example, float weight,
                        Gradients& gradients) {
  const auto& layout = model.layout();
  const size_t d = layout.d;
  ranker::ItemFields fields = ranker::item_fields(catalogue, example.video);
  ranker::ItemSide item = model.item(fields);
  ranker::UserSide user =
      model.user(example.viewer, example.pooled, model.history_side(example.history));
  ranker::ItemView view{item.vector, item.bias};
  ranker::Logits logits{};
  ranker::Model::Pass pass;
  model.logits(user, std::span(&view, 1), std::span(&example.features, 1), logits, pass);

  float loss = 0;
  std::array<float, kHeads> slope{};  // of the loss by each logit
  for (size_t h = 0; h < kHeads; ++h) {
    if (!example.resolved(h)) continue;
    const auto& head = bundle.heads[h];
    // With only a share of the negatives, what is seen is likelier than what is: odds / share.
    float p = kernels::sigmoid(logits[h] - kernels::log(head.negative_share));
    float y = example.labels[h];
    float w = weight * head.loss_weight;
    loss -= w * (y * kernels::log(std::max(p, 1e-30f)) +
                 (1.0f - y) * kernels::log(std::max(1.0f - p, 1e-30f)));
    slope[h] = w * (p - y);
  }

  std::vector<float> by_item(d, 0.0f);
  std::vector<float> by_user(d, 0.0f);
  const std::vector<float>& weights = model.dense();
  for (size_t h = 0; h < kHeads; ++h) {
    float g = slope[h];
    if (g == 0) continue;
    gradients.dense[layout.bias(h)] += g;
    kernels::axpy(g, example.features, std::span(&gradients.dense[layout.feature(h)], kFeatures));
    kernels::axpy(g, std::span(user.query).subspan(h * d, d), by_item);
    for (size_t k = 0; k < d; ++k) {
      by_user[k] += g * weights[layout.id_weight(h) + k] * item.vector[k];
      gradients.dense[layout.id_weight(h) + k] += g * user.own[k] * item.vector[k];
      gradients.dense[layout.pool_weight(h) + k] += g * user.pooled[k] * item.vector[k];
    }
  }
  const auto& shape = layout.network_shape;
  std::vector<float> by_x;
  ranker::backward(shape, gradients.transposed, pass.activations, slope,
                   std::span(gradients.dense).subspan(layout.network(), shape.size()), by_x);
  std::span<const float> x_slopes(by_x);
  for (size_t k = 0; k < d; ++k) {
    by_item[k] += by_x[k] + by_x[d + k] * user.own[k] + by_x[2 * d + k] * user.pooled[k];
    by_user[k] += by_x[d + k] * item.vector[k];
  }
  ranker::attend_back(user.history, pass.weights, pass.attention, x_slopes.subspan(3 * d, d),
                      by_item);
  auto add_row = [&](Slot slot, uint64_t id, float coefficient, std::span<const float> by_vector) {
    if (model.table(slot).find(id) == nullptr) return;
    std::span<float> row = gradients.row(slot, id);
    kernels::axpy(coefficient, by_vector, row.first(d));
    kernels::axpy(coefficient, slope, row.subspan(d));
  };
  add_row(Slot::kViewer, example.viewer, 1.0f, by_user);
  for (const auto& field : fields.list()) {
    add_row(field.slot, field.id, field.coefficient, by_item);
  }
  return loss;
}

bool Trainer::add(Example example) {
  waiting_.push_back(std::move(example));
  return waiting_.size() >= bundle_.training.batch_examples;
}

void Trainer::close_batch(ranker::Model& model, const features::Catalogue& catalogue,
                          uint32_t now_s) {
  if (waiting_.empty()) return;
  std::unordered_map<uint64_t, uint32_t> of_viewer;
  for (const Example& e : waiting_) {
    ++of_viewer[e.viewer];
    model.table(Slot::kViewer).occur(e.viewer, now_s);
    ranker::ItemFields fields = ranker::item_fields(catalogue, e.video);
    for (const auto& field : fields.list()) model.table(field.slot).occur(field.id, now_s);
  }
  scratch_.clear(model);
  float loss = 0;
  for (const Example& e : waiting_) {
    float cap = static_cast<float>(bundle_.training.viewer_examples_max);
    float weight = e.weight * std::min(1.0f, cap / static_cast<float>(of_viewer[e.viewer]));
    loss += loss_and_gradient(model, bundle_, catalogue, e, weight, scratch_);
  }
  loss /= static_cast<float>(waiting_.size());
  // Written so that a NaN is rejected too.
  if (loss <= bundle_.training.loss_max) {
    step(model);
    progress.examples += waiting_.size();
    progress.loss += kLossAverage * (loss - progress.loss);
  } else {
    ++progress.rejected;
  }
  for (const Example& e : waiting_) model.refresh(catalogue, e.video);
  waiting_.clear();
}

void Trainer::step(ranker::Model& model) {
  const auto& t = bundle_.training;
  clip(scratch_.dense, t.dense_gradient_norm_max);
  kernels::adagrad(model.dense(), scratch_.dense, model.dense_state(), t.dense_rate);
  for (const auto& [slot, id] : scratch_.rows) {
    std::span<float> gradient = scratch_.row(slot, id);
    clip(gradient, t.gradient_norm_max);
    embedding::Row row = model.table(slot).row(id);
    kernels::adagrad_row(row.vector, gradient.first(model.layout().d), *row.vector_state,
                         t.embedding_rate);
    kernels::adagrad_row(row.bias, gradient.subspan(model.layout().d), *row.bias_state,
                         t.embedding_rate);
  }
}

void Trainer::forget(uint64_t viewer) {
  std::erase_if(waiting_, [viewer](const Example& e) { return e.viewer == viewer; });
}

}  // namespace rondo::recommender::trainer
