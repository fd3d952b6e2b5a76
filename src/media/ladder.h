// Which renditions a picture gets: rungs of 1080, 720, 480 and 360 by the short side, portrait and
// landscape alike, never larger than the source; a source below 360 gets one rung of its own size.
//
// Pure; thread safe; no errors: any size that probe() accepts has at least one rung, the best one
// first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::media {

struct Rung {
  std::string name;           // "720p": the short side
  int width = 0, height = 0;  // even
  int64_t rate_bps_max = 0;   // of the picture, over any second or so
  bool av1 = false;           // coded as AV1, not H.264
};

// `width` and `height` as displayed (square pixels, rotated); `frame_rate` in frames a second.
std::vector<Rung> ladder(int width, int height, double frame_rate);

// Of a ladder, the rungs that are worth coding as AV1 too: those of 480 lines and more, or the best
// one. "720p-av1", of the same sizes.
std::vector<Rung> av1_rungs(const std::vector<Rung>& rungs);

// The size of the poster: the short side at most 720.
struct Size {
  int width = 0, height = 0;
};
Size poster_size(int width, int height);

}  // namespace rondo::media
