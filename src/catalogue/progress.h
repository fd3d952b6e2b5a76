// How far videos in processing are, in memory: exact for a bounded number of them, so that a poll
// costs no write. Tells when the database should be told (each tenth).
//
// Thread safe.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/ids.h"

namespace rondo::catalogue {

class ProgressBoard {
 public:
  // `progress` is clamped to 0..1 and never goes back. The percentage to store when it has entered
  // another tenth, else nullopt.
  std::optional<int> note(VideoId video, double progress);
  std::optional<double> find(VideoId video) const;
  void forget(VideoId video);

 private:
  static constexpr size_t kVideosMax = 1024;  // beyond, the stored percentage has to do

  mutable std::mutex mutex_;
  std::unordered_map<VideoId, double> progress_;  // guarded by mutex_
};

}  // namespace rondo::catalogue
