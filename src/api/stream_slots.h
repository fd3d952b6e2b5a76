// How many answers that stay open there may be: in all, and to one viewer. Who gets none polls.
//
// Thread safe. The slots outlive their tickets.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/ids.h"

namespace rondo::api {

class StreamSlots {
 public:
  StreamSlots(int total_max, int per_viewer_max)
      : total_max_(total_max), per_viewer_max_(per_viewer_max) {}

  // Holds its place for as long as it lives.
  class Ticket {
   public:
    Ticket(StreamSlots& slots, EngineId viewer) : slots_(slots), viewer_(viewer) {}
    ~Ticket() { slots_.give_back(viewer_); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    StreamSlots& slots_;
    const EngineId viewer_;
  };

  // Null when all are taken.
  std::unique_ptr<Ticket> take(EngineId viewer) {
    std::lock_guard lock(mutex_);
    if (total_ >= total_max_) return nullptr;
    int& own = by_viewer_[viewer];
    if (own >= per_viewer_max_) return nullptr;
    ++own;
    ++total_;
    return std::make_unique<Ticket>(*this, viewer);
  }

 private:
  void give_back(EngineId viewer) {
    std::lock_guard lock(mutex_);
    --total_;
    auto found = by_viewer_.find(viewer);
    if (--found->second == 0) by_viewer_.erase(found);
  }

  const int total_max_;
  const int per_viewer_max_;
  std::mutex mutex_;
  int total_ = 0;                                // guarded by mutex_
  std::unordered_map<EngineId, int> by_viewer_;  // guarded by mutex_; those that have one
};

}  // namespace rondo::api
