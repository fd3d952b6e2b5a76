#include "media/hls.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace rondo::media {
namespace {

// Of fragments that last so many hundredths of a second, and have 1000 bytes each.
Mp4Index index_of(const std::vector<uint64_t>& durations) {
  Mp4Index index;
  index.init_bytes = 700;
  index.fragments_offset = index.size_bytes = 800;
  index.timescale = 100;
  for (uint64_t duration : durations) {
    index.fragments.push_back({index.size_bytes, 1000, duration});
    index.size_bytes += 1000;
  }
  index.seconds = index.video_seconds();
  return index;
}

struct Segment {
  double seconds = 0;
  unsigned long long offset = 0, bytes = 0;
  bool operator==(const Segment&) const = default;
};

std::vector<Segment> read_segments(const std::string& playlist) {
  std::vector<Segment> segments;
  std::istringstream lines(playlist);
  Segment segment;
  for (std::string line; std::getline(lines, line);) {
    std::sscanf(line.c_str(), "#EXTINF:%lf", &segment.seconds);
    std::sscanf(line.c_str(), "#EXT-X-BYTERANGE:%llu@%llu", &segment.bytes, &segment.offset);
    if (line == "v.mp4") segments.push_back(std::exchange(segment, {}));
  }
  return segments;
}

std::vector<Segment> segments_of(const std::vector<uint64_t>& durations) {
  return read_segments(media_playlist(index_of(durations), "v.mp4"));
}

// hls.js did not reach the end of a video whose last segment was shorter than the time that frames
// are reordered over.
TEST(Hls, NoSegmentIsShorterThanHalfASecond) {
  using Segments = std::vector<Segment>;
  EXPECT_EQ(segments_of({100, 100, 50}),
            (Segments{{1, 800, 1000}, {1, 1800, 1000}, {.5, 2800, 1000}}));
  EXPECT_EQ(segments_of({100, 100, 7}), (Segments{{1, 800, 1000}, {1.07, 1800, 2000}}));
  EXPECT_EQ(segments_of({4, 100, 100}), (Segments{{1.04, 800, 2000}, {1, 2800, 1000}}));
  EXPECT_EQ(segments_of({100, 4, 4, 100}), (Segments{{1.08, 800, 3000}, {1, 3800, 1000}}));
  EXPECT_EQ(segments_of({20, 20, 20, 20}), (Segments{{.8, 800, 4000}}));
  EXPECT_EQ(segments_of({7}), (Segments{{.07, 800, 1000}})) << "it is all there is";
}

TEST(Hls, NoSegmentIsLongerThanTheTarget) {
  EXPECT_NE(media_playlist(index_of({100, 100}), "v.mp4").find("TARGETDURATION:1\n"),
            std::string::npos);
  EXPECT_NE(media_playlist(index_of({100, 7}), "v.mp4").find("TARGETDURATION:2\n"),
            std::string::npos);
}

TEST(Hls, TheBusiestSegmentTellsThePeak) {
  EXPECT_EQ(average_bandwidth_bps(index_of({100, 100})), 2800 * 8 / 2);
  EXPECT_EQ(peak_bandwidth_bps(index_of({100, 50, 100})), 1000 * 8 * 2);
  // 2000 bytes in 1.1 s.
  EXPECT_EQ(peak_bandwidth_bps(index_of({200, 100, 10})), 14545);
}

}  // namespace
}  // namespace rondo::media
