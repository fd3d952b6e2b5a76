// Personal retrieval: two towers whose inner product says how likely this viewer is to like this
// video next, so that candidates come from the whole catalogue by one scan.
//
//   r(video)  = sum of the rows of the video, its author, its sound, and the mean of its topics'
//   t(viewer) = sum over the likes of decay^age r(like) / sqrt(sum of decay^age), newest first
//   score     = (M t) . r + bias(video)
//
// The viewer's side is history alone: a new viewer needs no trained row. Trained on likes with a
// sampled softmax over the batch's likes and uniform negatives, each logit less the log of how
// often its video is sampled (X. Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large
// Corpus Item Recommendations", RecSys 2019). The likes in t are state: no gradient goes into them.
//
// The videos' vectors are state, kept beside the rows: refreshed when they are trained and by a
// sweep, so that a step does not touch the whole index. The scan reads 8-bit codes of them, whole
// numbers, and the best few hundred again in full; where there are very many videos, those of some
// lists (ivf.h) instead of all. Not thread safe.
//
// Bytes a video at 32 dimensions: row 175, vector 132, code 36; with lists 50 more.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "recommender/bundle.h"
#include "recommender/embedding/table.h"
#include "recommender/features/catalogue.h"
#include "recommender/retrieval/ivf.h"

namespace rondo::recommender::retrieval {

// The id spaces of the rows. Append only.
enum class TowerSlot : uint8_t { kVideo, kAuthor, kTopic, kSound };
inline constexpr size_t kTowerSlots = 4;

// One like to learn from: what the viewer's history was when the page was served.
struct TowerExample {
  uint64_t viewer;
  uint32_t video;  // index
  std::span<const float> taste;
};

class Towers {
 public:
  explicit Towers(const Bundle& bundle);

  size_t dimensions() const { return d_; }
  // t of these likes, oldest first; zeros without any.
  std::vector<float> taste(std::span<const uint32_t> likes) const;
  // M t.
  std::vector<float> query(std::span<const float> taste) const;
  float score(std::span<const float> query, uint32_t video) const;

  // A video that has been published; and again when its rows may have changed.
  void refresh(const features::Catalogue& catalogue, uint32_t video);
  // Refreshes some of the videos, in turn; and some more have their turn in the lists.
  void sweep(const features::Catalogue& catalogue, uint32_t videos);
  void expire(uint32_t now_s);
  // One step. `seed` draws the negatives.
  void learn(const features::Catalogue& catalogue, std::span<const TowerExample> examples,
             uint64_t seed, uint32_t now_s);

  // Scores of all videos by their codes: `out` has one a video.
  void scan(std::span<const float> query, std::span<float> out) const;
  // Whether there are lists to probe. Then offer(video, score) gets those of the ones that may hold
  // the best, in no order: each score is the scan's.
  bool has_lists() const { return lists_.is_ready(); }
  template <typename Offer>
  void probe(std::span<const float> query, Offer offer) const {
    const QueryCode code = encode(query);
    std::array<float, kScanBlock> scores;
    lists_.visit(query, [&](auto videos, auto codes, auto scales, auto biases) {
      for (size_t from = 0; from < videos.size(); from += kScanBlock) {
        const size_t n = std::min(kScanBlock, videos.size() - from);
        score_block(code, codes.subspan(from * d_, n * d_), scales.subspan(from, n),
                    biases.subspan(from, n), std::span(scores).first(n));
        for (size_t i = 0; i < n; ++i) offer(videos[from + i], scores[i]);
      }
    });
  }

  // The rows that make up a video's vector, each with its coefficient.
  struct Field {
    TowerSlot slot;
    uint64_t id;
    float coefficient;
  };
  std::vector<Field> fields(const features::Catalogue& catalogue, uint32_t video) const;

  // State, for checkpoints.
  embedding::Table& table(TowerSlot slot) { return tables_[static_cast<size_t>(slot)]; }
  const embedding::Table& table(TowerSlot slot) const { return tables_[static_cast<size_t>(slot)]; }
  struct Contents {
    std::vector<float> mix;        // M, d x d, input-major: a row for each element of t
    std::vector<float> mix_state;  // Adagrad
    std::vector<float> vectors;    // videos x d
    std::vector<float> biases;     // one a video
    uint32_t sweep_next = 0;
    float loss = 0;  // mean of an example, exponentially averaged over steps
    uint64_t examples = 0;
  };
  const Contents& contents() const { return c_; }
  const InvertedFile& lists() const { return lists_; }
  // Starting weights of the viewer's matrix, d x d each.
  void set_mix(std::span<const float> mix, std::span<const float> state) {
    c_.mix.assign(mix.begin(), mix.end());
    c_.mix_state.assign(state.begin(), state.end());
  }
  // corrupt when the sizes do not fit. The lists after the rest, or they begin anew.
  Result<void> restore(Contents contents, size_t videos);
  Result<void> restore_lists(InvertedFile::Contents contents) {
    return lists_.restore(std::move(contents), items());
  }

 private:
  std::span<const float> vector(uint32_t video) const {
    return std::span(c_.vectors).subspan(size_t{video} * d_, d_);
  }
  static constexpr size_t kScanBlock = 2048;  // sums that stay in the first-level cache
  struct QueryCode {
    std::vector<int8_t> code;
    float scale;
  };
  QueryCode encode(std::span<const float> query) const;
  void score_block(const QueryCode& query, std::span<const int8_t> codes,
                   std::span<const float> scales, std::span<const float> biases,
                   std::span<float> out) const;
  void encode(uint32_t video);
  InvertedFile::Items items() const { return {c_.vectors, c_.biases, codes_, scales_}; }

  const Bundle& bundle_;
  const size_t d_;
  std::vector<embedding::Table> tables_;
  Contents c_;
  // Derived from the vectors: value = code x scale.
  std::vector<int8_t> codes_;
  std::vector<float> scales_;
  InvertedFile lists_;
};

}  // namespace rondo::recommender::retrieval
