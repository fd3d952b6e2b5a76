// The real engine, driven through recommender/engine.h alone: what a host appends to the log, this
// appends; what a host asks, this asks. It knows nothing of the engine's insides.
//
//   items           VideoPublished, ids 1.., one author, no topic, 10 s: only ids tell them apart
//   an interaction  Served holding that video alone, Impression, Engagement with a watch: to the
//                   end when positive, swiped on after 0.8 s when not
//   log time        the data's own, or a second an event; a Tick before each event whose second is
//                   a new one, as a host ticks every second while examples wait
//   a ranking       rank() with the page's limit, under a bundle without exploration and rules and
//                   whose candidate limits reach over the catalogue (full_ranking): slots in order
//                   of their score
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

// `base` with exploration and spacing rules off, the widest candidate limits, and a score of the
// terms that a log of positive interactions can teach: a page is the top of the full ranking. What
// the engine learns, and how, stays.
recommender::Bundle full_ranking(recommender::Bundle base);

struct EngineSettings {
  recommender::Bundle bundle = full_ranking(recommender::Bundle::defaults());
  // Passes over the training log. More than one needs an engine that can start from weights.
  uint32_t epochs = 1;
  // After the last event of a training log the host goes on ticking this long.
  uint32_t settle_seconds = 900;
};

inline constexpr size_t kRankMax = 32;  // slots of a page

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

  // The best `k` items that the user has not seen, best first; k at most kRankMax.
  Result<std::vector<uint32_t>> rank(uint32_t user, size_t k) const;

  // What each head predicts of each of the items, none of which the user has seen. It comes from a
  // page of these items alone: all others are made ineligible for as long, by records.
  struct Prediction {
    uint32_t item;
    float score;
    std::array<float, recommender::kHeads> heads;
  };
  Result<std::vector<Prediction>> predict(uint32_t user, std::span<const uint32_t> items);

  recommender::EngineStats stats() const { return engine_->stats(); }
  int64_t now_s() const { return now_s_; }

 private:
  EngineUnderTest() = default;
  Result<void> apply(const log::v1::Record& record);
  Result<void> tick_until(int64_t time_s);
  Result<void> set_eligible(uint32_t item, bool eligible);
  Result<log::v1::Served> page(uint32_t user, size_t limit) const;

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
