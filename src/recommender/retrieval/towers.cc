#include "recommender/retrieval/towers.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/hash.h"
#include "recommender/kernels/dense.h"
#include "recommender/kernels/int8.h"
#include "recommender/kernels/math.h"
#include "recommender/kernels/optimizer.h"

namespace rondo::recommender::retrieval {
namespace {

constexpr float kLossAverage = 0.05f;  // weight of the newest step
// As many likes are taken for granted of the catalogue, spread evenly, in how often a video is
// sampled.
constexpr float kLikesGranted = 10.0f;

}  // namespace

Towers::Towers(const Bundle& bundle)
    : bundle_(bundle), d_(bundle.towers.dimensions), lists_(bundle) {
  constexpr Slot kLimitsOf[kTowerSlots] = {Slot::kVideo, Slot::kAuthor, Slot::kTopic, Slot::kVideo};
  for (size_t s = 0; s < kTowerSlots; ++s) {
    const auto& limits = bundle.slot(kLimitsOf[s]);
    tables_.emplace_back(embedding::TableOptions{.dimensions = bundle.towers.dimensions,
                                                 .biases = 1,
                                                 .init_scale = bundle.towers.init_scale,
                                                 .adagrad_initial = bundle.towers.adagrad_initial,
                                                 .salt = base::mix64(0x746F776572000000ull + s),
                                                 .admit_after = 1,
                                                 .ttl_seconds = limits.ttl_hours * 3600,
                                                 .rows_max = limits.rows_max});
  }
  c_.mix.assign(d_ * d_, 0.0f);
  c_.mix_state.assign(d_ * d_, bundle.towers.adagrad_initial);
  for (size_t k = 0; k < d_; ++k) c_.mix[k * d_ + k] = 1.0f;
}

std::vector<Towers::Field> Towers::fields(const features::Catalogue& catalogue,
                                          uint32_t index) const {
  const features::Video& video = catalogue.video(index);
  std::vector<Field> out{{TowerSlot::kVideo, video.id, 1},
                         {TowerSlot::kAuthor, catalogue.authors()[video.author].id, 1}};
  for (uint32_t topic : video.topic_list()) {
    out.push_back({TowerSlot::kTopic, catalogue.topics()[topic].id,
                   1.0f / static_cast<float>(video.topic_count)});
  }
  if (video.sound_id != 0) out.push_back({TowerSlot::kSound, video.sound_id, 1});
  return out;
}

std::vector<float> Towers::taste(std::span<const uint32_t> likes) const {
  std::vector<float> out(d_, 0.0f);
  float weight = 1;
  float total = 0;
  for (size_t i = likes.size(); i-- > 0;) {
    kernels::axpy(weight, vector(likes[i]), out);
    total += weight;
    weight *= bundle_.towers.history_decay;
  }
  if (total > 0) {
    float scale = 1.0f / kernels::sqrt(total);
    for (float& x : out) x *= scale;
  }
  return out;
}

std::vector<float> Towers::query(std::span<const float> taste) const {
  std::vector<float> out(d_, 0.0f);
  for (size_t k = 0; k < d_; ++k) {
    if (taste[k] != 0) kernels::axpy(taste[k], std::span(c_.mix).subspan(k * d_, d_), out);
  }
  return out;
}

float Towers::score(std::span<const float> query, uint32_t video) const {
  return kernels::dot(query, vector(video)) + c_.biases[video];
}

void Towers::refresh(const features::Catalogue& catalogue, uint32_t video) {
  if (video >= c_.biases.size()) {
    c_.biases.resize(video + 1, 0.0f);
    c_.vectors.resize(c_.biases.size() * d_, 0.0f);
    codes_.resize(c_.vectors.size(), 0);
    scales_.resize(c_.biases.size(), 0.0f);
  }
  std::span<float> to = std::span(c_.vectors).subspan(size_t{video} * d_, d_);
  std::fill(to.begin(), to.end(), 0.0f);
  for (const Field& field : fields(catalogue, video)) {
    const embedding::Table& from = table(field.slot);
    const float* values = from.find(field.id);
    if (values == nullptr) continue;
    embedding::ConstRow row = from.view(values);
    kernels::axpy(field.coefficient, row.vector, to);
    if (field.slot == TowerSlot::kVideo) c_.biases[video] = row.bias[0];
  }
  encode(video);
  lists_.put(items(), video);
}

void Towers::sweep(const features::Catalogue& catalogue, uint32_t videos) {
  auto count = static_cast<uint32_t>(c_.biases.size());
  for (uint32_t i = 0; i < std::min(videos, count); ++i) {
    if (c_.sweep_next >= count) c_.sweep_next = 0;
    refresh(catalogue, c_.sweep_next++);
  }
  lists_.turn(items());
}

void Towers::expire(uint32_t now_s) {
  for (auto& table : tables_) table.expire(now_s);
}

void Towers::learn(const features::Catalogue& catalogue, std::span<const TowerExample> examples,
                   uint64_t seed, uint32_t now_s) {
  const auto& options = bundle_.towers;
  if (examples.empty() || catalogue.size() < 2) return;
  // Candidates: the likes of the batch, then the negatives, each once.
  std::vector<uint32_t> candidates;
  std::unordered_map<uint32_t, size_t> place;  // looked up, never iterated
  auto add = [&](uint32_t video) {
    if (place.emplace(video, candidates.size()).second) candidates.push_back(video);
  };
  for (const auto& e : examples) add(e.video);
  base::Rng rng(seed);
  for (uint32_t i = 0; i < options.negatives; ++i) {
    add(static_cast<uint32_t>(rng.below(catalogue.size())));
  }
  const size_t n = candidates.size();
  for (uint32_t video : candidates) {
    for (const Field& f : fields(catalogue, video)) table(f.slot).occur(f.id, now_s);
    refresh(catalogue, video);
  }
  // How many times a video is expected among the candidates: by its likes, and by chance.
  const auto videos = static_cast<float>(catalogue.size());
  const float likes = catalogue.network().raw(features::Event::kFinish, features::Horizon::kWeek);
  std::vector<float> correction(n);
  for (size_t c = 0; c < n; ++c) {
    float own = catalogue.video(candidates[c])
                    .counters.raw(features::Event::kFinish, features::Horizon::kWeek);
    float share = (own + kLikesGranted / videos) / (likes + kLikesGranted);
    float expected = static_cast<float>(examples.size()) * std::min(share, 1.0f) +
                     static_cast<float>(options.negatives) / videos;
    correction[c] = kernels::log(expected);
  }

  std::vector<float> by_vector(n * d_, 0.0f);
  std::vector<float> by_bias(n, 0.0f);
  std::vector<float> by_mix(d_ * d_, 0.0f);
  std::vector<float> logits(n);
  float loss = 0;
  for (const auto& e : examples) {
    std::vector<float> q = query(e.taste);
    size_t target = place[e.video];
    // What else this viewer likes in the batch is no negative.
    std::vector<bool> out(n, false);
    for (const auto& other : examples) {
      if (other.viewer == e.viewer && other.video != e.video) out[place[other.video]] = true;
    }
    float most = 0;
    for (size_t c = 0; c < n; ++c) {
      logits[c] = score(q, candidates[c]) - correction[c];
      if (!out[c]) most = c == 0 ? logits[c] : std::max(most, logits[c]);
    }
    float sum = 0;
    for (size_t c = 0; c < n; ++c) {
      logits[c] = out[c] ? 0.0f : kernels::exp(logits[c] - most);
      sum += logits[c];
    }
    loss -= kernels::log(std::max(logits[target] / sum, 1e-30f));
    std::vector<float> by_query(d_, 0.0f);
    for (size_t c = 0; c < n; ++c) {
      float slope = logits[c] / sum - (c == target ? 1.0f : 0.0f);
      if (slope == 0) continue;
      by_bias[c] += slope;
      kernels::axpy(slope, q, std::span(by_vector).subspan(c * d_, d_));
      kernels::axpy(slope, vector(candidates[c]), by_query);
    }
    for (size_t k = 0; k < d_; ++k) {
      kernels::axpy(e.taste[k], by_query, std::span(by_mix).subspan(k * d_, d_));
    }
  }
  loss /= static_cast<float>(examples.size());
  // Written so that a NaN is rejected too.
  if (!(loss <= bundle_.training.loss_max)) return;
  c_.loss += kLossAverage * (loss - c_.loss);
  c_.examples += examples.size();

  kernels::adagrad(c_.mix, by_mix, c_.mix_state, options.mix_rate);
  // A row that several candidates share takes one step, of their sum.
  std::vector<std::pair<TowerSlot, uint64_t>> rows;
  std::vector<float> slopes;  // d + 1 a row
  std::array<std::unordered_map<uint64_t, size_t>, kTowerSlots> row_place;
  for (size_t c = 0; c < n; ++c) {
    for (const Field& f : fields(catalogue, candidates[c])) {
      auto [at, added] = row_place[static_cast<size_t>(f.slot)].emplace(f.id, rows.size());
      if (added) {
        rows.emplace_back(f.slot, f.id);
        slopes.resize(slopes.size() + d_ + 1, 0.0f);
      }
      std::span<float> to(&slopes[at->second * (d_ + 1)], d_ + 1);
      kernels::axpy(f.coefficient, std::span(by_vector).subspan(c * d_, d_), to.first(d_));
      if (f.slot == TowerSlot::kVideo) to[d_] += by_bias[c];
    }
  }
  for (size_t r = 0; r < rows.size(); ++r) {
    auto [slot, id] = rows[r];
    if (table(slot).find(id) == nullptr) continue;
    std::span<float> slope(&slopes[r * (d_ + 1)], d_ + 1);
    embedding::Row row = table(slot).row(id);
    // Weight decay keeps a vector that is seldom a candidate from growing without evidence.
    kernels::axpy(options.decay, row.vector, slope.first(d_));
    kernels::adagrad_row(row.vector, slope.first(d_), *row.vector_state, options.rate);
    if (slot == TowerSlot::kVideo) {
      kernels::adagrad_row(row.bias.first(1), slope.subspan(d_), *row.bias_state, options.rate);
    }
  }
  for (uint32_t video : candidates) refresh(catalogue, video);
}

void Towers::encode(uint32_t video) {
  scales_[video] =
      kernels::quantize(vector(video), std::span(codes_).subspan(size_t{video} * d_, d_));
}

Towers::QueryCode Towers::encode(std::span<const float> query) const {
  QueryCode out{std::vector<int8_t>(d_), 0};
  out.scale = kernels::quantize(query, out.code);
  return out;
}

void Towers::score_block(const QueryCode& query, std::span<const int8_t> codes,
                         std::span<const float> scales, std::span<const float> biases,
                         std::span<float> out) const {
  std::array<int32_t, kScanBlock> sums;
  kernels::dot_many_i8(query.code, codes, std::span(sums).first(out.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(sums[i]) * (query.scale * scales[i]) + biases[i];
  }
}

void Towers::scan(std::span<const float> query, std::span<float> out) const {
  const QueryCode code = encode(query);
  for (size_t from = 0; from < out.size(); from += kScanBlock) {
    const size_t n = std::min(kScanBlock, out.size() - from);
    score_block(code, std::span(codes_).subspan(from * d_, n * d_),
                std::span(scales_).subspan(from, n), std::span(c_.biases).subspan(from, n),
                out.subspan(from, n));
  }
}

Result<void> Towers::restore(Contents contents, size_t videos) {
  if (contents.mix.size() != d_ * d_ || contents.mix_state.size() != d_ * d_ ||
      contents.biases.size() != videos || contents.vectors.size() != videos * d_) {
    return corrupt("towers: the sizes do not fit the bundle or the number of videos");
  }
  c_ = std::move(contents);
  codes_.assign(c_.vectors.size(), 0);
  scales_.assign(videos, 0.0f);
  lists_ = InvertedFile(bundle_);
  for (uint32_t v = 0; v < videos; ++v) encode(v);
  return {};
}

}  // namespace rondo::recommender::retrieval
