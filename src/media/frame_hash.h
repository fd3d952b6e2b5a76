// What a picture looks like, in 256 bits that change little when it is scaled, coded again, or
// marked: the discrete cosine transform of a small grey picture, its lowest frequencies against
// their median. After PDQ ("The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing
// Algorithm", Facebook, 2019), with FFmpeg's area filter in place of its two passes of averaging.
//
// Videos are compared by the hashes of their frames, one a second: order and times do not matter,
// so that a cut or a new start changes little. Pure functions; thread safe; no errors.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace rondo::media {

inline constexpr int kHashSide = 64;  // of the picture to hash

struct FrameHash {
  std::array<uint64_t, 4> bits{};
  // 0..100: how much there is to see. A plain picture's bits are noise.
  int quality = 0;
};

// `luma`: kHashSide rows of kHashSide.
FrameHash hash_frame(std::span<const uint8_t, kHashSide * kHashSide> luma);

int distance(const FrameHash& a, const FrameHash& b);  // bits that differ, 0..256

// The share of the frames with something to see, of either video, that have one in the other at
// most `bits` away: the smaller of the two shares, 0..1. Zero when one of them has nothing to see.
double likeness(std::span<const FrameHash> a, std::span<const FrameHash> b, int bits);

// Whether a viewer who has seen one has seen the other: nearly all frames nearly the same; where
// the sound is the same too, a mark, a frame or a tint over the picture may have changed more.
bool near_duplicates(std::span<const FrameHash> a, std::span<const FrameHash> b, bool same_sound);

}  // namespace rondo::media
