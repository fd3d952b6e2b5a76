#include "recommender/features/video_set.h"

#include "base/result.h"

namespace rondo::recommender::features {

uint32_t VideoSet::nth(size_t rank) const {
  for (size_t w = 0; w < words_.size(); ++w) {
    const auto here = static_cast<size_t>(std::popcount(words_[w]));
    if (rank >= here) {
      rank -= here;
      continue;
    }
    uint64_t word = words_[w];
    for (; rank > 0; --rank) word &= word - 1;
    return static_cast<uint32_t>(w) * kWord + static_cast<uint32_t>(std::countr_zero(word));
  }
  RD_ASSERT(false);
  return 0;
}

}  // namespace rondo::recommender::features
