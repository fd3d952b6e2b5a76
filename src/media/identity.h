// Whether a video shows, and sounds like, what the network has already: near duplicates are one
// *look*, the same sound track is one *sound*, each named by the first video that had it.
//
// Every video's frame hashes and every sound's fingerprint are in the database, and in memory,
// where a new one is held against all of them (measured in docs/decisions/0146): at most kFramesMax
// and kItemsMax of the newest, older ones are not looked at. Precision comes before recall: what is
// wrongly taken for a duplicate is never shown to those who saw the other.
//
// Thread safe. assign and forget block on the database. Errors: those of the database; corrupt.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "media/traces.h"
#include "storage/database.h"

namespace rondo::media {

struct Identity {
  VideoId look;   // the first video that looked so, itself when it is new
  VideoId sound;  // the first video that sounded so; zero: silent, or too short to tell
};

class Identities {
 public:
  static constexpr size_t kFramesMax = 2'000'000;
  static constexpr size_t kItemsMax = 20'000'000;

  // Reads what is known. Both have to outlive it.
  static Result<std::unique_ptr<Identities>> create(storage::Database& database,
                                                    const base::Clock& clock);

  // Repeated for the same video: the same answer, whatever came between.
  Result<Identity> assign(VideoId video, const Traces& traces);
  // The video's own traces go; a sound goes with its last video. Idempotent.
  Result<void> forget(VideoId video);

 private:
  struct Seen {
    VideoId video, look, sound;
    std::vector<FrameHash> frames;
  };
  struct Heard {
    VideoId sound;
    std::vector<uint32_t> items;
  };

  Identities(storage::Database& database, const base::Clock& clock)
      : database_(database), clock_(clock) {}
  Result<void> load();
  VideoId find_sound(const std::vector<uint32_t>& items) const;
  VideoId find_look(const std::vector<FrameHash>& frames, VideoId sound) const;
  void remember(Seen seen);
  void remember(Heard heard);

  storage::Database& database_;
  const base::Clock& clock_;

  mutable std::mutex mutex_;  // guards what follows; held over a whole assign, so that two equal
                              // videos at the same time do not both become the first
  std::deque<Seen> seen_;     // the oldest first
  std::deque<Heard> heard_;
  size_t frames_ = 0, items_ = 0;
};

}  // namespace rondo::media
