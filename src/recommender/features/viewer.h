// What the engine knows of one viewer, and the store of all viewers with its limits.
//
// Bytes a viewer, at the most (the bundle's defaults; the seen set and pending pages apart):
//
//   history      128 x 12 = 1,536     the last outcomes
//   topics        48 x 20 =   960     affinities
//   authors       32 x 20 =   640     affinities
//   tastes       100 x 16 = 1,600     beliefs, typically 40 x 16 = 640
//   event window  64 x  8 =   512     hashes of client event ids
//   reserved      64 x 16 = 1,024     typically 8 x 16 = 128
//   touched       16 x 16 =   256     what changed since the last page, typically 4 x 16 = 64
//   the struct              ~  400
//   seen set     2 bytes a video seen, at most 8 KB for each 65,536 videos of the catalogue
//   follows      4 bytes each; blocked authors 4 and sounds 8 bytes each, at most 64 of each
//   wishes       what the viewer has asked for, see wishes.h
//
// Viewers are named by random engine ids. Anonymous ones are forgotten when idle for the bundle's
// number of days, sooner (one day) when they never had an impression, and when the limit of viewers
// is reached: the one idle for longest first. Others stay; at the limit, with no anonymous one
// left, a new viewer is not remembered.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "recommender/bundle.h"
#include "recommender/features/affinity.h"
#include "recommender/features/seen_set.h"
#include "recommender/features/surprise.h"
#include "recommender/features/tastes.h"
#include "recommender/features/wishes.h"

namespace rondo::recommender::features {

inline constexpr size_t kTopicAffinitiesMax = 48;
inline constexpr size_t kAuthorAffinitiesMax = 32;
inline constexpr size_t kBlockedMax = 64;
inline constexpr size_t kEventWindow = 64;
inline constexpr size_t kTouchedMax = 16;

// One of a viewer's outcomes. Flags are what is known of it.
struct HistoryEntry {
  static constexpr uint8_t kFinished = 1, kSkipped = 2, kLiked = 4, kNotInterested = 8,
                           kWatched = 16;
  uint32_t video;  // index
  uint32_t at_s;
  uint8_t flags;
  uint8_t quantile;  // of the watch, in 255ths
};

// How much this outcome speaks for its video, in -1..1.5: the weight when histories are pooled.
float valence(const HistoryEntry& entry);

struct ReservedSlot {
  uint64_t page_offset;
  uint32_t video;  // index
  uint32_t slot;
};

// A topic whose affinity has changed since the last page: what the page will say was learned.
struct TouchedTopic {
  uint32_t topic;
  float before;  // affinity at the last page
  uint16_t finished, skipped, liked, not_interested;
};

struct Viewer {
  uint64_t id = 0;
  bool anonymous = false;
  uint64_t active_us = 0;  // last page or outcome
  uint16_t region = 0;     // of the last page (retrieval/regional_trends.h); 0: not known
  uint64_t pages = 0;      // served
  uint64_t impressions = 0;
  uint32_t positives = 0;             // outcomes that spoke for their video, ever
  std::vector<HistoryEntry> history;  // oldest first, at most the bundle's limit
  Doubt doubt;                        // whether the tastes of before still hold
  uint32_t turned_s = 0;              // when they turned: what was before tells of them no more
  Affinities topics{kTopicAffinitiesMax};
  Affinities authors{kAuthorAffinitiesMax};
  Tastes tastes;
  std::vector<uint32_t> blocked_authors;  // not interested; oldest first
  std::vector<uint64_t> blocked_sounds;   // ids; the same
  Wishes wishes;                          // topics turned down too
  std::vector<uint32_t> follows;          // sorted author indices
  std::vector<ReservedSlot> reserved;     // oldest first
  std::vector<uint64_t> event_window;     // hashes, oldest first
  std::vector<TouchedTopic> touched;
  SeenSet seen;  // originals (Catalogue::original)

  bool is_follow(uint32_t author) const;
  bool has_reserved(uint32_t video) const;
  // False when the event id is in the window already.
  bool note_event(uint64_t event_hash);
  // The entry of this video; made when there is none, displacing the oldest beyond `entries_max`.
  HistoryEntry& history_entry(uint32_t video, uint32_t now_s, size_t entries_max);
  // The outcomes since the viewer's tastes turned, oldest first.
  std::span<const HistoryEntry> recent() const;
  // Videos of those whose outcome spoke for them.
  std::vector<uint32_t> liked() const;
  void block_author(uint32_t author);
  void block_sound(uint64_t sound_id);
  // The tastes of before hold no more since the doubt began; of the evidence a part stays.
  void turn(const Bundle::Tastes& options);
  // Forgets what was learned; what was seen, followed, reserved and asked for stays.
  void reset();
  // What was turned down may come again.
  void forgive();
};

// Shares of the last 32 watches, pulled to `prior`.
struct RecentRates {
  float skip;
  float finish;
};
RecentRates recent_rates(const Viewer& viewer, float skip_prior, float finish_prior);

class Viewers {
 public:
  explicit Viewers(const Bundle& bundle) : bundle_(bundle) {}

  Viewer* find(uint64_t id);
  const Viewer* find(uint64_t id) const;
  // Finds or makes; none at the limit. `evicted` is whom it displaced, if anybody.
  Viewer* find_or_make(uint64_t id, bool anonymous, uint64_t now_us,
                       std::unique_ptr<Viewer>& evicted);
  // After `active_us` or `anonymous` changed.
  void note_active(Viewer& viewer, uint64_t now_us) { viewer.active_us = now_us; }
  void set_anonymous(Viewer& viewer, bool anonymous);
  // Takes out one anonymous viewer whose idle time is over, if there is one.
  std::unique_ptr<Viewer> take_expired(uint64_t now_us);
  std::unique_ptr<Viewer> take(uint64_t id);
  void restore(std::unique_ptr<Viewer> viewer);
  // What is derived, again: after the bundle has changed.
  void rederive();

  size_t size() const { return by_id_.size(); }
  std::vector<uint64_t> sorted_ids() const;

 private:
  uint64_t deadline_us(const Viewer& viewer) const;
  // The anonymous viewer with the earliest deadline (ties: the smaller id), or none.
  Viewer* first_due();

  const Bundle& bundle_;
  std::unordered_map<uint64_t, std::unique_ptr<Viewer>> by_id_;
  // One entry for each anonymous viewer, with a deadline that may be too early: it is put right
  // when it comes up. So being active costs nothing.
  std::set<std::pair<uint64_t, uint64_t>> timers_;
};

}  // namespace rondo::recommender::features
