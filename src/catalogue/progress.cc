#include "catalogue/progress.h"

#include <algorithm>

namespace rondo::catalogue {

std::optional<int> ProgressBoard::note(VideoId video, double progress) {
  std::lock_guard lock(mutex_);
  auto it = progress_.find(video);
  if (it == progress_.end()) {
    if (progress_.size() >= kVideosMax) progress_.erase(progress_.begin());
    it = progress_.emplace(video, 0.0).first;
  }
  // Written so that a NaN counts as no progress.
  const double next = progress > it->second ? std::min(progress, 1.0) : it->second;
  const int tenth_before = static_cast<int>(it->second * 10);
  it->second = next;
  const int tenth = static_cast<int>(next * 10);
  if (tenth == tenth_before) return std::nullopt;
  return tenth * 10;
}

std::optional<double> ProgressBoard::find(VideoId video) const {
  std::lock_guard lock(mutex_);
  auto it = progress_.find(video);
  if (it == progress_.end()) return std::nullopt;
  return it->second;
}

void ProgressBoard::forget(VideoId video) {
  std::lock_guard lock(mutex_);
  progress_.erase(video);
}

}  // namespace rondo::catalogue
