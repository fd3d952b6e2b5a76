// A picture in some twenty bytes: its lowest frequencies, to be shown blurred until the poster is
// there (docs/formats/placeholder.md). The web client has the decoder; the one here is for tests.
//
// Pure functions; thread safe; no errors.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace rondo::media {

// The picture, squeezed into a square: rows of red, green, blue.
inline constexpr int kPlaceholderSide = 32;
inline constexpr size_t kPlaceholderPixels = size_t{kPlaceholderSide} * kPlaceholderSide;
using PlaceholderPicture = std::array<uint8_t, kPlaceholderPixels * 3>;
inline constexpr size_t kPlaceholderBytesMax = 40;

// `width` and `height`: of the picture before it was squeezed. The answer is bytes, not text.
std::string make_placeholder(std::span<const uint8_t, kPlaceholderPixels * 3> rgb, int width,
                             int height);

}  // namespace rondo::media
