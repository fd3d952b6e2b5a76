#include "recommender/ranker/model.h"

#include <algorithm>

#include "base/result.h"
#include "recommender/features/watch_histogram.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/gemm.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::ranker {

ItemFields item_fields(const features::Catalogue& catalogue, uint32_t video) {
  const features::Video& v = catalogue.video(video);
  ItemFields out;
  auto add = [&out](Slot slot, uint64_t id, float coefficient) {
    out.fields[out.count++] = {slot, id, coefficient};
  };
  add(Slot::kVideo, v.id, 1);
  add(Slot::kAuthor, catalogue.authors()[v.author].id, 1);
  add(Slot::kDuration, features::duration_bucket(v.duration_ms), 1);
  for (uint32_t topic : v.topic_list()) {
    add(Slot::kTopic, catalogue.topics()[topic].id, 1.0f / static_cast<float>(v.topic_count));
  }
  return out;
}

HistorySide Model::history_side(std::span<const features::PastOutcome> history) const {
  std::vector<float> keys;
  std::vector<float> valences;
  for (const auto& [video, valence] : history) {
    auto row = vector(video);
    keys.insert(keys.end(), row.begin(), row.end());
    valences.push_back(static_cast<float>(valence) / 64.0f);
  }
  return {std::move(keys), std::move(valences)};
}

Model::Model(const Bundle& bundle) : bundle_(bundle), layout_(bundle.model) {
  for (size_t s = 0; s < kSlots; ++s) {
    tables_.emplace_back(embedding::TableOptions{.dimensions = bundle.model.dimensions,
                                                 .init_scale = bundle.model.init_scale,
                                                 .adagrad_initial = bundle.training.adagrad_initial,
                                                 .salt = base::mix64(0x526F6E646F000000ull + s),
                                                 .admit_after = bundle.slots[s].admit_after,
                                                 .ttl_seconds = bundle.slots[s].ttl_hours * 3600,
                                                 .rows_max = bundle.slots[s].rows_max});
  }
  dense_.assign(layout_.size(), 0.0f);
  dense_state_.assign(layout_.size(), bundle.training.adagrad_initial);
  for (size_t h = 0; h < kHeads; ++h) {
    const auto& head = bundle.heads[h];
    dense_[layout_.bias(h)] = kernels::logit(head.prior);
    std::copy(head.features.begin(), head.features.end(), &dense_[layout_.feature(h)]);
    // What speaks against is the opposite of the rest: one set of rows can serve all heads from the
    // start.
    float sign = is_negative(static_cast<Head>(h)) ? -1.0f : 1.0f;
    std::fill_n(&dense_[layout_.id_weight(h)], layout_.d, sign);
    std::fill_n(&dense_[layout_.pool_weight(h)], layout_.d, sign);
  }
  init_network(layout_.network_shape,
               std::span(dense_).subspan(layout_.network(), layout_.network_shape.size()));
}

ItemSide Model::item(const ItemFields& fields) const {
  ItemSide side;
  side.vector.assign(layout_.d, 0.0f);
  for (const ItemField& field : fields.list()) {
    const embedding::Table& from = table(field.slot);
    const float* values = from.find(field.id);
    if (values == nullptr) continue;
    embedding::ConstRow row = from.view(values);
    kernels::axpy(field.coefficient, row.vector, side.vector);
    kernels::axpy(field.coefficient, row.bias, side.bias);
  }
  return side;
}

void Model::refresh(const features::Catalogue& catalogue, uint32_t video) {
  if (size_t{video} * kHeads >= items_.biases.size()) {
    items_.vectors.resize((size_t{video} + 1) * layout_.d, 0.0f);
    items_.biases.resize((size_t{video} + 1) * kHeads, 0.0f);
  }
  ItemSide side = item(item_fields(catalogue, video));
  std::copy(side.vector.begin(), side.vector.end(), &items_.vectors[size_t{video} * layout_.d]);
  std::copy(side.bias.begin(), side.bias.end(), &items_.biases[size_t{video} * kHeads]);
}

void Model::sweep(const features::Catalogue& catalogue, uint32_t videos) {
  auto count = static_cast<uint32_t>(items_.biases.size() / kHeads);
  for (uint32_t i = 0; i < std::min(videos, count); ++i) {
    if (items_.sweep_next >= count) items_.sweep_next = 0;
    refresh(catalogue, items_.sweep_next++);
  }
}

Result<void> Model::restore(Items items, size_t videos) {
  if (items.vectors.size() != videos * layout_.d || items.biases.size() != videos * kHeads) {
    return corrupt("ranker: the items do not fit the bundle or the number of videos");
  }
  items_ = std::move(items);
  return {};
}

UserSide Model::user(uint64_t viewer, std::span<const float> pooled, HistorySide history) const {
  UserSide side;
  side.history = std::move(history);
  side.own.assign(layout_.d, 0.0f);
  side.pooled.assign(pooled.begin(), pooled.end());
  const embedding::Table& from = table(Slot::kViewer);
  if (const float* values = from.find(viewer)) {
    embedding::ConstRow row = from.view(values);
    std::copy(row.vector.begin(), row.vector.end(), side.own.begin());
    std::copy(row.bias.begin(), row.bias.end(), side.bias.begin());
  }
  side.query.resize(kHeads * layout_.d);
  for (size_t h = 0; h < kHeads; ++h) {
    for (size_t k = 0; k < layout_.d; ++k) {
      side.query[h * layout_.d + k] = dense_[layout_.id_weight(h) + k] * side.own[k] +
                                      dense_[layout_.pool_weight(h) + k] * side.pooled[k];
    }
  }
  return side;
}

void Model::logits(const UserSide& user, std::span<const ItemView> items,
                   std::span<const features::FeatureVector> features, std::span<float> logits,
                   Pass& pass) const {
  const size_t n = items.size();
  const size_t d = layout_.d;
  const size_t inputs = layout_.network_shape.inputs();
  RD_ASSERT(features.size() == n && logits.size() == n * kHeads);
  pass.items.resize(n * d);
  pass.attention.resize(n * d);
  pass.weights.resize(n * user.history.size());
  for (size_t i = 0; i < n; ++i) {
    std::copy(items[i].vector.begin(), items[i].vector.end(), &pass.items[i * d]);
  }
  attend(user.history, pass.items, pass.attention, pass.weights);

  std::vector<float>& x = pass.activations.x;
  x.resize(n * inputs);
  for (size_t i = 0; i < n; ++i) {
    const float* item = &pass.items[i * d];
    float* row = &x[i * inputs];
    for (size_t k = 0; k < d; ++k) row[k] = item[k];
    for (size_t k = 0; k < d; ++k) row[d + k] = user.own[k] * item[k];
    for (size_t k = 0; k < d; ++k) row[2 * d + k] = user.pooled[k] * item[k];
    std::copy_n(&pass.attention[i * d], d, row + 3 * d);
    std::copy(features[i].begin(), features[i].end(), row + 4 * d);
    std::fill(row + 4 * d + kFeatures, row + inputs, 0.0f);
    float* out = &logits[i * kHeads];
    for (size_t h = 0; h < kHeads; ++h) {
      out[h] = dense_[layout_.bias(h)] + user.bias[h] + items[i].bias[h];
    }
  }
  // The products with the query, and the features, are one more matrix over the same rows.
  pass.linear.assign(inputs * kHeads, 0.0f);
  for (size_t h = 0; h < kHeads; ++h) {
    for (size_t k = 0; k < d; ++k) pass.linear[k * kHeads + h] = user.query[h * d + k];
    for (size_t f = 0; f < kFeatures; ++f) {
      pass.linear[(4 * d + f) * kHeads + h] = dense_[layout_.feature(h) + f];
    }
  }
  kernels::gemm({n, inputs, kHeads}, x, pass.linear, {}, kernels::Activation::kIdentity, logits);
  forward(layout_.network_shape, network(), pass.activations, logits);
  const float most = bundle_.training.logit_max;
  for (float& logit : logits) logit = std::clamp(logit, -most, most);
}

}  // namespace rondo::recommender::ranker
