// A viewer as the web client is one: holds a queue of slots, tells what came on screen and how it
// was watched, and asks for the rest of its page anew, holding what it is committed to.
//
// One thread at a time. It makes requests and reads answers; who sends them, and when, is the
// bench's affair: so nothing but the exchange itself is timed.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "support/http_client.h"

namespace rondo::bench {

class Viewer {
 public:
  // A new anonymous one. `seed` decides what it watches to the end.
  static Result<Viewer> create(HttpClient& client, uint64_t seed);

  const std::string& token() const { return token_; }
  size_t queued() const { return queue_.size(); }
  bool exhausted() const { return exhausted_; }
  uint64_t videos_watched() const { return watched_; }

  // The body of POST events that tells of the first `videos` of the queue, at most all of it: an
  // impression and a watch each. They leave the queue.
  std::string watch(size_t videos);
  // Reads the receipt. internal unless every event was accepted.
  Result<void> take_receipt(const Answer& answer);

  // The target of GET that asks for the page after all that was told, holding the first `held`.
  std::string page_target(size_t held, int limit = 6) const;
  // Reads the page. unavailable when it is a fallback; internal unless it was ranked after the
  // latest receipt and shows nothing that was watched or is held.
  Result<void> take_page(const Answer& answer, size_t held);

  const std::string& page_id() const { return page_id_; }
  // Offset of the latest receipt or page.
  int64_t offset() const { return offset_; }

 private:
  struct Slot {
    std::string page;
    int slot;
    std::string video;
    int64_t duration_ms;
  };
  explicit Viewer(uint64_t seed) : rng_(seed) {}

  base::Rng rng_;
  std::string token_;
  std::string page_id_;
  std::deque<Slot> queue_;
  std::vector<std::string> seen_;
  int64_t offset_ = -1;
  uint64_t watched_ = 0;
  bool exhausted_ = false;
};

}  // namespace rondo::bench
