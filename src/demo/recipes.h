// The demo clips: what each one shows, sounds like and is called, as data.
//
// A recipe is two lavfi graphs (FFmpeg 5.1's own sources and filters, nothing read but fonts under
// /usr/share/fonts, of the packages fonts-dejavu-core and fonts-bebas-neue) and the words around
// them. Rendering is somebody else's work:
//   ffmpeg -f lavfi -i VIDEO -f lavfi -i AUDIO -t DURATION ... out.mp4
// Video graphs end in 720x1280 yuv420p at 30 fps, audio graphs in 44100 Hz stereo. Both run longer
// than the clip (cut them with -t), both give the same frames every time: all seeds are fixed.
// The first frame is meant to be the poster.
//
// Thread safety: everything here is built once, on first use, and never changes; call from
// anywhere. Ownership: spans and views point to statics and stay valid for the life of the process.
// Errors: none. Requirements: a renderer with the filters named in the graphs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::demo {

// Somebody who posts demo clips: of one topic (topic_b empty) or of two.
struct Creator {
  std::string_view handle;
  std::string_view name;
  std::string_view topic_a, topic_b;
};

struct Recipe {
  std::string_view topic;    // the hashtag: "fractals", "cells", "waves", "typography",
                             // "kaleidoscopes", "clocks", "light" or "mazes"
  std::string_view creator;  // a handle of creators()
  std::string_view caption;  // without the hashtags
  std::vector<std::string_view> hashtags;  // the topic first, then one or two finer ones
  int duration_ms;                         // 5000..12000
  std::string video_graph;                 // for -f lavfi -i
  std::string audio_graph;                 // for -f lavfi -i
};

std::span<const Creator> creators();

// Topics interleave: the first eight are of eight topics, and so are the next eight.
std::span<const Recipe> recipes();

}  // namespace rondo::demo
