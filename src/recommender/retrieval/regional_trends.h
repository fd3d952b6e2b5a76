// What the viewers of each region finish, like, share and save lately: the few videos of a region
// with the most merit, fading with a half-life of a day.
//
// Which they are is found by Space-Saving (A. Metwally et al., "Efficient Computation of Frequent
// and Top-k Elements in Data Streams", ICDT 2005) over forward-decayed weights (G. Cormode et al.,
// "Forward Decay", ICDE 2009): a full list gives the place and the merit of its least to whatever
// comes new, so that it can rise.
//
// A video trends in a region once several viewers there have finished it: one viewer finishes a
// video once, so that nobody's watching is told to others.
//
// A viewer is of the region of the latest page. A partition knows the regions of its own viewers
// alone: each has its sample of them all. Bytes: 24 a video and region, at most 2 MB. Not thread
// safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rondo::recommender::retrieval {

// A region by its ISO 3166-1 code of two capitals; 0: none, or not known.
using Region = uint16_t;
inline constexpr Region kRegionsMax = 26 * 26;  // codes 1 to this
// 0 for what is not two capitals.
Region region_of(std::string_view code);
std::string region_name(Region region);

class RegionalTrends {
 public:
  static constexpr size_t kVideosMax = 128;  // of a region
  static constexpr uint32_t kFinishesMin = 3;

  struct Trend {
    uint32_t video;     // index
    uint32_t finishes;  // since it is in the list
    double key;         // log2 of the merit, and when it was that, in half-lives: comparable ever
  };
  // Something good of a viewer of the region; 0: nothing.
  void note(Region region, uint32_t video, float merit, bool finish, uint64_t now_us);
  // By video; those with too few finishes among them.
  std::span<const Trend> of(Region region) const;

  // State, for checkpoints: of each region that has any, ascending.
  struct List {
    Region region = 0;
    std::vector<Trend> trends;
  };
  const std::vector<List>& contents() const { return lists_; }
  // corrupt when an index is not below `videos`, or the order is another.
  Result<void> restore(std::vector<List> lists, size_t videos);

 private:
  std::vector<List> lists_;
};

}  // namespace rondo::recommender::retrieval
