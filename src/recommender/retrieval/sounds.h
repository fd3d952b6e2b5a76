// Videos by their sound: what a viewer who likes a sound can be shown next. Derived from what was
// published; in no checkpoint. Not thread safe.
//
// Bytes a video: 8, and with a sound 4 and its share of the sound's list.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace rondo::recommender::retrieval {

class Sounds {
 public:
  // The video's sound from now on; 0: it has none.
  void set(uint32_t video, uint64_t sound);
  // Ascending.
  std::span<const uint32_t> videos_of(uint64_t sound) const;

 private:
  std::vector<uint64_t> sound_of_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> by_sound_;  // looked up, never iterated
};

}  // namespace rondo::recommender::retrieval
