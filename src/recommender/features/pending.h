// Pages whose outcomes are still to come: for each slot the reservation of its video, and the
// example as it stood when `Served` was folded (features frozen; user features once a page).
//
// Life of a slot: reserved -> on screen (an impression) -> closed. A reservation ends at a release
// or after the bundle's minutes of log time; a slot on screen closes when its like window is over.
// Bounded: beyond the limit of slots the oldest page is dropped, its slots masked: never taken for
// negative.
//
// Bytes: a slot 72 (features 64), a page 120 with its place in the order, 4 x dimensions for the
// pooled history, 24 a slot while its like window waits. A page of 8 slots, 2 of them shown: 808.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "recommender/bundle.h"

namespace rondo::recommender::features {

using FeatureVector = std::array<float, kFeatures>;

struct PendingSlot {
  enum Status : uint8_t { kReserved, kOnScreen, kClosed };
  // Outcomes that have happened: each at most once.
  static constexpr uint8_t kWatch = 1, kLike = 2, kUnlike = 4, kShare = 8, kSave = 16,
                           kNotInterested = 32, kReport = 64;
  uint32_t video = 0;  // index
  uint8_t status = kReserved;
  uint8_t outcomes = 0;
  bool masked = false;  // outcomes count, but nothing is trained
  FeatureVector features{};
};

struct PendingPage {
  uint64_t viewer = 0;
  uint64_t served_us = 0;
  std::vector<float> pooled;  // the viewer's pooled history
  std::vector<PendingSlot> slots;
};

class Pending {
 public:
  // A slot whose like window ends at `due_us`.
  struct LikeWindow {
    uint64_t due_us;
    uint64_t page_offset;
    uint32_t slot;
  };

  void add(uint64_t page_offset, PendingPage page, uint64_t reservation_due_us);
  PendingPage* find(uint64_t page_offset);
  // The open slot at this place when it is this viewer's and holds this video.
  PendingSlot* match(uint64_t page_offset, uint32_t slot, uint64_t viewer, uint32_t video);
  void show(uint64_t page_offset, uint32_t slot, uint64_t like_due_us);
  // Closes the slot; the page goes with its last open slot.
  void close(uint64_t page_offset, uint32_t slot);
  void erase_page(uint64_t page_offset);
  std::vector<uint64_t> pages_of(uint64_t viewer) const;
  std::optional<uint64_t> oldest_page() const;

  // What has come due at `now_us`, in order of time.
  std::optional<uint64_t> take_due_page(uint64_t now_us);
  std::optional<LikeWindow> take_due_like(uint64_t now_us);

  size_t open_slots() const { return open_slots_; }
  const std::map<uint64_t, PendingPage>& pages() const { return pages_; }

  // For checkpoints: the like windows that still wait, in order.
  std::vector<LikeWindow> like_windows() const;
  void restore_like_window(const LikeWindow& window) { like_due_.push_back(window); }

 private:
  bool waits(const LikeWindow& window) const;
  void compact();

  std::map<uint64_t, PendingPage> pages_;  // by offset
  // Both in the order in which they come due, since log time never falls.
  std::deque<std::pair<uint64_t, uint64_t>> page_due_;  // due_us, page offset
  std::deque<LikeWindow> like_due_;
  size_t open_slots_ = 0;
};

}  // namespace rondo::recommender::features
