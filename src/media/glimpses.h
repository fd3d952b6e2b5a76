// What is derived from a picture for those who have not opened it, or look for a place in it: the
// storyboard (one JPEG of small pictures at even distances, for the seek bar) and the preview (a
// short silent MP4, for grids). Their geometry, and the filters that make them.
//
// Pure functions; thread safe; no errors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::media {

inline constexpr std::string_view kStoryboardFile = "storyboard.jpg";
inline constexpr std::string_view kPreviewFile = "preview.mp4";

// Picture i stands in column i % columns of row i / columns; it is what is shown at i * interval.
struct Storyboard {
  int columns = 0, rows = 0;
  int count = 0;  // of pictures; the cells after them are black
  int tile_width = 0, tile_height = 0;
  int interval_ms = 0;
};

// `width` and `height` as displayed.
Storyboard storyboard_of(int width, int height, uint64_t duration_ms);
std::string storyboard_filters(const Storyboard& storyboard, const std::string& read);

// A few seconds of the picture, from several places of a longer one.
std::string preview_filters(int width, int height, uint64_t duration_ms, const std::string& read);
std::vector<std::string> preview_encoding();

}  // namespace rondo::media
