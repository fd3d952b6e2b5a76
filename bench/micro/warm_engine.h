// An engine in process with a network around it: 50,000 videos, and as many viewers as a bench
// folds. Records come as a host would append them: a page served, its slots shown and watched, log
// time going on with a Tick a second. Pages are of videos far and wide, not ranked ones, so that
// building a large state takes seconds; what a page holds decides nothing about the cost of folding
// it.
//
// Everything follows from the seed. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "recommender/engine.h"

namespace rondo::bench {

struct NetworkOptions {
  uint32_t videos = 50'000;
  uint32_t authors = 5'000;
  uint32_t topics = 200;
  uint32_t sounds = 5'000;
  uint32_t slots = 6;  // of a page
  uint64_t seed = 1;
};

class WarmEngine {
 public:
  static Result<WarmEngine> create(const NetworkOptions& options);

  // A record that is made but not folded yet: making it is no part of what is measured.
  struct Made {
    uint64_t time_us;
    log::v1::Record record;
  };
  // One page each of `viewers` more viewers: Served, then an impression and a watch of every slot.
  std::vector<Made> make_viewers(uint32_t viewers);
  // Another page each of the latest `viewers`, of videos that they have not seen.
  std::vector<Made> make_pages(uint32_t viewers);
  // Nobody comes until nothing is pending; and until all viewers are forgotten.
  Result<void> settle();
  Result<void> forget_viewers();
  Result<void> fold(const std::vector<Made>& records);

  log::v1::FeedRequest request_of_random_viewer();
  const recommender::Engine& engine() const { return *engine_; }
  uint32_t viewers() const { return viewers_; }

 private:
  WarmEngine(const NetworkOptions& options, std::unique_ptr<recommender::Engine> engine)
      : options_(options), engine_(std::move(engine)), rng_(options.seed) {}
  Result<void> publish();
  void make_page(std::vector<Made>& out, uint32_t number);
  Result<void> tick_after(uint64_t us);
  void append(std::vector<Made>& out, log::v1::Record record);

  NetworkOptions options_;
  std::unique_ptr<recommender::Engine> engine_;
  base::Rng rng_;
  uint64_t offset_ = 0;  // of the next record to be made
  uint64_t now_us_ = 1'750'000'000'000'000;
  uint64_t ticked_s_ = 0;
  uint64_t events_ = 0;
  uint32_t viewers_ = 0;
  struct Person {
    uint32_t fond;                   // of this topic
    uint32_t first;                  // where their walk through the videos begins
    uint32_t liked = 0, others = 0;  // steps taken
  };
  std::vector<Person> people_;  // by viewer
};

// Bars are for AVX-512 machines; elsewhere the engine may take 1.8 times as long.
double time_allowance();

}  // namespace rondo::bench
