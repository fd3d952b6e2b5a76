// Inverted file: the videos in lists by the nearest of some centroids, so that a query reads the
// lists that may hold its best and leaves the rest (H. Jegou et al., "Product Quantization for
// Nearest Neighbor Search", PAMI 2011, section IV; lists hold the 8-bit codes as they are).
//
//   list(v)  = argmax over k of x_v . c_k - |c_k|^2 / 2, by codes of both; ties to the smaller k
//   worth(k) = q . c_k + mean bias of k: the mean score of its videos
//
// Lists are read by falling worth until they have held the bundle's share of all videos.
//
// Lloyd's iteration never ends: some videos are put in their lists anew at each Tick, in turn, and
// added to the sums of their list; when all have had their turn, each centroid moves to the mean of
// those that it got. There is no rebuild and no pause. The first rounds end before anybody probes.
// A video whose vector has changed, or that is new, is in its list at once.
//
// What a probe visits is a function of the contents, not of how the lists are laid out. Centroids,
// lists and the round so far are state; the copies of the codes are derived. Bytes a video: list 2,
// place 4, id 4, copies of code, scale and bias 8 + d. Not thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "recommender/bundle.h"

namespace rondo::recommender::retrieval {

class InvertedFile {
 public:
  explicit InvertedFile(const Bundle& bundle)
      : d_(bundle.towers.dimensions),
        lists_(bundle.towers.lists),
        share_(bundle.towers.probed_share),
        lists_from_(bundle.towers.lists_from) {}

  // A video as the exact scan reads it. Vectors and codes have d a video.
  struct Items {
    std::span<const float> vectors;
    std::span<const float> biases;
    std::span<const int8_t> codes;
    std::span<const float> scales;
  };
  // The video's code has changed, or it is new. Nothing before the lists have begun.
  void put(const Items& items, uint32_t video);
  // The turn of some videos: at each Tick. Begins when there are enough of them.
  void turn(const Items& items);
  // Whether every video is in a list, and the centroids are good enough to be probed.
  bool is_ready() const;

  // Lists by falling worth for this query.
  struct Probe {
    uint32_t list;
    float worth;
  };
  std::vector<Probe> probes(std::span<const float> query) const;
  // The lists that a query reads: visit(videos, codes, scales, biases), each list once.
  template <typename Visit>
  void visit(std::span<const float> query, Visit visit) const {
    const auto enough = static_cast<size_t>(share_ * static_cast<float>(places_.size()));
    size_t read = 0;
    for (const Probe& probe : probes(query)) {
      const List& list = by_list_[probe.list];
      visit(std::span(list.videos), std::span(list.codes), std::span(list.scales),
            std::span(list.biases));
      read += list.videos.size();
      if (read >= enough) break;
    }
  }

  // State, for checkpoints. All empty before the lists have begun.
  struct Contents {
    std::vector<float> centroids;   // lists x d
    std::vector<float> means;       // of a list's biases, as of the last round
    std::vector<uint16_t> list_of;  // by video; kNone: not yet
    uint32_t next = 0;              // whose turn it is
    uint32_t rounds = 0;            // that have ended
    // Of the round so far, by list.
    std::vector<float> sums;  // lists x d
    std::vector<uint32_t> counts;
    std::vector<float> bias_sums;
  };
  static constexpr uint16_t kNone = UINT16_MAX;
  const Contents& contents() const { return c_; }
  // corrupt when the sizes do not fit the bundle or the items.
  Result<void> restore(Contents contents, const Items& items);
  // Whether what was kept under the other's bundle can go on under this one.
  bool fits(const Bundle& bundle) const {
    return bundle.towers.dimensions == d_ && bundle.towers.lists == lists_;
  }

 private:
  struct List {
    std::vector<uint32_t> videos;
    std::vector<int8_t> codes;
    std::vector<float> scales;
    std::vector<float> biases;
  };
  bool has_begun() const { return !c_.centroids.empty(); }
  void begin(const Items& items);
  void end_round(const Items& items);
  void encode_centroids();
  uint16_t nearest(std::span<const int8_t> code, float scale);
  bool has_changed(const Items& items, uint32_t video) const;
  void put_in_nearest(const Items& items, uint32_t video);
  void place(const Items& items, uint32_t video, uint16_t list);
  void take_out(uint32_t video);

  size_t d_;
  uint32_t lists_;
  float share_;
  uint32_t lists_from_;
  Contents c_;
  // Derived.
  std::vector<int8_t> centroid_codes_;
  std::vector<float> centroid_scales_;
  std::vector<float> half_norms_;
  std::vector<List> by_list_;
  std::vector<uint32_t> places_;   // of a video in its list
  std::vector<int32_t> products_;  // scratch of nearest
};

}  // namespace rondo::recommender::retrieval
