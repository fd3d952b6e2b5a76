#include "recommender/features/word_lists.h"

#include <algorithm>

#include "base/result.h"

namespace rondo::recommender::features {

void WordLists::set(uint32_t index, std::span<const uint32_t> words) {
  RD_ASSERT(words.size() <= kVideoWordsMax);
  Place& place = places_[index];
  auto count = static_cast<uint32_t>(words.size());
  if (count > place.count) {
    left_ += place.count;
    place = {static_cast<uint32_t>(words_.size()), count};
    words_.resize(words_.size() + count);
  } else {
    left_ += place.count - count;
    place.count = count;
  }
  std::copy(words.begin(), words.end(), words_.begin() + place.start);
  if (left_ > words_.size() / 2) gather();
}

void WordLists::gather() {
  std::vector<uint32_t> block;
  block.reserve(words_.size() - left_);
  for (Place& place : places_) {
    auto from = words_.begin() + place.start;
    place.start = static_cast<uint32_t>(block.size());
    block.insert(block.end(), from, from + place.count);
  }
  words_ = std::move(block);
  left_ = 0;
}

}  // namespace rondo::recommender::features
