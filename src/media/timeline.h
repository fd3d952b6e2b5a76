// When a stream starts and ends and how many frames it has, from its packets as ffprobe lists them:
// what containers say of it is often missing, and sometimes absurd.
//
// A value of one thread. No errors: lines that make no sense are passed over.
#pragma once

#include <cstdint>
#include <string_view>

namespace rondo::media {

struct Timeline {
  uint64_t frames = 0;
  double first = 0, last = 0;  // seconds
  double last_duration = 0;

  // When the last frame is over, which lasts as usual unless it says itself how long.
  double end(double usual_duration) const {
    return last + (last_duration > 0 ? last_duration : usual_duration);
  }

  // "pts,dts,duration,flags", each of them in seconds or "N/A".
  void add_packet(std::string_view fields);
};

}  // namespace rondo::media
