// What is taken: the limits that a file, and the work on it, is held against. Plain values: thread
// safe.
#pragma once

#include <cstdint>

namespace rondo::media {

struct MediaLimits {
  uint64_t size_bytes_max = 1ull << 30;
  uint64_t duration_ms_max = 10 * 60 * 1000;
  // Of one frame: 4K UHD, cinema 4K included, with a little room for padding.
  uint64_t pixels_max = 4096ull * 2304;
  uint64_t side_pixels_min = 16;
  // Frames a second: slow motion of phones ends at 240.
  uint64_t frame_rate_max = 500;
  uint64_t streams_max = 32;
  // What one job may take.
  uint64_t memory_bytes_max = 3ull << 30;
  uint64_t wall_seconds_max = 1800;
};

}  // namespace rondo::media
