// Online training: one pass over the log's examples, in log order. A minibatch closes at the
// bundle's number of examples, or when the fold says so (a Tick); then one step of Adagrad.
//
// The loss is the weighted logistic loss of the heads that resolved; what did not is masked. The
// watch head predicts a quantile, a target between 0 and 1. A viewer with more examples in a batch
// than the bundle allows has them scaled down to that many. A step whose loss is not a number or
// explodes is rejected whole and counted. Deterministic: gradients are summed in order of example,
// rows stepped in order of first use. Not thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "recommender/bundle.h"
#include "recommender/features/catalogue.h"
#include "recommender/features/pending.h"
#include "recommender/ranker/model.h"

namespace rondo::recommender::trainer {

struct Example {
  uint64_t viewer = 0;
  uint32_t video = 0;  // index
  uint16_t heads = 0;  // bit h: head h has resolved
  float weight = 1;    // of its loss, 0..1
  std::array<float, kHeads> labels{};
  features::FeatureVector features{};
  std::vector<float> pooled;
  std::vector<float> taste;
  std::vector<features::PastOutcome> history;

  // It says that the viewer likes the video.
  bool is_like() const {
    auto is = [this](Head h) {
      auto i = static_cast<size_t>(h);
      return resolved(i) && labels[i] == 1.0f;
    };
    return is(Head::kFinish) || is(Head::kLike);
  }
  void resolve(Head head, float label) {
    heads |= static_cast<uint16_t>(1u << static_cast<unsigned>(head));
    labels[static_cast<size_t>(head)] = label;
  }
  bool resolved(size_t h) const { return (heads >> h & 1) != 0; }
};

// Gradients of the loss, by parameter.
struct Gradients {
  struct Row {
    Slot slot;
    uint64_t id;
  };
  size_t dimensions = 0;
  std::vector<float> dense;
  std::vector<Row> rows;      // in order of first use
  std::vector<float> values;  // rows.size() x (dimensions + kHeads): vector, biases
  std::array<std::unordered_map<uint64_t, size_t>, kSlots> index;  // looked up, never iterated

  ranker::Transposed transposed;  // of the model that they are of

  void clear(const ranker::Model& model);
  std::span<float> row(Slot slot, uint64_t id);
};

// The loss of one example at the present parameters, times `weight`; adds its gradient. Rows that
// are not admitted get none.
float loss_and_gradient(const ranker::Model& model, const Bundle& bundle,
                        const features::Catalogue& catalogue, const Example& example, float weight,
                        Gradients& gradients);

class Trainer {
 public:
  explicit Trainer(const Bundle& bundle) : bundle_(bundle) {}

  // True when the batch is full and must be closed.
  bool add(Example example);
  // One step from what waits; no-op when nothing does. The retrieval vectors of the videos in the
  // batch are refreshed.
  void close_batch(ranker::Model& model, const features::Catalogue& catalogue, uint32_t now_s);
  // Drops what waits of an erased viewer.
  void forget(uint64_t viewer);

  const std::vector<Example>& waiting() const { return waiting_; }
  std::vector<Example>& waiting() { return waiting_; }

  // State, for checkpoints and metrics.
  struct Progress {
    uint64_t examples = 0;
    uint64_t rejected = 0;
    float loss = 0;  // mean an example, exponentially averaged over batches
  };
  Progress progress;

 private:
  void step(ranker::Model& model);

  const Bundle& bundle_;
  std::vector<Example> waiting_;
  Gradients scratch_;
};

}  // namespace rondo::recommender::trainer
