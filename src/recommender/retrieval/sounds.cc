#include "recommender/retrieval/sounds.h"

#include <algorithm>

namespace rondo::recommender::retrieval {

void Sounds::set(uint32_t video, uint64_t sound) {
  if (video >= sound_of_.size()) sound_of_.resize(video + 1, 0);
  const uint64_t before = sound_of_[video];
  if (before == sound) return;
  sound_of_[video] = sound;
  if (before != 0) {
    auto at = by_sound_.find(before);
    std::erase(at->second, video);
    if (at->second.empty()) by_sound_.erase(at);
  }
  if (sound == 0) return;
  auto& list = by_sound_[sound];
  list.insert(std::lower_bound(list.begin(), list.end(), video), video);
}

std::span<const uint32_t> Sounds::videos_of(uint64_t sound) const {
  auto at = by_sound_.find(sound);
  return sound == 0 || at == by_sound_.end() ? std::span<const uint32_t>() : at->second;
}

}  // namespace rondo::recommender::retrieval
