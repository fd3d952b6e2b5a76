// What shows videos to simulated viewers: the engine, or one of the feeds to compare it with. All
// are driven alike, as the player drives For You: a page is asked for after each swipe, holding
// what the viewer is committed to; only its first slot is ever committed.
//
// Not thread safe. A feed reads the catalogue; the random and popular ones and the engine read only
// what a record would tell of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "recommender/bundle.h"
#include "simulator/catalogue.h"
#include "simulator/viewer.h"

namespace rondo::simulator {

// Where a video came from: a slot of a page.
struct Place {
  uint32_t video = 0;  // index in the catalogue
  uint64_t page = kNoPage;
  uint32_t slot = 0;
  static constexpr uint64_t kNoPage = UINT64_MAX;  // not from a page: Latest, or a link
};

class Feed {
 public:
  virtual ~Feed() = default;
  virtual std::string_view name() const = 0;
  // Videos that exist before the simulation begins come first, at its first moment.
  virtual Result<void> published(uint32_t video, uint64_t now_us) = 0;
  // Up to `slots` videos that this viewer has not seen and does not hold, best first. Pages of this
  // viewer before it are over but for what is held.
  virtual Result<std::vector<Place>> page(const Viewer& viewer, std::span<const Place> held,
                                          uint32_t slots, uint64_t now_us) = 0;
  virtual Result<void> shown(const Viewer& viewer, const Place& place, uint64_t now_us) = 0;
  virtual Result<void> watched(const Viewer& viewer, const Place& place, const Viewing& viewing,
                               uint64_t now_us) = 0;
  // Once, after the last event: for feeds that keep their own counts.
  virtual std::vector<std::pair<std::string, double>> counts() const { return {}; }
};

// The engine in process, through recommender/engine.h: what a host appends to the log, this folds.
// With several partitions each has an engine and viewers of its own, and they learn from each other
// as those of `rondo serve --partitions N` do. `partitions` > 0.
Result<std::unique_ptr<Feed>> engine_feed(const Catalogue& catalogue,
                                          const recommender::Bundle& bundle, uint32_t partitions);
// Any unseen video, all alike.
std::unique_ptr<Feed> random_feed(const Catalogue& catalogue, uint64_t seed);
// The same for everybody: the unseen videos with the highest rate of finishes, counts halved each
// day, a tenth of a page's slots uniform so that it finds out what is liked.
std::unique_ptr<Feed> popular_feed(const Catalogue& catalogue, uint64_t seed);
// Knows what nobody can: the unseen video that this viewer is expected to watch longest, now. A
// greedy bound: no feed that ranks each swipe by itself can do better on average, one that plans
// ahead might.
std::unique_ptr<Feed> oracle_feed(const Catalogue& catalogue);

}  // namespace rondo::simulator
