#include "recommender/features/pending.h"

#include <algorithm>

#include "base/result.h"
#include "recommender/kernels/math.h"

namespace rondo::recommender::features {

void Maturity::note_shown(uint64_t now_us) {
  advance(now_us);
  shown += 1;
}

void Maturity::note_ended(size_t window, uint64_t now_us) {
  advance(now_us);
  ended[window] += 1;
}

float Maturity::share(size_t window) const {
  return shown > 0 ? std::min(1.0f, ended[window] / shown) : 0.0f;
}

void Maturity::advance(uint64_t now_us) {
  constexpr uint64_t kHalfLifeUs = 7 * 86'400'000'000ull;
  constexpr uint64_t kStepUs = 60'000'000;  // what fades in less would round to nothing
  if (last_us == 0) last_us = now_us;
  if (now_us < last_us + kStepUs) return;
  const float keep = kernels::half_life_decay(now_us - last_us, kHalfLifeUs);
  shown *= keep;
  for (float& count : ended) count *= keep;
  last_us = now_us;
}

void Pending::add(uint64_t page_offset, PendingPage page, uint64_t reservation_due_us) {
  RD_ASSERT(pages_.empty() || pages_.rbegin()->first < page_offset);
  size_t open = 0;
  for (const PendingSlot& s : page.slots) open += s.status != PendingSlot::kClosed ? 1 : 0;
  if (open == 0) return;
  open_slots_ += open;
  page_due_.emplace_back(reservation_due_us, page_offset);
  by_viewer_[page.viewer].push_back(page_offset);
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

void Pending::show(uint64_t page_offset, uint32_t slot,
                   const std::array<uint64_t, kWindows>& due_us) {
  PendingPage* page = find(page_offset);
  RD_ASSERT(page != nullptr && page->slots[slot].status == PendingSlot::kReserved);
  page->slots[slot].status = PendingSlot::kOnScreen;
  for (size_t w = 0; w < kWindows; ++w) due_[w].push_back({due_us[w], page_offset, slot});
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
  if (!open) erase(at);
}

void Pending::erase(std::map<uint64_t, PendingPage>::iterator page) {
  auto of_viewer = by_viewer_.find(page->second.viewer);
  auto& offsets = of_viewer->second;
  offsets.erase(std::lower_bound(offsets.begin(), offsets.end(), page->first));
  if (offsets.empty()) by_viewer_.erase(of_viewer);
  pages_.erase(page);
}

void Pending::erase_page(uint64_t page_offset) {
  auto at = pages_.find(page_offset);
  if (at == pages_.end()) return;
  for (const PendingSlot& s : at->second.slots) {
    if (s.status != PendingSlot::kClosed) --open_slots_;
  }
  erase(at);
}

std::vector<uint64_t> Pending::pages_of(uint64_t viewer) const {
  auto at = by_viewer_.find(viewer);
  return at == by_viewer_.end() ? std::vector<uint64_t>() : at->second;
}

std::optional<std::pair<uint64_t, uint32_t>> Pending::find_shown(uint64_t viewer,
                                                                 uint32_t video) const {
  auto of_viewer = by_viewer_.find(viewer);
  if (of_viewer == by_viewer_.end()) return std::nullopt;
  const auto& offsets = of_viewer->second;
  for (size_t i = offsets.size(); i-- > 0;) {
    const auto& slots = pages_.find(offsets[i])->second.slots;
    for (uint32_t s = 0; s < slots.size(); ++s) {
      if (slots[s].video == video && slots[s].status == PendingSlot::kOnScreen) {
        return std::pair(offsets[i], s);
      }
    }
  }
  return std::nullopt;
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

std::optional<Pending::Due> Pending::take_due(size_t window, uint64_t now_us) {
  auto& queue = due_[window];
  while (!queue.empty() && queue.front().due_us <= now_us) {
    Due due = queue.front();
    queue.pop_front();
    if (waits(due)) return due;
  }
  return std::nullopt;
}

void Pending::reschedule(uint64_t reservation_us) {
  page_due_.clear();
  for (const auto& [offset, page] : pages_) {
    page_due_.emplace_back(page.served_us + reservation_us, offset);
  }
}

bool Pending::waits(const Due& due) const {
  auto at = pages_.find(due.page_offset);
  return at != pages_.end() && at->second.slots[due.slot].status == PendingSlot::kOnScreen;
}

std::vector<Pending::Due> Pending::waiting(size_t window) const {
  std::vector<Due> out;
  for (const Due& due : due_[window]) {
    if (waits(due)) out.push_back(due);
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
  for (auto& queue : due_) {
    if (queue.size() > 2 * open_slots_ + kSlack) {
      std::erase_if(queue, [this](const Due& due) { return !waits(due); });
    }
  }
}

}  // namespace rondo::recommender::features
