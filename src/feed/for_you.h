// A For You page for a viewer: asks the partition's engine, within a bounded wait.
//
// Thread safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "feed/hosts.h"
#include "records/page_id.h"
#include "runtime/task.h"

namespace rondo::feed {

struct HeldSlot {
  records::PageId page;
  uint32_t slot = 0;
};

// Liked by people whom the viewer follows.
struct LikedVideo {
  VideoId video;
  uint32_t people = 0;
};

struct PageRequest {
  EngineId viewer;
  bool anonymous = false;  // no account: the engine forgets the viewer when it is long idle
  std::string language;
  std::string region;  // ISO 3166-1, two capitals; empty: unknown
  uint32_t limit = 6;
  std::vector<HeldSlot> held;                      // what the client keeps of earlier pages
  std::vector<LikedVideo> liked_by_followed = {};  // the best first, at most 32
  std::optional<Offset> after;
};

class ForYou {
 public:
  ForYou(Hosts& hosts, std::chrono::milliseconds wait_max) : hosts_(hosts), wait_max_(wait_max) {}

  // unavailable when the engine lags or has stopped: the caller falls back to Latest. invalid when
  // a held slot belongs to somebody else's partition.
  runtime::Task<Result<RankedPage>> page(PageRequest request);

 private:
  Hosts& hosts_;
  const std::chrono::milliseconds wait_max_;
};

}  // namespace rondo::feed
