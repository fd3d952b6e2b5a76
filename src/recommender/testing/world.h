// For tests: an engine with a small synthetic network around it. Records are appended as a host
// would: ranked, folded as Served, then shown and watched. Everything follows from the seed.
// Time moves a second with each outcome. Fails the running test when the engine refuses.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "recommender/engine.h"

namespace rondo::recommender::testing {

inline constexpr uint64_t kStartUs = 1'750'000'000'000'000;
inline constexpr uint64_t kSecondUs = 1'000'000;

struct WorldOptions {
  uint32_t videos = 48;
  uint32_t topics = 8;
  uint32_t authors = 12;
  uint64_t seed = 1;
};

// A slot on its way to a screen.
struct Place {
  uint64_t page_offset;
  uint32_t slot;
  uint64_t video;
};

struct Page {
  uint64_t offset;  // of the Served record
  log::v1::Served served;
  Place place(size_t slot) const {
    return {offset, static_cast<uint32_t>(slot), served.slots(static_cast<int>(slot)).video_id()};
  }
};

class World {
 public:
  explicit World(const WorldOptions& options, const Bundle& bundle = Bundle::defaults(),
                 std::shared_ptr<const BundleSource> bundles = nullptr);

  // Publishes the catalogue: video ids 1001.., topic "t<i>" by turns, authors 501.. by turns.
  void publish_all();
  void publish(uint64_t video, uint64_t author, const std::vector<std::string>& topics,
               uint32_t duration_ms = 10'000, const std::vector<uint32_t>& words = {});

  // Folds one record now; it is kept in `log`.
  Result<void> apply(const log::v1::Record& record, std::vector<std::string> deltas = {});
  void tick();
  void advance(uint64_t us) { now_us += us; }

  log::v1::FeedRequest request(uint64_t viewer, uint32_t limit,
                               const std::vector<Place>& held = {}) const;
  Page serve(const log::v1::FeedRequest& request);
  Page serve(uint64_t viewer, uint32_t limit, const std::vector<Place>& held = {}) {
    return serve(request(viewer, limit, held));
  }
  void show(uint64_t viewer, const Place& place);
  void finish(uint64_t viewer, const Place& place);
  void skip(uint64_t viewer, const Place& place);
  void watch(uint64_t viewer, const Place& place, uint32_t watch_ms, uint32_t loops, bool skipped);
  void like(uint64_t viewer, const Place& place, bool liked = true);
  void not_interested(uint64_t viewer, const Place& place, log::v1::NotInterestedScope scope);
  log::v1::Engagement engagement(uint64_t viewer, const Place& place);
  void engage(const log::v1::Engagement& engagement);

  // One swipe as the player does it: show, watch or skip by `wants(topic)`, ask anew holding what
  // is committed. Returns what was shown.
  struct Session {
    uint64_t viewer;
    std::vector<Place> committed;  // current first
    Page latest;
  };
  Session start(uint64_t viewer, uint32_t limit);
  Place swipe(Session& session, uint32_t limit,
              const std::function<bool(const std::string& topic)>& wants);

  // `count` viewers, each fond of two topics, watch some pages: what others' swipes teach.
  void train(uint32_t count, uint32_t pages);

  const std::string& topic(uint64_t video) const { return topic_of_.at(video); }
  uint64_t author(uint64_t video) const { return author_of_.at(video); }
  double share(const log::v1::Served& page, const std::string& topic) const;

  std::unique_ptr<Engine> engine;
  base::Rng rng;
  uint64_t now_us = kStartUs;
  struct Logged {
    uint64_t time_us;
    log::v1::Record record;
    std::vector<std::string> deltas;
  };
  std::vector<Logged> log;
  WorldOptions options;

 private:
  std::map<uint64_t, std::string> topic_of_;
  std::map<uint64_t, uint64_t> author_of_;
  uint64_t next_event_ = 1;
};

std::unique_ptr<Engine> make_engine(const Bundle& bundle = Bundle::defaults(),
                                    std::shared_ptr<const BundleSource> bundles = nullptr);

// Refolds the log of `world` from its beginning under `first`, and from a checkpoint taken before
// each of the records `cuts`: all give the same state as the world's engine, and every fifth page.
void expect_resumes(const World& world, const Bundle& first,
                    const std::shared_ptr<const BundleSource>& bundles,
                    const std::vector<size_t>& cuts);

}  // namespace rondo::recommender::testing
