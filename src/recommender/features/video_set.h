// A set of dense video indices, one bit each: sets of the whole catalogue are combined, counted and
// searched 64 videos at a time.
//
// A value type, not thread safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rondo::recommender::features {

class VideoSet {
 public:
  static constexpr uint32_t kWord = 64;  // videos a word

  // For indices below `videos`; those that were not possible before are not in it.
  void resize(size_t videos) { words_.resize((videos + kWord - 1) / kWord, 0); }
  // Empty, for indices below `videos`.
  void reset(size_t videos) {
    words_.clear();
    resize(videos);
  }

  bool contains(uint32_t video) const { return ((words_[video / kWord] & bit(video)) != 0); }
  void insert(uint32_t video) { words_[video / kWord] |= bit(video); }
  void erase(uint32_t video) { words_[video / kWord] &= ~bit(video); }
  void set(uint32_t video, bool in) { in ? insert(video) : erase(video); }
  // Both for the same number of videos.
  void erase_all(const VideoSet& others) {
    for (size_t w = 0; w < words_.size(); ++w) words_[w] &= ~others.words_[w];
  }

  size_t count() const {
    size_t count = 0;
    for (uint64_t word : words_) count += static_cast<size_t>(std::popcount(word));
    return count;
  }
  // The video with `rank` smaller ones in the set, which has more than that.
  uint32_t nth(size_t rank) const;

  // Video v is bit v % 64 of word v / 64.
  std::span<const uint64_t> words() const { return words_; }

 private:
  static uint64_t bit(uint32_t video) { return uint64_t{1} << (video % kWord); }

  std::vector<uint64_t> words_;
};

// Visits the videos whose bits are set in word `w`, the largest first.
template <typename Visit>
void for_each_of_word(size_t w, uint64_t word, Visit visit) {
  while (word != 0) {
    const auto place = static_cast<uint32_t>(63 - std::countl_zero(word));
    word ^= uint64_t{1} << place;
    visit(static_cast<uint32_t>(w) * VideoSet::kWord + place);
  }
}

// All of them, the largest first; `visit` may erase what it is given.
template <typename Visit>
void for_each(const VideoSet& set, Visit visit) {
  for (size_t w = set.words().size(); w-- > 0;) for_each_of_word(w, set.words()[w], visit);
}

}  // namespace rondo::recommender::features
