// From scored candidates to a page, slot by slot: rules of spacing, exploration, and a draw whose
// probability is known exactly.
//
// For each slot the distribution is built first, then drawn from. It mixes four parts:
//   uniform    the bundle's share, over all that could be served (scored or not), no rules;
//   new video  over new videos within their budget. Those in their first hours come first, each as
//              often as it must to have its first budget in time, and the share is what they all
//              need of the network's impressions, up to the bundle's limit. Without any: the
//              bundle's share, over the other new ones. The score chooses who is asked, with what
//              is not known of it drawn (W. Thompson, Biometrika 1933): the fewer the impressions,
//              the wider. The draws are the page's, by its seed: a propensity is given them. Who
//              is late is shown by need alone, to whoever comes, while the limit leaves room for
//              what all need;
//   new topic  the bundle's share, falling with the viewer's outcomes, over topics that the viewer
//              has not met, by score; nothing when there is none;
//   greedy     the rest: a sharp softmax over the adjusted scores of all allowed candidates.
// The propensity of a video is the sum of what the parts give it, given the earlier slots.
//
// Rules, in the order in which they give way when no candidate keeps them all: the gap between
// videos of one author; the run of one topic; the share of one topic in the window. What the viewer
// has just seen, and what is held of earlier pages, comes before the first slot: a player that asks
// anew after every swipe only ever commits the first one. Adjusted is a score less two penalties:
// of a topic in the window, by how often, larger for a new viewer, so that the first pages spread
// over topics and learn fastest; and of likeness, the largest cosine between the candidate's vector
// and those in the window, for the best by score (J. Carbonell and J. Goldstein, "The Use of MMR",
// SIGIR 1998).
//
// Not thread safe. What it is given lives longer than it does.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "recommender/bundle.h"
#include "recommender/features/video_set.h"

namespace rondo::recommender::reranker {

// Of a video that has not had its first budget yet.
struct Debut {
  float need = 0;     // impressions an hour that it asks for, in its first hours
  bool late = false;  // little of its time is left
};

struct SlateItem {
  uint32_t video;   // index
  uint32_t author;  // index
  uint32_t topic;   // main topic, features::kNoIndex without one
  float score;
  bool is_new;           // within its exploration budget
  uint32_t impressions;  // of a new video
  Debut debut;           // of a new video
  bool topic_is_new;     // the viewer has had no outcome with it
  std::span<const float> vector;
};

// What stands before the first slot.
struct Placed {
  uint32_t author;
  uint32_t topic;
  std::span<const float> vector;
};

// Who asks, and how much the network shows.
struct Audience {
  size_t outcomes;            // that the viewer has had
  float impressions_an_hour;  // of the network
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
  // `pool` holds every item's video. `rng` draws what is not known of new videos.
  Slate(const Bundle& bundle, std::span<const SlateItem> items, features::VideoSet pool,
        std::span<const Placed> before, size_t limit, const Audience& audience, base::Rng& rng);

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
  // How likely the draw is to be this video, which is of the pool and not placed.
  double propensity(const Distribution& distribution, uint32_t video) const;
  // Fills the next slot.
  void place(uint32_t video, const Placed& as);

 private:
  // The candidates that keep all rules but the first `relaxed`; whether there is one.
  bool allow(int relaxed, std::vector<uint8_t>& use) const;
  // The new videos of those in use that have not had their first budget.
  struct Debuts {
    bool any = false;
    double share = 0;      // of the slot's probability, that all debuts need
    double late_part = 0;  // of it, to go by need alone
    double needed_late = 0;
    std::vector<float> need;       // one an item; 0 of what is no debut, or not in use
    std::vector<uint8_t> on_time;  // a debut that goes by fit
  };
  Debuts debuts_among(std::span<const uint8_t> use) const;
  void enter_window(const Placed& placed);

  const Bundle& bundle_;
  std::span<const SlateItem> items_;
  features::VideoSet left_;  // of the pool: not placed
  size_t left_count_;
  size_t slots_left_;
  const size_t window_;     // slots that the next one looks back to
  const size_t topic_max_;  // of one topic in a window, the next slot in it
  const float repeat_penalty_;
  const double new_topic_share_;
  const double new_video_part_;  // of new videos' share, that this viewer sees
  const float impressions_an_hour_;
  std::vector<Placed> before_;  // seen, held, placed
  size_t entered_ = 0;          // of them, since the window was empty
  // One an item:
  std::vector<uint32_t> topics_;
  std::vector<uint8_t> item_placed_;
  std::vector<uint8_t> topic_count_;  // of its topic, in the window
  std::vector<float> unknown_;        // of a new video, what its score may turn out beside, drawn
  // Of the items whose likeness counts:
  std::vector<uint32_t> compared_;
  std::vector<float> directions_;  // their vectors at length 1, row by row
  std::vector<float> likeness_;    // to each of them, a row a slot of the window, oldest first
};

}  // namespace rondo::recommender::reranker
