// What this partition's fold has added to the item side since its last cut, and has not told the
// other partitions yet. Sums over viewers only. Nothing is kept in a network of one partition.
//
// Bounded: one entry a video at most; kPairsMax pairs, beyond which the weakest half is dropped and
// counted. Contents are in order of first change, a function of the log. Not thread safe.
//
// Bytes a changed video: 52, 4 for its place, 12 a pair.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "recommender/features/decayed_counters.h"
#include "recommender/features/watch_histogram.h"
#include "recommender/retrieval/co_watch.h"

namespace rondo::recommender::exchange {

inline constexpr size_t kPairsMax = size_t{1} << 16;

struct VideoChange {
  uint32_t video = 0;  // index
  std::array<uint32_t, features::kEvents> events{};
  uint32_t examples = 0;  // that the ranker was trained on
  uint32_t likes = 0;     // that the towers were
  float positives = 0;    // co-watch: added to the video's sums
  float like_weight = 0;

  bool empty() const;
  // Orders what is told first.
  uint64_t activity() const;
};

struct PairChange {
  uint32_t a = 0;  // indices, a < b
  uint32_t b = 0;
  float count = 0;
};

class Changes {
 public:
  void count(uint32_t video, features::Event event);
  void watch(uint32_t duration_ms, uint32_t watch_ms);
  void co_watch(uint32_t video, const retrieval::CoWatch::Added& added);
  void train(uint32_t video) { ++entry(video).examples; }
  void like(uint32_t video) { ++entry(video).likes; }

  bool empty() const;
  // Events of a video that the others do not know of.
  uint32_t events(uint32_t video, features::Event event) const;

  struct Contents {
    std::vector<VideoChange> videos;
    std::array<uint32_t, features::kDurationBuckets * features::kWatchBins> watches{};
    float everybody = 0;
    std::vector<PairChange> pairs;
    uint64_t pairs_dropped = 0;
  };
  const Contents& contents() const { return c_; }
  // Sums up the pairs that are there more than once: ascending by (a, b).
  void compact_pairs();
  // What remains after a cut, or was in a checkpoint. corrupt when an index does not fit.
  Result<void> restore(Contents contents, size_t videos);

 private:
  VideoChange& entry(uint32_t video);

  Contents c_;
  std::vector<uint32_t> place_;  // by video: its entry + 1; 0: none
};

}  // namespace rondo::recommender::exchange
