// The ids of a partition's newest messages, in memory: what appends are deduplicated by.
//
// Bounded by a number of messages, about 200 bytes each. It is rebuilt from the messages themselves
// when the log is opened, so it needs no storage of its own and cannot disagree with the log.
// Not thread safe: the log's writer owns it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"

namespace rondo::stream {

class DedupeWindow {
 public:
  // `messages_max` > 0. The first id that is added stands at `next`.
  DedupeWindow(size_t messages_max, Offset next) : messages_max_(messages_max), first_(next) {}
  // Moved, the strings stay where they are; copied, the views would be of another window's.
  DedupeWindow(DedupeWindow&&) = default;
  DedupeWindow(const DedupeWindow&) = delete;
  DedupeWindow& operator=(const DedupeWindow&) = delete;

  std::optional<Offset> find(std::string_view id) const {
    auto it = offsets_.find(id);
    if (it == offsets_.end()) return std::nullopt;
    return it->second;
  }

  // Of the message that follows the one added before.
  void add(std::string id) {
    const Offset offset(first_.value() + ids_.size());
    ids_.push_back(std::move(id));
    // Stored twice, outside of an earlier window: the newer counts. The key must view the string
    // that lives longer.
    offsets_.erase(ids_.back());
    offsets_.emplace(ids_.back(), offset);
    if (ids_.size() > messages_max_) drop_oldest();
  }

  // Forgets messages that retention has removed.
  void drop_before(Offset first) {
    while (first_ < first && !ids_.empty()) drop_oldest();
  }

 private:
  void drop_oldest() {
    auto it = offsets_.find(ids_.front());
    if (it != offsets_.end() && it->second == first_) offsets_.erase(it);
    ids_.pop_front();
    first_ = Offset(first_.value() + 1);
  }

  size_t messages_max_;
  Offset first_;                 // of ids_.front()
  std::deque<std::string> ids_;  // its strings do not move when others come and go
  std::unordered_map<std::string_view, Offset> offsets_;  // keys view ids_
};

}  // namespace rondo::stream
