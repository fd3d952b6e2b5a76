// One run: viewers come, watch and leave, videos are published, and one feed answers; in log time,
// event by event. Everything follows from the plan and the feed.
//
// A session is the player's: a page is asked for, the first two slots are committed; a video comes
// on screen, is watched, its events are told; then the rest is asked for anew, holding what is
// committed, and its first slot is the next. Only what is held survives the next page.
//
// Not thread safe. An error is the feed's, with what was being done.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "simulator/feed.h"
#include "simulator/parameters.h"
#include "simulator/tally.h"
#include "simulator/viewer.h"

namespace rondo::simulator {

// Accounts that want one video to be shown to others. They swipe until they meet it, watch what is
// like it on the way, then watch it again and again, like, save, comment, share and follow; and
// tell the network the same once more, without a page.
struct Brigade {
  uint32_t bots = 0;
  uint32_t swipes_max = 60;  // of one bot
  double minutes = 10;       // over which they come
};

// The first moment of every simulation.
inline constexpr uint64_t kStartUs = 1'750'000'000'000'000;

struct Plan {
  Parameters parameters;
  uint64_t seed = kTuningSeed;
  uint64_t swipes = 60'000;       // of honest viewers; sessions under way then end by themselves
  uint64_t warm_swipes = 30'000;  // before anything is counted
  // Each video of the beginning, once with each of these lengths instead of its own; empty: as it
  // is.
  std::vector<float> twin_seconds;
  // After the warm-up, spread evenly over the swipes that are left: people who come for the first
  // time, or whose interests shift (at a session's beginning, after `shift_after` swipes of
  // theirs).
  uint32_t newcomers = 0;
  uint32_t shifts = 0;
  uint32_t shift_after = 60;
  uint32_t follow_swipes = 40;  // for how long they stay and are measured
  // A video without merit by an unknown author, published when the warm-up ends; and who pushes it.
  bool pushed_video = false;
  Brigade brigade;
};

struct Outcome {
  Tally tally;
  uint64_t end_us = 0;
  double seconds = 0;               // of real time
  double cpu_seconds = 0;           // of this thread
  double feed_seconds = 0;          // of real time, inside the feed
  uint64_t pushed_impressions = 0;  // of the pushed video, among honest viewers
  uint64_t pushed_of = 0;           // honest impressions since it was published
  std::vector<std::pair<std::string, double>> counts;
};

// `catalogue` grows as videos are published; when it is empty it is given what
// plan.parameters.videos.initial says first.
Result<Outcome> simulate(const Plan& plan, Catalogue& catalogue, Feed& feed);

}  // namespace rondo::simulator
