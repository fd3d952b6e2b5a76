// From scored candidates to a page, slot by slot: rules of spacing, exploration, and a draw whose
// probability is known exactly.
//
// For each slot the distribution is built first, then drawn from. It mixes four parts:
//   uniform    the bundle's share, over all that could be served (scored or not), no rules;
//   new video  the bundle's share, over new videos within their budget, by score plus a bonus for
//              few impressions; nothing when no new video is allowed here;
//   new topic  the bundle's share, falling with the viewer's outcomes, over topics that the viewer
//              has not met, by score; nothing when there is none;
//   greedy     the rest: a sharp softmax over the adjusted scores of all allowed candidates.
// The propensity of a video is the sum of what the parts give it, given the earlier slots.
//
// Rules, in the order in which they give way when no candidate keeps them all: the gap between
// videos of one author; the run of one topic; the share of one topic in the window. What the viewer
// has just seen, and what is held of earlier pages, comes before the first slot: a player that asks
// anew after every swipe only ever commits the first one. A topic in the window costs a penalty,
// larger for a new viewer: so the first pages spread over topics and learn fastest.
//
// Not thread safe.
#pragma once

#include <array>
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
  bool topic_is_new;     // the viewer has had no outcome with it
};

// What stands before the first slot.
struct Placed {
  uint32_t author;
  uint32_t topic;
};

enum class Part : uint8_t { kUniform, kNewVideo, kNewTopic, kGreedy };
inline constexpr size_t kItemParts = 3;  // all but the uniform one

struct Distribution {
  double uniform_each = 0;  // of every video that could be served and is not placed
  // New video, new topic, greedy: one share an item; 0 when it is not allowed or placed.
  std::array<std::vector<double>, kItemParts> parts;
  int rules_relaxed = 0;  // how many gave way
};

class Slate {
 public:
  // `pool` is ascending and holds every item's video; `outcomes` is how many the viewer has had.
  Slate(const Bundle& bundle, std::span<const SlateItem> items, std::span<const uint32_t> pool,
        std::span<const Placed> before, size_t limit, size_t outcomes);

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
  // Slots of this topic in the window that ends before the next slot.
  size_t topic_count(uint32_t topic) const;
  bool is_placed(uint32_t video) const;
  // The video after `skip` others of the pool that are not placed.
  uint32_t nth_left(uint64_t skip) const;

  const Bundle& bundle_;
  std::span<const SlateItem> items_;
  std::span<const uint32_t> pool_;
  const size_t limit_;
  const size_t topic_max_;  // of one topic in a window
  const float repeat_penalty_;
  const double new_topic_share_;
  std::vector<Placed> before_;  // seen, held, placed
  std::vector<uint32_t> placed_;
  std::vector<bool> item_placed_;
};

}  // namespace rondo::recommender::reranker
