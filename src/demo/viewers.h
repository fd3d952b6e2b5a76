// Synthetic viewers of the demo world: people who do not exist, with tastes that the engine is not
// told, who ask for pages and swipe through them like anybody else. What they leave in the log is
// what For You has learned from when the first real person comes.
//
// A viewer loves two topics, does not mind two, and swipes the rest away. Everything about viewer
// number n follows from n, but for the engine's answers.
//
// watch() blocks; several may run at once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "feed/hosts.h"
#include "stream/stream.h"

namespace rondo::demo {

struct ViewedVideo {
  std::string topic;
  uint32_t duration_ms = 0;
};

struct ViewerDeps {
  feed::Hosts& hosts;
  stream::Stream& log;
  const base::Clock& clock;
  base::SecureRandom& random;
  // Topic and length of a video; not_found when it is gone.
  std::function<Result<ViewedVideo>(VideoId)> look_up;
};

struct ViewerOptions {
  int pages = 4;
  uint32_t page_slots = 6;
};

// One session of viewer number `index`. unavailable when the engine cannot answer.
Result<void> watch(const ViewerDeps& deps, const ViewerOptions& options, uint64_t index,
                   std::stop_token stop);

}  // namespace rondo::demo
