#include "media/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "media/refusal.h"
#include "media/sniff.h"
#include "media/test_support.h"
#include "media/timeline.h"

namespace rondo::media {
namespace {

using testing::HasSubstr;

class ProbeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (auto ok = sandbox_.check(); !ok.ok()) {
      GTEST_SKIP() << "left out: the sandbox: " << ok.error().message();
    }
  }
  Result<Probe> look(const std::filesystem::path& file) {
    return probe(sandbox_, file, limits_, {}, {});
  }
  void expect_refused(const std::filesystem::path& file, std::string_view reason,
                      std::string_view sentence) {
    auto result = look(file);
    ASSERT_FALSE(result.ok()) << file;
    EXPECT_EQ(result.error().code(), ErrorCode::kInvalid) << result.error().describe();
    EXPECT_EQ(result.error().reason(), reason) << result.error().describe();
    EXPECT_THAT(result.error().message(), HasSubstr(std::string(sentence)));
    EXPECT_EQ(result.error().field(), "file");
  }
  Sandbox sandbox_{SandboxOptions{}};
  MediaLimits limits_;
  ScratchFolder scratch_;
};

TEST_F(ProbeTest, DescribesAPhoneVideo) {
  RONDO_CLIP(clip, "exo-dolbyvision.mov");
  auto result = look(clip);
  ASSERT_TRUE(result.ok()) << result.error().describe();
  EXPECT_EQ(result->demuxer, "mov");
  EXPECT_NEAR(static_cast<double>(result->duration_ms), 120, 30);
  EXPECT_EQ(result->video.codec, "hevc");
  EXPECT_EQ(result->video.pixel_format, "yuv420p10le");
  EXPECT_EQ(result->video.rotation, 90);
  EXPECT_EQ(result->video.display_width, 720);
  EXPECT_EQ(result->video.display_height, 1280);
  EXPECT_EQ(result->video.color_transfer, "arib-std-b67");
  EXPECT_TRUE(result->video.hdr());
  EXPECT_EQ(result->video.dolby_vision_profile, 8);
  ASSERT_TRUE(result->audio);
  EXPECT_EQ(result->audio->channels, 2);
}

TEST_F(ProbeTest, TakesPixelAspectIntoAccount) {
  RONDO_CLIP(clip, "mb-sar-2x1.mp4");
  auto result = look(clip);
  ASSERT_TRUE(result.ok()) << result.error().describe();
  EXPECT_EQ(result->video.width, 640);
  EXPECT_EQ(result->video.display_width, 1280);
  EXPECT_EQ(result->video.display_height, 360);
  EXPECT_FALSE(result->audio);
}

TEST_F(ProbeTest, RefusesSoundWithoutAPicture) {
  RONDO_CLIP(clip, "mb-multi-audio.mp4");
  expect_refused(clip, "no_picture", "no picture");
}

TEST_F(ProbeTest, RefusesWithTheMeasuredValueBesideTheLimit) {
  make_clip(scratch_ / "clip.mp4", 3, {"-c:v", "libx264", "-preset", "ultrafast"});
  limits_.duration_ms_max = 2000;
  expect_refused(scratch_ / "clip.mp4", "duration_too_long",
                 "This video is 3.0 s; the limit here is 2.0 s. Trim it and try again.");
  limits_ = {};
  limits_.pixels_max = 320 * 200;
  expect_refused(scratch_ / "clip.mp4", "too_many_pixels", "320 x 240");
  limits_ = {};
  limits_.size_bytes_max = 1000;
  expect_refused(scratch_ / "clip.mp4", "too_large", "the limit here is 1.0 kB");
  limits_ = {};
  limits_.streams_max = 1;
  expect_refused(scratch_ / "clip.mp4", "too_many_streams",
                 "2 streams or more; the limit here is 1");
}

TEST_F(ProbeTest, RefusesWhatIsNoVideo) {
  write_file(scratch_ / "empty.mp4", "");
  expect_refused(scratch_ / "empty.mp4", "empty", "empty");
  write_file(scratch_ / "text.mp4", std::string(5000, 'a'));
  expect_refused(scratch_ / "text.mp4", "not_a_video", "This is text");
  write_file(scratch_ / "noise.mp4", "\x01\x02\x03" + std::string(5000, '\x07'));
  expect_refused(scratch_ / "noise.mp4", "not_a_video", "unknown kind");
}

TEST_F(ProbeTest, FollowsNoReference) {
  write_file(scratch_ / "list.mp4",
             "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n");
  expect_refused(scratch_ / "list.mp4", "not_a_video", "a playlist");
  write_file(scratch_ / "concat.mp4", "ffconcat version 1.0\nfile /etc/passwd\n");
  expect_refused(scratch_ / "concat.mp4", "not_a_video", "text");
  // The same behind a video's first bytes: the forced demuxer finds nothing in it.
  write_file(scratch_ / "disguised.mp4",
             std::string("\0\0\0\x10"
                         "ftypisom\0\0\0\0",
                         16) +
                 "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n");
  expect_refused(scratch_ / "disguised.mp4", "damaged", "damaged");
}

TEST_F(ProbeTest, SaysThatATruncatedFileIsDamaged) {
  make_clip(scratch_ / "clip.mp4", 2, {"-c:v", "libx264", "-preset", "ultrafast"});
  const std::string bytes = read_file(scratch_ / "clip.mp4");
  write_file(scratch_ / "cut.mp4", bytes.substr(0, bytes.size() / 2));  // the index is at the end
  expect_refused(scratch_ / "cut.mp4", "damaged", "damaged");
}

TEST_F(ProbeTest, SaysWhereAFileIsCutOff) {
  make_clip(scratch_ / "clip.mp4", 4,
            {"-c:v", "libx264", "-preset", "ultrafast", "-movflags", "+faststart"});
  const std::string bytes = read_file(scratch_ / "clip.mp4");
  write_file(scratch_ / "cut.mp4", bytes.substr(0, bytes.size() / 2));
  expect_refused(scratch_ / "cut.mp4", "damaged", "it says that it is 4.0 s long, but ends after");
}

TEST_F(ProbeTest, BelievesThePacketsNotTheContainer) {
  RONDO_CLIP(clip, "exo-fragmented.mp4");  // it says that it is 39 hours long
  auto result = look(clip);
  ASSERT_TRUE(result.ok()) << result.error().describe();
  EXPECT_NEAR(static_cast<double>(result->duration_ms), 1070, 100);
}

TEST_F(ProbeTest, MeasuresWhatDoesNotSayItsLength) {
  // As a browser records: WebM to a pipe, without a duration.
  auto made = run_trusted({"bash", "-c",
                           "ffmpeg -v error -f lavfi -i testsrc2=size=320x240:rate=25 -t 2 -c:v "
                           "libvpx -f webm - > " +
                               (scratch_ / "live.webm").string()});
  ASSERT_TRUE(made.succeeded()) << made.err;
  auto result = look(scratch_ / "live.webm");
  ASSERT_TRUE(result.ok()) << result.error().describe();
  EXPECT_NEAR(static_cast<double>(result->duration_ms), 2000, 50);
}

TEST_F(ProbeTest, RefusesMoreFramesASecondThanAnyPhoneMakes) {
  make_clip(scratch_ / "clip.mp4", 3,
            {"-vf", "fps=100", "-c:v", "libx264", "-preset", "ultrafast"});
  limits_.frame_rate_max = 60;
  expect_refused(scratch_ / "clip.mp4", "frame_rate_too_high",
                 "This video has 100.0 frames a second; the limit here is 60.");
  limits_.frame_rate_max = 100;
  EXPECT_TRUE(look(scratch_ / "clip.mp4").ok());
}

TEST_F(ProbeTest, SeesWhetherPartsAreSeeThrough) {
  RONDO_CLIP(clip, "mb-vp9-alpha.webm");
  auto result = look(clip);
  ASSERT_TRUE(result.ok()) << result.error().describe();
  EXPECT_TRUE(result->video.alpha);
  RONDO_CLIP(plain, "mdn-flower.webm");
  EXPECT_FALSE(look(plain).value().video.alpha);
}

TEST(Timeline, ReadsPacketsAndPassesOverNonsense) {
  Timeline t;
  for (const char* line : {"0.5,0.4,0.04,K__", "1.0,0.9,N/A,___", "0.75,0.7,0.04,___", "", ",,,",
                           "nan,inf,x,K__", "9.0,9.0,1,_D_", "N/A,0.8,0.04,___"}) {
    t.add_packet(line);
  }
  EXPECT_EQ(t.frames, 4u);
  EXPECT_DOUBLE_EQ(t.first, 0.5);
  EXPECT_DOUBLE_EQ(t.last, 1.0);
  EXPECT_DOUBLE_EQ(t.end(0.25), 1.25) << "the last one does not say how long it is";
}

TEST_F(ProbeTest, TellsTheStreamsEvenOfWhatIsRefusedLater) {
  make_clip(scratch_ / "clip.mp4", 2, {"-c:v", "libx264", "-preset", "ultrafast"});
  limits_.duration_ms_max = 1000;
  int calls = 0;
  auto refused = probe(sandbox_, scratch_ / "clip.mp4", limits_, {}, [&](const Probe& streams) {
    ++calls;
    EXPECT_EQ(streams.demuxer, "mov");
    EXPECT_EQ(streams.video.codec, "h264");
    ASSERT_TRUE(streams.audio);
    EXPECT_EQ(streams.audio->index, 1);
  });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason(), "duration_too_long");
  EXPECT_EQ(calls, 1);
}

TEST_F(ProbeTest, StopsOnRequest) {
  make_clip(scratch_ / "clip.mp4", 1, {"-c:v", "libx264", "-preset", "ultrafast"});
  std::stop_source source;
  source.request_stop();
  auto result = probe(sandbox_, scratch_ / "clip.mp4", limits_, source.get_token(), {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(result.error().reason(), "cancelled");
}

TEST(Sniff, KnowsVideosByTheirFirstBytes) {
  if (!std::filesystem::exists(clips_folder())) GTEST_SKIP() << "left out: no sample clips";
  int clips = 0;
  for (const auto& entry : std::filesystem::directory_iterator(clips_folder())) {
    if (entry.path().extension() == ".md") continue;
    ++clips;
    EXPECT_EQ(sniff(read_file(entry.path())).kind, FileKind::kVideo) << entry.path();
  }
  EXPECT_GT(clips, 0);
}

TEST(Sniff, NamesWhatIsNoVideo) {
  EXPECT_EQ(sniff("%PDF-1.7").description, "a PDF document");
  EXPECT_EQ(sniff("<!doctype html><html>").description, "a web page");
  EXPECT_EQ(sniff("PK\x03\x04 rest").description, "a ZIP archive or an office document");
  EXPECT_EQ(sniff(std::string_view("\0\0\0\x18"
                                   "ftypheic",
                                   12))
                .description,
            "a picture");
  EXPECT_EQ(sniff("\xFF\xD8\xFF\xE0").description, "a picture");
  EXPECT_EQ(sniff("ID3").description, "a sound file");
}

TEST(Words, DurationsAndSizes) {
  EXPECT_EQ(duration_text(400), "0.4 s");
  EXPECT_EQ(duration_text(42'000), "42 s");
  EXPECT_EQ(duration_text(600'000), "10 min");
  EXPECT_EQ(duration_text(662'000), "11 min 02 s");
  EXPECT_EQ(duration_text(7'260'000), "2 h 01 min");
  EXPECT_EQ(size_text(512), "512 B");
  EXPECT_EQ(size_text(1'300'000), "1.3 MB");
  EXPECT_EQ(size_text(700'000'000), "700 MB");
}

}  // namespace
}  // namespace rondo::media
