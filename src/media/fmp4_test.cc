#include "media/fmp4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "media/hls.h"
#include "media/ladder.h"
#include "media/test_support.h"

namespace rondo::media {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kFragmented = {
    "-c:v",      "libx264",
    "-preset",   "ultrafast",
    "-g",        "25",
    "-c:a",      "aac",
    "-movflags", "+frag_keyframe+delay_moov+default_base_moof+global_sidx+skip_trailer"};

class Mp4Test : public testing::Test {
 protected:
  ScratchFolder scratch_;
};

TEST_F(Mp4Test, ReadsTheIndexInFront) {
  make_clip(scratch_ / "clip.mp4", 3.2, kFragmented);
  auto index = read_mp4_index(scratch_ / "clip.mp4");
  ASSERT_TRUE(index.ok()) << index.error().describe();
  EXPECT_EQ(index->fragments.size(), 4u);
  EXPECT_NEAR(index->video_seconds(), 3.2, 0.001);
  EXPECT_NEAR(index->seconds, 3.2, 0.06);
  EXPECT_TRUE(index->has_audio);
  EXPECT_TRUE(index->video_codec.starts_with("avc1.")) << index->video_codec;
  EXPECT_EQ(index->fragments[0].offset, index->fragments_offset);
  EXPECT_LT(index->init_bytes, index->fragments_offset);
}

TEST_F(Mp4Test, RefusesOtherLayouts) {
  make_clip(scratch_ / "plain.mp4", 1, {"-c:v", "libx264", "-preset", "ultrafast"});
  auto plain = read_mp4_index(scratch_ / "plain.mp4");
  ASSERT_FALSE(plain.ok());
  EXPECT_EQ(plain.error().code(), ErrorCode::kCorrupt);

  make_clip(scratch_ / "clip.mp4", 2, kFragmented);
  const std::string bytes = read_file(scratch_ / "clip.mp4");
  write_file(scratch_ / "short.mp4", bytes.substr(0, bytes.size() - 1));
  write_file(scratch_ / "long.mp4", bytes + std::string(8, '\0'));
  write_file(scratch_ / "empty.mp4", "");
  for (const char* name : {"short.mp4", "long.mp4", "empty.mp4"}) {
    auto index = read_mp4_index(scratch_ / name);
    ASSERT_FALSE(index.ok()) << name;
    EXPECT_EQ(index.error().code(), ErrorCode::kCorrupt) << name;
  }
}

// Any bytes at all: an index that tiles the file, or corrupt; nothing else (and no crash under the
// sanitizers).
TEST_F(Mp4Test, SurvivesFlippedBytes) {
  make_clip(scratch_ / "clip.mp4", 2, kFragmented);
  const std::string bytes = read_file(scratch_ / "clip.mp4");
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    std::string broken = bytes;
    for (int flips = 1 + static_cast<int>(random() % 3); flips > 0; --flips) {
      broken[random() % 2200] = static_cast<char>(random());
    }
    write_file(scratch_ / "broken.mp4", broken);
    auto index = read_mp4_index(scratch_ / "broken.mp4");
    if (!index.ok()) {
      ++refused;
      EXPECT_EQ(index.error().code(), ErrorCode::kCorrupt);
      continue;
    }
    EXPECT_EQ(index->fragments.back().offset + index->fragments.back().size_bytes, broken.size());
    (void)extend_last_frame(scratch_ / "broken.mp4", 10, *index).ok();
  }
  EXPECT_GT(refused, 0);
}

TEST_F(Mp4Test, ExtendsTheLastFrame) {
  // With frames of one length (a default for all), of different lengths, and one frame alone.
  struct Case {
    std::string filter, frames;
  };
  for (const auto& [filter, frames] :
       {Case{"null", "50"}, Case{"setpts='N/25/TB+if(gt(N,30),0.3/TB,0)'", "50"},
        Case{"null", "1"}}) {
    SCOPED_TRACE(filter + " " + frames);
    auto options = kFragmented;
    options.insert(options.begin(), {"-vf", filter, "-fps_mode", "passthrough", "-bf", "0", "-an",
                                     "-frames:v", frames});
    make_clip(scratch_ / "clip.mp4", 2, options);
    auto index = read_mp4_index(scratch_ / "clip.mp4");
    ASSERT_TRUE(index.ok()) << index.error().describe();
    const double before = index->video_seconds();
    ASSERT_TRUE(extend_last_frame(scratch_ / "clip.mp4", before - 0.5, *index).ok());
    EXPECT_EQ(index->video_seconds(), before) << "never shortened";
    ASSERT_TRUE(extend_last_frame(scratch_ / "clip.mp4", before + 1.5, *index).ok());
    auto again = read_mp4_index(scratch_ / "clip.mp4");
    ASSERT_TRUE(again.ok()) << again.error().describe();
    if (filter == "null" && frames != "1") {
      // A duration that all frames share cannot be changed for one: left as it is.
      EXPECT_EQ(again->video_seconds(), index->video_seconds());
      continue;
    }
    EXPECT_NEAR(again->video_seconds(), before + 1.5, 0.001);
    auto shown = ffprobe_json(scratch_ / "clip.mp4", {"-show_format"});
    EXPECT_NEAR(std::stod(shown.at("format").at("duration").as_string().c_str()), before + 1.5,
                0.05);
  }
}

TEST_F(Mp4Test, PlaylistsTileTheFile) {
  make_clip(scratch_ / "480p.mp4", 3.2, kFragmented);
  auto index = read_mp4_index(scratch_ / "480p.mp4");
  ASSERT_TRUE(index.ok());
  const std::string playlist = media_playlist(*index, "480p.mp4");
  EXPECT_THAT(playlist, HasSubstr("#EXT-X-MAP:URI=\"480p.mp4\",BYTERANGE=\"" +
                                  std::to_string(index->init_bytes) + "@0\""));
  std::istringstream lines(playlist);
  uint64_t expected = index->fragments_offset;
  double seconds = 0;
  for (std::string line; std::getline(lines, line);) {
    unsigned long long size = 0, offset = 0;
    if (std::sscanf(line.c_str(), "#EXT-X-BYTERANGE:%llu@%llu", &size, &offset) == 2) {
      EXPECT_EQ(offset, expected);
      expected += size;
    }
    double one = 0;
    if (std::sscanf(line.c_str(), "#EXTINF:%lf", &one) == 1) seconds += one;
  }
  EXPECT_EQ(expected, std::filesystem::file_size(scratch_ / "480p.mp4"));
  EXPECT_NEAR(seconds, 3.2, 0.001);
  EXPECT_GT(index->fragments.size(), 3u) << "the last is short";
  // FFmpeg's own HLS reader plays it to the end.
  write_file(scratch_ / "480p.m3u8", playlist);
  auto shown = ffprobe_json(scratch_ / "480p.m3u8",
                            {"-count_packets", "-select_streams", "v", "-show_streams"});
  EXPECT_EQ(shown.at("streams").at(0).at("nb_read_packets").as_string(), "80");
}

TEST(Ladder, NeverUpscalesAndKeepsEvenSides) {
  auto names = [](int w, int h) {
    std::string out;
    for (const auto& rung : ladder(w, h, 30)) {
      out += rung.name + ":" + std::to_string(rung.width) + "x" + std::to_string(rung.height) + " ";
    }
    return out;
  };
  EXPECT_EQ(names(1080, 1920), "1080p:1080x1920 720p:720x1280 480p:480x854 360p:360x640 ");
  EXPECT_EQ(names(3840, 2160), "1080p:1920x1080 720p:1280x720 480p:854x480 360p:640x360 ");
  EXPECT_EQ(names(1280, 720), "720p:1280x720 480p:854x480 360p:640x360 ");
  EXPECT_EQ(names(320, 180), "180p:320x180 ");
  EXPECT_EQ(names(161, 121), "120p:160x120 ");
  for (int w = 16; w < 4000; w += 97) {
    for (int h = 16; h < 2400; h += 89) {
      const auto rungs = ladder(w, h, 30);
      ASSERT_FALSE(rungs.empty());
      for (const auto& rung : rungs) {
        EXPECT_EQ(rung.width % 2, 0);
        EXPECT_EQ(rung.height % 2, 0);
        EXPECT_LE(rung.width, std::max(w, 16)) << w << "x" << h;
        EXPECT_LE(rung.height, std::max(h, 16)) << w << "x" << h;
        EXPECT_LE(rung.width * rung.height, 8704 * 256 * 1.01) << w << "x" << h;
      }
    }
  }
}

}  // namespace
}  // namespace rondo::media
