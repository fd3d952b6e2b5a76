// Pages whose outcomes are still to come: for each slot the reservation of its video, and the
// example as it stood when `Served` was folded (features frozen; user features once a page).
//
// Life of a slot: reserved -> on screen (an impression) -> closed. A reservation ends at a release
// or after the bundle's minutes of log time; a slot on screen closes when its last window is over.
// Bounded: beyond the limit of slots the oldest page is dropped, its slots masked: never taken for
// negative.
//
// Bytes: a slot 20 and 100 an arm (features 96), a page 216 with its place in the order, 4 x
// dimensions an arm for the pooled history, 24 a slot and window that waits. A page of 8 slots, 2
// of them shown, of one arm: 1,112.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "recommender/bundle.h"

namespace rondo::recommender::features {

using FeatureVector = std::array<float, kFeatures>;

// One of a viewer's outcomes as a page saw it: how much it spoke for its video, in 64ths.
struct PastOutcome {
  uint32_t video;  // index
  int8_t valence;
};

struct PendingSlot {
  enum Status : uint8_t { kReserved, kOnScreen, kClosed };
  // Outcomes that have happened: each at most once.
  static constexpr uint16_t kWatch = 1, kLike = 2, kUnlike = 4, kShare = 8, kSave = 16,
                            kNotInterested = 32, kReport = 64, kComment = 128, kFollow = 256;
  uint32_t video = 0;  // index
  uint8_t status = kReserved;
  uint16_t outcomes = 0;
  bool masked = false;  // outcomes count, but nothing is trained
  // As the page that showed it said.
  float skip_expected = 0.5f;
  float watch_expected = 0.5f;
};

// What one arm learns from of a page, as it stood when `Served` was folded. Empty when the arm came
// later, or its dimensions have changed since: then it learns nothing from the page.
struct Frozen {
  struct Slot {
    uint16_t trained = 0;  // bit h: head h has resolved
    FeatureVector features{};
  };
  std::vector<float> pooled;         // the viewer's pooled history
  std::vector<float> taste;          // the viewer's side of personal retrieval
  std::vector<PastOutcome> history;  // that the network attends to, newest first
  std::vector<Slot> slots;           // as those of the page
};

struct PendingPage {
  uint64_t viewer = 0;
  uint64_t served_us = 0;
  std::vector<PendingSlot> slots;
  std::vector<Frozen> arms;  // one for each arm of the state
};

// How far outcomes are known. A head that happens seldom learns what happens at once, and what does
// not when its window is over: a network younger than the window has seen nothing but likes. So
// what happens counts by the share of slots shown whose window is over: near nothing at first, 1
// when as many windows end as begin. (The delay of S. Ktena et al., "Addressing Delayed Feedback
// for Continuous Training", RecSys 2019, without their second label for one example.)
struct Maturity {
  static constexpr size_t kWindows = 2;  // soon, late

  void note_shown(uint64_t now_us);
  void note_ended(size_t window, uint64_t now_us);
  // 0..1.
  float share(size_t window) const;

  // Counts that halve every week.
  float shown = 0;
  std::array<float, kWindows> ended{};
  uint64_t last_us = 0;

 private:
  void advance(uint64_t now_us);
};

class Pending {
 public:
  // A slot on screen for which a window ends at `due_us`.
  struct Due {
    uint64_t due_us;
    uint64_t page_offset;
    uint32_t slot;
  };
  // The windows that end after the outcome.
  static constexpr size_t kWindows = Maturity::kWindows;
  static constexpr std::array<Window, kWindows> kWindowKinds{Window::kSoon, Window::kLate};

  void add(uint64_t page_offset, PendingPage page, uint64_t reservation_due_us);
  PendingPage* find(uint64_t page_offset);
  // The open slot at this place when it is this viewer's and holds this video.
  PendingSlot* match(uint64_t page_offset, uint32_t slot, uint64_t viewer, uint32_t video);
  void show(uint64_t page_offset, uint32_t slot, const std::array<uint64_t, kWindows>& due_us);
  // Closes the slot; the page goes with its last open slot.
  void close(uint64_t page_offset, uint32_t slot);
  void erase_page(uint64_t page_offset);
  // Offsets, ascending.
  std::vector<uint64_t> pages_of(uint64_t viewer) const;
  // The latest slot in which this viewer has this video on screen, as page offset and slot.
  std::optional<std::pair<uint64_t, uint32_t>> find_shown(uint64_t viewer, uint32_t video) const;
  std::optional<uint64_t> oldest_page() const;

  // What has come due at `now_us`, in order of time.
  std::optional<uint64_t> take_due_page(uint64_t now_us);
  std::optional<Due> take_due(size_t window, uint64_t now_us);

  size_t open_slots() const { return open_slots_; }
  const std::map<uint64_t, PendingPage>& pages() const { return pages_; }

  // All pages, to change what the arms have frozen of them.
  template <typename Change>
  void for_each(Change change) {
    for (auto& [offset, page] : pages_) change(page);
  }
  // From here on a reservation lasts so long: after the bundle has changed.
  void reschedule(uint64_t reservation_us);

  // For checkpoints: what still waits for a window's end, in order.
  std::vector<Due> waiting(size_t window) const;
  void restore(size_t window, const Due& due) { due_[window].push_back(due); }

 private:
  bool waits(const Due& due) const;
  void compact();

  void erase(std::map<uint64_t, PendingPage>::iterator page);

  std::map<uint64_t, PendingPage> pages_;                          // by offset
  std::unordered_map<uint64_t, std::vector<uint64_t>> by_viewer_;  // offsets, ascending
  // Both in the order in which they come due, since log time never falls.
  std::deque<std::pair<uint64_t, uint64_t>> page_due_;  // due_us, page offset
  std::array<std::deque<Due>, kWindows> due_;
  size_t open_slots_ = 0;
};

}  // namespace rondo::recommender::features
