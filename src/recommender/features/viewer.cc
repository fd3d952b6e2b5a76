#include "recommender/features/viewer.h"

#include <algorithm>

#include "base/room.h"

namespace rondo::recommender::features {
namespace {

constexpr uint64_t kDayUs = 86'400'000'000ull;
constexpr size_t kRecentWatches = 32;
constexpr float kRatePrior = 4;  // watches' worth

template <typename Key>
void block(std::vector<Key>& list, Key key) {
  if (std::find(list.begin(), list.end(), key) != list.end()) return;
  if (list.size() == kBlockedMax) list.erase(list.begin());
  list.push_back(key);
}

}  // namespace

float valence(const HistoryEntry& entry) {
  if ((entry.flags & HistoryEntry::kNotInterested) != 0) return -1.0f;
  float value = 0;
  if ((entry.flags & HistoryEntry::kFinished) != 0) {
    value = 1.0f;
  } else if ((entry.flags & HistoryEntry::kSkipped) != 0) {
    value = -0.5f;
  } else if ((entry.flags & HistoryEntry::kWatched) != 0) {
    value = 0.6f * (2.0f * static_cast<float>(entry.quantile) / 255.0f - 1.0f);
  }
  if ((entry.flags & HistoryEntry::kLiked) != 0) value = std::max(value, 0.0f) + 0.5f;
  return value;
}

bool Viewer::is_follow(uint32_t author) const {
  return std::binary_search(follows.begin(), follows.end(), author);
}

bool Viewer::has_reserved(uint32_t video) const {
  return std::any_of(reserved.begin(), reserved.end(),
                     [video](const ReservedSlot& r) { return r.video == video; });
}

bool Viewer::note_event(uint64_t event_hash) {
  if (std::find(event_window.begin(), event_window.end(), event_hash) != event_window.end()) {
    return false;
  }
  if (event_window.size() == kEventWindow) event_window.erase(event_window.begin());
  base::make_room(event_window, kEventWindow);
  event_window.push_back(event_hash);
  return true;
}

HistoryEntry& Viewer::history_entry(uint32_t video, uint32_t now_s, size_t entries_max) {
  for (size_t i = history.size(); i > 0; --i) {
    if (history[i - 1].video == video) return history[i - 1];
  }
  // More than one when the bundle's limit has fallen.
  while (history.size() >= entries_max) history.erase(history.begin());
  base::make_room(history, entries_max);
  return history.emplace_back(HistoryEntry{video, now_s, 0, 0});
}

std::span<const HistoryEntry> Viewer::recent() const {
  const auto first = std::partition_point(history.begin(), history.end(),
                                          [this](const auto& e) { return e.at_s < turned_s; });
  return {first, history.end()};
}

std::vector<uint32_t> Viewer::liked() const {
  std::vector<uint32_t> out;
  for (const HistoryEntry& entry : recent()) {
    if (valence(entry) > 0) out.push_back(entry.video);
  }
  return out;
}

void Viewer::block_author(uint32_t author) { block(blocked_authors, author); }
void Viewer::block_sound(uint64_t sound_id) { block(blocked_sounds, sound_id); }

void Viewer::turn(const Bundle::Tastes& options) {
  turned_s = doubt.since_s;
  doubt = {};
  topics.step_back(options.turned_left);
  authors.step_back(options.turned_left);
  tastes.turn(options);
}

void Viewer::reset() {
  doubt = {};
  turned_s = 0;
  history.clear();
  topics.clear();
  authors.clear();
  tastes.clear();
  touched.clear();
}

void Viewer::forgive() {
  blocked_authors.clear();
  blocked_sounds.clear();
  wishes.forgive();
}

RecentRates recent_rates(const Viewer& viewer, float skip_prior, float finish_prior) {
  float skips = 0;
  float finishes = 0;
  float watches = 0;
  for (size_t i = viewer.history.size(); i > 0 && watches < kRecentWatches; --i) {
    uint8_t flags = viewer.history[i - 1].flags;
    if ((flags & HistoryEntry::kWatched) == 0) continue;
    watches += 1;
    if ((flags & HistoryEntry::kSkipped) != 0) skips += 1;
    if ((flags & HistoryEntry::kFinished) != 0) finishes += 1;
  }
  float n = watches + kRatePrior;
  return {(skips + kRatePrior * skip_prior) / n, (finishes + kRatePrior * finish_prior) / n};
}

Viewer* Viewers::find(uint64_t id) {
  auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : at->second.get();
}

const Viewer* Viewers::find(uint64_t id) const {
  auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : at->second.get();
}

Viewer* Viewers::find_or_make(uint64_t id, bool anonymous, uint64_t now_us,
                              std::unique_ptr<Viewer>& evicted) {
  if (Viewer* known = find(id)) return known;
  if (by_id_.size() >= bundle_.limits.viewers_max) {
    Viewer* due = first_due();
    if (due == nullptr) return nullptr;
    evicted = take(due->id);
  }
  auto viewer = std::make_unique<Viewer>();
  viewer->id = id;
  viewer->anonymous = anonymous;
  viewer->active_us = now_us;
  Viewer* made = viewer.get();
  restore(std::move(viewer));
  return made;
}

void Viewers::set_anonymous(Viewer& viewer, bool anonymous) {
  if (viewer.anonymous == anonymous) return;
  viewer.anonymous = anonymous;
  // A timer of one who is anonymous no more is dropped when it comes up.
  if (anonymous) timers_.emplace(deadline_us(viewer), viewer.id);
}

uint64_t Viewers::deadline_us(const Viewer& viewer) const {
  uint64_t days = viewer.impressions == 0 ? 1 : bundle_.limits.anonymous_idle_days;
  return viewer.active_us + days * kDayUs;
}

Viewer* Viewers::first_due() {
  while (!timers_.empty()) {
    auto [deadline, id] = *timers_.begin();
    Viewer* viewer = find(id);
    if (viewer != nullptr && viewer->anonymous && deadline == deadline_us(*viewer)) return viewer;
    timers_.erase(timers_.begin());
    if (viewer != nullptr && viewer->anonymous) timers_.emplace(deadline_us(*viewer), id);
  }
  return nullptr;
}

std::unique_ptr<Viewer> Viewers::take_expired(uint64_t now_us) {
  if (timers_.empty() || timers_.begin()->first > now_us) return nullptr;
  Viewer* due = first_due();
  if (due == nullptr || deadline_us(*due) > now_us) return nullptr;
  return take(due->id);
}

std::unique_ptr<Viewer> Viewers::take(uint64_t id) {
  auto at = by_id_.find(id);
  if (at == by_id_.end()) return nullptr;
  auto viewer = std::move(at->second);
  by_id_.erase(at);
  return viewer;
}

void Viewers::restore(std::unique_ptr<Viewer> viewer) {
  if (viewer->anonymous) timers_.emplace(deadline_us(*viewer), viewer->id);
  uint64_t id = viewer->id;
  by_id_.emplace(id, std::move(viewer));
}

void Viewers::rederive() {
  timers_.clear();
  for (const auto& [id, viewer] : by_id_) {
    if (viewer->anonymous) timers_.emplace(deadline_us(*viewer), id);
  }
}

std::vector<uint64_t> Viewers::sorted_ids() const {
  std::vector<uint64_t> ids;
  ids.reserve(by_id_.size());
  for (const auto& [id, viewer] : by_id_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace rondo::recommender::features
