// The hashed words of every video, end to end in one block: 8 bytes a video and 4 a word. Logical
// content only counts: where a list lies in the block does not.
//
// Not thread safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace rondo::recommender::features {

inline constexpr size_t kVideoWordsMax = 128;

// As lists of hashed words are: each once, in order.
inline bool strictly_ascending(std::span<const uint32_t> words) {
  return std::adjacent_find(words.begin(), words.end(), std::greater_equal<>()) == words.end();
}

class WordLists {
 public:
  size_t size() const { return places_.size(); }
  std::span<const uint32_t> of(uint32_t index) const {
    return {words_.data() + places_[index].start, places_[index].count};
  }
  // A list more, empty.
  void append() { places_.push_back({0, 0}); }
  // At most kVideoWordsMax words; what does not fit in place goes to the end, and what it leaves
  // behind is gathered in when it is more than half of the block.
  void set(uint32_t index, std::span<const uint32_t> words);

 private:
  struct Place {
    uint32_t start;
    uint32_t count;
  };
  void gather();

  std::vector<uint32_t> words_;
  std::vector<Place> places_;
  size_t left_ = 0;  // words in the block that no list holds any more
};

}  // namespace rondo::recommender::features
