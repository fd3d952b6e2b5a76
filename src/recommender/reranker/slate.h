// From scored candidates to a page, slot by slot: rules of spacing, exploration, and a draw whose
// probability is known exactly.
//
// For each slot the distribution is built first, then drawn from. It mixes three parts:
//   uniform    the bundle's share, over all that could be served (scored or not), no rules;
//   new        the bundle's share, over new videos within their budget, by score plus a bonus for
//              few impressions; nothing when no new video is allowed here;
//   greedy     the rest: a sharp softmax over the adjusted scores of all allowed candidates.
// The propensity of a video is the sum of what the parts give it, given the earlier slots.
//
// Rules, in the order in which they give way when no candidate keeps them all: the gap between
// videos of one author; the run of one topic; the share of one topic. Slots that the viewer holds
// of earlier pages come before the first slot. Topics that are in the page already cost a penalty,
// larger for a new viewer: so the first pages spread over topics and learn fastest.
//
// Not thread safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "recommender/bundle.h"

namespace rondo::recommender::reranker {

struct SlateItem {
  uint32_t video;   // index
  uint32_t author;  // index
  uint32_t topic;   // main topic, features::kNoIndex without one
  float score;
  bool is_new;           // within its exploration budget
  uint32_t impressions;  // of a new video
};

// What stands before the first slot.
struct Placed {
  uint32_t author;
  uint32_t topic;
};

enum class Part : uint8_t { kUniform, kNew, kGreedy };

struct Distribution {
  double uniform_each = 0;          // of every video that could be served and is not placed
  std::vector<double> new_part;     // one an item; 0 when not allowed or placed
  std::vector<double> greedy_part;  // the same
  int rules_relaxed = 0;            // how many gave way
};

class Slate {
 public:
  // `pool` is ascending and holds every item's video; `outcomes` is how many the viewer has had.
  Slate(const Bundle& bundle, std::span<const SlateItem> items, std::span<const uint32_t> pool,
        std::span<const Placed> held, size_t limit, size_t outcomes);

  struct Draw {
    uint32_t video;
    Part part;
    double propensity;
  };
  // True when nothing is left to place, or the page is full.
  bool done() const;
  // Of the next slot.
  Distribution distribution() const;
  Draw draw(const Distribution& distribution, base::Rng& rng) const;
  // Fills the next slot; `author` and `topic` are the video's.
  void place(uint32_t video, uint32_t author, uint32_t topic);

 private:
  bool allowed(const SlateItem& item, int relaxed) const;
  size_t topic_count(uint32_t topic) const;
  bool is_placed(uint32_t video) const;

  const Bundle& bundle_;
  std::span<const SlateItem> items_;
  std::span<const uint32_t> pool_;
  const size_t limit_;
  const size_t topic_max_;  // of one topic, held ones included
  const float repeat_penalty_;
  std::vector<Placed> before_;  // held, then placed
  std::vector<uint32_t> placed_;
  std::vector<bool> item_placed_;
};

}  // namespace rondo::recommender::reranker
