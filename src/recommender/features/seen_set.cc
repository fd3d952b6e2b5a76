#include "recommender/features/seen_set.h"

#include <algorithm>
#include <bit>

#include "base/room.h"

namespace rondo::recommender::features {
namespace {

constexpr auto kByHigh = [](const auto& chunk, uint32_t high) { return chunk.high < high; };

}  // namespace

bool SeenSet::insert(uint32_t index) {
  uint32_t high = index >> 16;
  auto low = static_cast<uint16_t>(index);
  auto chunk = std::lower_bound(chunks_.begin(), chunks_.end(), high, kByHigh);
  if (chunk == chunks_.end() || chunk->high != high)
    chunk = chunks_.insert(chunk, Chunk{high, {}, {}});
  if (!chunk->bitmap.empty()) {
    uint64_t bit = uint64_t{1} << (low % 64);
    uint64_t& word = chunk->bitmap[low / 64];
    if ((word & bit) != 0) return false;
    word |= bit;
    ++size_;
    return true;
  }
  auto at = std::lower_bound(chunk->values.begin(), chunk->values.end(), low);
  if (at != chunk->values.end() && *at == low) return false;
  const auto place = at - chunk->values.begin();
  base::make_room(chunk->values);
  chunk->values.insert(chunk->values.begin() + place, low);
  ++size_;
  if (chunk->values.size() > kArrayMax) {
    chunk->bitmap.assign(1024, 0);
    for (uint16_t value : chunk->values) chunk->bitmap[value / 64] |= uint64_t{1} << (value % 64);
    chunk->values = {};
  }
  return true;
}

bool SeenSet::contains(uint32_t index) const {
  auto chunk = std::lower_bound(chunks_.begin(), chunks_.end(), index >> 16, kByHigh);
  if (chunk == chunks_.end() || chunk->high != index >> 16) return false;
  auto low = static_cast<uint16_t>(index);
  if (!chunk->bitmap.empty()) return ((chunk->bitmap[low / 64] >> (low % 64)) & 1) != 0;
  return std::binary_search(chunk->values.begin(), chunk->values.end(), low);
}

template <typename Visit>
void SeenSet::for_each(Visit visit) const {
  for (const Chunk& chunk : chunks_) {
    uint32_t base = chunk.high << 16;
    for (uint16_t value : chunk.values) visit(base + value);
    for (size_t w = 0; w < chunk.bitmap.size(); ++w) {
      for (uint64_t word = chunk.bitmap[w]; word != 0; word &= word - 1) {
        visit(base + static_cast<uint32_t>(w * 64) + static_cast<uint32_t>(std::countr_zero(word)));
      }
    }
  }
}

std::vector<uint32_t> SeenSet::to_vector() const {
  std::vector<uint32_t> out;
  out.reserve(size_);
  for_each([&out](uint32_t index) { out.push_back(index); });
  return out;
}

void SeenSet::insert_into(VideoSet& videos) const {
  for_each([&](uint32_t index) { videos.insert(index); });
}

}  // namespace rondo::recommender::features
