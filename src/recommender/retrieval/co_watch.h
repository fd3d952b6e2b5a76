// What the same viewers like: for each video the ones most liked beside it, and a linear model of
// "likes j" on "liked i" over them. Both are kept while the log is folded; nothing is batched.
//
//   x[u][j] = n^(-share/2) when viewer u likes j or j is "everybody", else 0; n: u's likes so far,
//             rounded down to a power of two
//   G       = X' X
//   w[.][j] = (G_NN + D)^-1 G_Nj, where N is j's neighbours and everybody, and D is diagonal:
//             regularization + dropout / (1 - dropout) of G's own diagonal
//   score(viewer, j) = w[everybody][j] + sum of w[i][j] over the i in N that the viewer liked
//
// The ridge regression of EASE (H. Steck, "Embarrassingly Shallow Autoencoders", WWW 2019) that
// learns to do without a share of the likes (H. Steck, "Autoencoders that don't overfit towards the
// Identity", NeurIPS 2020), each video over its own neighbourhood only (fsSLIM: X. Ning and G.
// Karypis, ICDM 2011), so that its cost is bounded and one video at a time is solved: those that
// have changed, in turn, some at each Tick. "Everybody" is a neighbour of all, liked by all: the
// intercept.
//
// All that a viewer likes weighs alike, and a heavy viewer's less: at the 2nd, 4th, 8th.. like the
// pairs so far are weighed anew, so that a like costs as much again on average.
//
// Counts of a pair are exact while it stays in either list; a full list gives up the pair of the
// least strength, count / sqrt(positives of the neighbour), and is never weighed anew then.
//
// Bytes a video with likes: 64 + 12 a neighbour (40: 544). Not thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "recommender/bundle.h"

namespace rondo::recommender::retrieval {

// The videos that a viewer has liked, as a set. Built once a page.
class LikedSet {
 public:
  explicit LikedSet(std::span<const uint32_t> videos);
  bool contains(uint32_t video) const {
    if ((maybe_[bit(video) / 64] >> (bit(video) % 64) & 1) == 0) return false;
    for (size_t at = home(video);; at = (at + 1) & mask_) {
      if (slots_[at] == video + 1) return true;
      if (slots_[at] == 0) return false;
    }
  }
  // As given: oldest first.
  std::span<const uint32_t> videos() const { return videos_; }

 private:
  static constexpr size_t kBits = 4096;

  static size_t bit(uint32_t video) { return video * 2654435761u >> 20; }
  size_t home(uint32_t video) const { return (video * 2654435761u >> 7) & mask_; }

  std::vector<uint32_t> videos_;
  std::vector<uint32_t> slots_;  // video + 1; 0 is empty
  size_t mask_ = 0;
  // By a hash: most of what is asked for is not there, and this is in the nearest cache.
  std::array<uint64_t, kBits / 64> maybe_{};
};

class CoWatch {
 public:
  struct Neighbour {
    uint32_t video;
    float count;   // G
    float weight;  // of the model; 0 outside the solved neighbourhood
  };
  struct Row {
    float positives = 0;  // G[j][j]
    float likes = 0;      // G[everybody][j]
    float intercept = 0;
    bool stale = false;   // changed since it was solved
    uint32_t solved = 0;  // the first ones of the list are the model's
    std::vector<Neighbour> neighbours;
    std::span<const Neighbour> model() const { return std::span(neighbours).first(solved); }
  };

  explicit CoWatch(const Bundle& bundle) : bundle_(bundle) {}

  // What a like has added to the sums: for other partitions. They do not hear of what is weighed
  // anew: there a pair weighs what its later like did when it came, which makes a product X'X too.
  struct Added {
    float everybody = 0;
    float positives = 0;  // of the video
    float likes = 0;      // of the video
    std::vector<std::pair<uint32_t, float>> pairs;
  };
  // A positive outcome of `video`: the viewer's `positives`-th, after `liked` (oldest first,
  // without `video`; pairs lie at most as many likes apart as the bundle says). `added` may be
  // null.
  void note(uint32_t video, std::span<const uint32_t> liked, uint32_t positives,
            Added* added = nullptr);
  // The same sums from elsewhere.
  void add_everybody(float amount) { c_.everybody += amount; }
  void add_likes(uint32_t video, float positives, float likes);
  void add_pair(uint32_t a, uint32_t b, float amount);
  // Solves as many of the stale videos as the bundle says for a Tick.
  void solve_some();

  // The model's estimate that somebody who liked these likes `video` too, about 0..1.
  float score(uint32_t video, const LikedSet& liked) const;
  // log of how many times likelier that is than for just anybody; 0 when nothing is known.
  float lift(uint32_t video, const LikedSet& liked) const;
  // How many of these likes speak for the video.
  uint32_t support(uint32_t video, const LikedSet& liked) const;
  // The share of viewers who like the video, a heavy viewer's like counting less.
  float popularity(uint32_t video) const;
  // What was liked beside the viewer's latest likes, with a strength that ranks them: in order of
  // first appearance, each once.
  std::vector<std::pair<uint32_t, float>> neighbours_of(const LikedSet& liked) const;

  // State, for checkpoints. Rows by video index; what lies beyond the end has none.
  struct Contents {
    float everybody = 0;  // G[everybody][everybody]: viewers with a like
    uint32_t next = 0;    // where the search for stale videos goes on
    std::vector<Row> rows;
  };
  const Contents& contents() const { return c_; }
  // Goes on from counts that were made with the same viewer_share. Under other options: the
  // strongest neighbours as there is room, all to be solved again.
  void carry(const CoWatch& from);
  // corrupt when an index is not below `videos`, or a number is not one.
  Result<void> restore(Contents contents, size_t videos);

 private:
  Row& row(uint32_t video);
  const Row* find(uint32_t video) const {
    return video < c_.rows.size() ? &c_.rows[video] : nullptr;
  }
  void set_positives(uint32_t video, float positives);
  // From the rows.
  void derive();
  // What each like of a viewer with this many weighs.
  float weight(uint32_t positives) const;
  // A viewer's likes so far weigh this much more than they did.
  void weigh_anew(std::span<const uint32_t> liked, float by);
  // Sorts the neighbours, strongest first.
  void rank(Row& row) const;
  void add_neighbour(Row& of, uint32_t neighbour, float amount);
  float strength(const Neighbour& neighbour) const;
  void solve(uint32_t video);

  const Bundle& bundle_;
  Contents c_;
  // By video, side by side: the square root of its positives. At least .03: rows that a forgotten
  // like has left without any must not divide by 0.
  std::vector<float> roots_;
  // Scratch of solve: the place of a video in the system, -1 outside.
  std::vector<int32_t> place_;
};

}  // namespace rondo::recommender::retrieval
