// The exact set of dense video indices that a viewer has seen, compressed by 65,536: a chunk is a
// sorted array of 16-bit values while it has at most 4,096 of them, a bitmap of 8 KB beyond.
// A value type, not thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "recommender/features/video_set.h"

namespace rondo::recommender::features {

class SeenSet {
 public:
  // True when it was not there.
  bool insert(uint32_t index);
  bool contains(uint32_t index) const;
  size_t size() const { return size_; }
  // Ascending.
  std::vector<uint32_t> to_vector() const;
  // Into a set of more videos than the largest member.
  void insert_into(VideoSet& videos) const;

 private:
  static constexpr size_t kArrayMax = 4096;
  struct Chunk {
    uint32_t high;
    std::vector<uint16_t> values;  // sorted, while bitmap is empty
    std::vector<uint64_t> bitmap;  // 1,024 words
  };
  template <typename Visit>
  void for_each(Visit visit) const;

  std::vector<Chunk> chunks_;  // by high
  size_t size_ = 0;
};

}  // namespace rondo::recommender::features
