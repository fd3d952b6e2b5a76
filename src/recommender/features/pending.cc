#include "recommender/features/pending.h"

#include <algorithm>

#include "base/result.h"

namespace rondo::recommender::features {

void Pending::add(uint64_t page_offset, PendingPage page, uint64_t reservation_due_us) {
  RD_ASSERT(pages_.empty() || pages_.rbegin()->first < page_offset);
  size_t open = 0;
  for (const PendingSlot& s : page.slots) open += s.status != PendingSlot::kClosed ? 1 : 0;
  if (open == 0) return;
  open_slots_ += open;
  page_due_.emplace_back(reservation_due_us, page_offset);
  pages_.emplace_hint(pages_.end(), page_offset, std::move(page));
  compact();
}

PendingPage* Pending::find(uint64_t page_offset) {
  auto at = pages_.find(page_offset);
  return at == pages_.end() ? nullptr : &at->second;
}

PendingSlot* Pending::match(uint64_t page_offset, uint32_t slot, uint64_t viewer, uint32_t video) {
  PendingPage* page = find(page_offset);
  if (page == nullptr || page->viewer != viewer || slot >= page->slots.size()) return nullptr;
  PendingSlot& s = page->slots[slot];
  return s.video == video && s.status != PendingSlot::kClosed ? &s : nullptr;
}

void Pending::show(uint64_t page_offset, uint32_t slot, uint64_t like_due_us) {
  PendingPage* page = find(page_offset);
  RD_ASSERT(page != nullptr && page->slots[slot].status == PendingSlot::kReserved);
  page->slots[slot].status = PendingSlot::kOnScreen;
  like_due_.push_back({like_due_us, page_offset, slot});
  compact();
}

void Pending::close(uint64_t page_offset, uint32_t slot) {
  auto at = pages_.find(page_offset);
  RD_ASSERT(at != pages_.end());
  auto& slots = at->second.slots;
  if (slots[slot].status == PendingSlot::kClosed) return;
  slots[slot].status = PendingSlot::kClosed;
  --open_slots_;
  bool open = std::any_of(slots.begin(), slots.end(),
                          [](const PendingSlot& s) { return s.status != PendingSlot::kClosed; });
  if (!open) pages_.erase(at);
}

void Pending::erase_page(uint64_t page_offset) {
  auto at = pages_.find(page_offset);
  if (at == pages_.end()) return;
  for (const PendingSlot& s : at->second.slots) {
    if (s.status != PendingSlot::kClosed) --open_slots_;
  }
  pages_.erase(at);
}

std::vector<uint64_t> Pending::pages_of(uint64_t viewer) const {
  std::vector<uint64_t> out;
  for (const auto& [offset, page] : pages_) {
    if (page.viewer == viewer) out.push_back(offset);
  }
  return out;
}

std::optional<uint64_t> Pending::oldest_page() const {
  return pages_.empty() ? std::nullopt : std::optional(pages_.begin()->first);
}

std::optional<uint64_t> Pending::take_due_page(uint64_t now_us) {
  while (!page_due_.empty() && page_due_.front().first <= now_us) {
    uint64_t offset = page_due_.front().second;
    page_due_.pop_front();
    if (pages_.count(offset) != 0) return offset;
  }
  return std::nullopt;
}

std::optional<Pending::LikeWindow> Pending::take_due_like(uint64_t now_us) {
  while (!like_due_.empty() && like_due_.front().due_us <= now_us) {
    LikeWindow window = like_due_.front();
    like_due_.pop_front();
    if (waits(window)) return window;
  }
  return std::nullopt;
}

bool Pending::waits(const LikeWindow& window) const {
  auto at = pages_.find(window.page_offset);
  return at != pages_.end() && at->second.slots[window.slot].status == PendingSlot::kOnScreen;
}

std::vector<Pending::LikeWindow> Pending::like_windows() const {
  std::vector<LikeWindow> out;
  for (const LikeWindow& window : like_due_) {
    if (waits(window)) out.push_back(window);
  }
  return out;
}

// Entries of pages that have gone wait for their time to be dropped; they must not outnumber the
// living by much. Costs a constant an entry, since at least half go.
void Pending::compact() {
  constexpr size_t kSlack = 4096;
  if (page_due_.size() > 2 * pages_.size() + kSlack) {
    std::erase_if(page_due_, [this](const auto& due) { return pages_.count(due.second) == 0; });
  }
  if (like_due_.size() > 2 * open_slots_ + kSlack) {
    std::erase_if(like_due_, [this](const LikeWindow& window) { return !waits(window); });
  }
}

}  // namespace rondo::recommender::features
