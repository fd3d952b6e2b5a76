// The real engine, driven through recommender/engine.h alone: what a host appends to the log, this
// appends; what a host asks, this asks. It knows nothing of the engine's insides.
//
//   items           VideoPublished, ids 1.., one author, no topic, 10 s: only ids tell them apart
//   an interaction  Served holding that video alone, Impression, Engagement with a watch: to the
//                   end when positive, swiped on after 0.8 s when not
//   log time        the data's own, or some events a second; a Tick before each event whose second
//   is
//                   a new one, as a host ticks every second while examples wait
//   a ranking       score() of every item, in order of score: no page is drawn
//
// Not thread safe. Errors are the engine's, with what was being done.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "evaluation/dataset.h"
#include "recommender/engine.h"

namespace rondo::evaluation {

// The parts of the engine that a log of likes alone can teach, and how: personal retrieval and
// co-watch. Numbers were chosen on the validation parts of the data,
// but for `taste`: docs/evaluation.md.
struct LikesModel {
  float viewer_share = 0.75f;
  float regularization = 8;
  float dropout = 0.5f;
  uint32_t neighbours = 128;
  float taste = 0.02f;  // weight of personal retrieval beside co-watch, whose weight is 1
  uint32_t dimensions = 64;
  float history_decay = 1;
  float rate = 0.1f;
  float decay = 0.0005f;
  uint32_t negatives = 64;
};

// The built-in bundle with a score of those terms only: the heads, which learn from what was shown
// and passed over, know nothing from such a log.
recommender::Bundle of_likes(const LikesModel& model);

struct EngineSettings {
  recommender::Bundle bundle = of_likes({});
  // Passes over the training log, each starting with the weights of the one before.
  uint32_t epochs = 1;
  uint32_t events_per_second = 16;  // of log time, where the data has none
  // After the last event of a training log the host goes on ticking this long.
  uint32_t settle_seconds = 900;
};

class EngineUnderTest {
 public:
  // A new engine, with `items` videos published.
  static Result<EngineUnderTest> create(const EngineSettings& settings, size_t items);
  // An engine that knows all that this one knows, by checkpoint; they share nothing.
  Result<EngineUnderTest> copy() const;

  // `time_s` from 0; the engine's state time never goes back.
  Result<void> learn(uint32_t user, uint32_t item, bool positive, int64_t time_s);
  // The item is no candidate for the user any more; nothing is learned.
  Result<void> mark_seen(uint32_t user, uint32_t item);
  // Time passes, without events.
  Result<void> settle(uint32_t seconds);

  // The best `k` items that the user has not seen, best first.
  Result<std::vector<uint32_t>> rank(uint32_t user, size_t k) const;

  // What each head predicts of each of the items, none of which the user has seen.
  struct Prediction {
    uint32_t item;
    float score;
    std::array<float, recommender::kHeads> heads;
  };
  Result<std::vector<Prediction>> predict(uint32_t user, std::span<const uint32_t> items) const;

  recommender::EngineStats stats() const { return engine_->stats(); }
  // Learned so far, as the starting weights of a bundle.
  std::string weights() const { return engine_->weights().safetensors(); }
  int64_t now_s() const { return now_s_; }

 private:
  EngineUnderTest() = default;
  Result<void> apply(const log::v1::Record& record);
  Result<void> tick_until(int64_t time_s);
  Result<std::vector<recommender::VideoScore>> scores(uint32_t user,
                                                      std::span<const uint64_t> videos) const;

  recommender::Bundle bundle_;
  std::string bundle_sha256_;
  size_t items_ = 0;
  int64_t now_s_ = 0;
  std::unique_ptr<recommender::Engine> engine_;
};

// A new engine that has learned `rows` in their order, a second an event, over the epochs of the
// settings, and has settled. All rows are positive.
Result<EngineUnderTest> train(const EngineSettings& settings, std::span<const Interaction> rows,
                              size_t items);

}  // namespace rondo::evaluation
