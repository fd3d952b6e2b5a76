#include "media/editor.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "media/pipeline.h"
#include "media/test_support.h"

namespace rondo::media {
namespace {

class EditorTest : public testing::Test {
 protected:
  void SetUp() override {
    EditorOptions options;
    options.work_folder = scratch_ / "edits";
    options.limits.duration_ms_max = 5'000;
    editor_ = Editor::create(options, store_).value();
    if (auto ok = Sandbox(SandboxOptions()).check(); !ok.ok()) {
      GTEST_SKIP() << "left out: the editor: " << ok.error().message();
    }
  }
  // 25 frames a second for eight seconds, each its own grey: 16 + its number.
  std::filesystem::path greys(const std::string& name, const std::vector<std::string>& coding) {
    const auto path = scratch_ / name;
    std::vector<std::string> argv = {
        "ffmpeg", "-v",
        "error",  "-y",
        "-f",     "lavfi",
        "-i",     "color=black:size=64x48:rate=25,format=yuv420p,geq=lum='16+N':cb=128:cr=128",
        "-f",     "lavfi",
        "-i",     "sine=frequency=440:sample_rate=48000",
        "-t",     "8"};
    argv.insert(argv.end(), coding.begin(), coding.end());
    argv.push_back(path.string());
    auto result = run_trusted(argv);
    EXPECT_TRUE(result.succeeded()) << result.err;
    return path;
  }
  // The grey of every frame of a file.
  static std::vector<int> read_greys(const std::filesystem::path& path) {
    auto ran = run_trusted({"ffmpeg", "-v", "error", "-i", path.string(), "-an", "-vf",
                            "crop=2:2:30:22,format=yuv420p,extractplanes=y,crop=1:1:0:0",
                            "-fps_mode", "passthrough", "-f", "rawvideo", "-"});
    EXPECT_TRUE(ran.succeeded()) << ran.err;
    std::vector<int> out;
    for (char c : ran.out) out.push_back(static_cast<uint8_t>(c));
    return out;
  }

  ScratchFolder scratch_;
  FolderStore store_{scratch_ / "blobs"};
  std::unique_ptr<Editor> editor_;
};

TEST_F(EditorTest, CutsToTheFrameWhateverTheDistanceOfKeyFrames) {
  struct Case {
    std::string name;
    std::vector<std::string> coding;
  };
  const Case cases[] = {
      // One key frame, frames out of order.
      {"long.mp4", {"-c:v", "libx264", "-qp", "0", "-g", "1000", "-bf", "3", "-c:a", "aac"}},
      {"gop.mkv", {"-c:v", "libx264", "-qp", "0", "-g", "30", "-c:a", "libopus"}},
      {"mpeg.ts", {"-c:v", "libx264", "-qp", "0", "-g", "50", "-c:a", "aac"}},
      {"web.webm", {"-c:v", "libvpx-vp9", "-lossless", "1", "-g", "100", "-c:a", "libopus"}},
      {"old.avi", {"-c:v", "mjpeg", "-q:v", "1", "-c:a", "pcm_s16le"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto source = greys(c.name, c.coding);
    const auto to = scratch_ / (c.name + ".cut");
    double last = 0;
    // From the 79th frame up to the 129th.
    auto cut = editor_->cut(source, {3'120, 5'120}, to, [&](double done) { last = done; }, {});
    ASSERT_TRUE(cut.ok()) << cut.error().describe();
    const std::vector<int> got = read_greys(to);
    ASSERT_EQ(got.size(), 50u) << testing::PrintToString(got);
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_LE(std::abs(got[i] - (16 + 78 + static_cast<int>(i))), 1) << "frame " << i;
    }
    EXPECT_GT(last, 0.5);
    auto found = probe(Sandbox(SandboxOptions()), to, MediaLimits(), {}, {});
    ASSERT_TRUE(found.ok()) << found.error().describe();
    EXPECT_NEAR(static_cast<double>(found->duration_ms), 2000, 50);
    EXPECT_TRUE(found->audio.has_value());
  }
}

TEST_F(EditorTest, DoneIsDoneAndNothingIsLeftBehind) {
  const auto to = scratch_ / "cut";
  write_file(to, "as it was");
  EXPECT_TRUE(editor_->cut(scratch_ / "not even there", {0, 1'000}, to, {}, {}).ok());
  EXPECT_EQ(read_file(to), "as it was");
  EXPECT_TRUE(std::filesystem::is_empty(scratch_ / "edits"));
}

TEST_F(EditorTest, SaysWhatIsWrongWithATrim) {
  const auto source = greys("a.mp4", {"-c:v", "libx264", "-preset", "ultrafast"});
  const auto to = scratch_ / "cut";
  auto beyond = editor_->cut(source, {9'000, 10'000}, to, {}, {});
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().reason(), "trim_beyond_end");
  EXPECT_EQ(beyond.error().message(),
            "The trim begins at 9.0 s, but the picture ends at 8.0 s. Choose an earlier start.");
  auto too_long = editor_->cut(source, {1'000, 7'000}, to, {}, {});
  ASSERT_FALSE(too_long.ok());
  EXPECT_EQ(too_long.error().reason(), "duration_too_long");
  // Long enough as it is wanted, but the file ends.
  auto too_short = editor_->cut(source, {7'600, 20'000}, to, {}, {});
  ASSERT_FALSE(too_short.ok());
  EXPECT_EQ(too_short.error().reason(), "trim_too_short");
  EXPECT_EQ(too_short.error().field(), "trim");
  EXPECT_EQ(too_short.error().message(),
            "The trim leaves 400 ms, as the file ends there; leave at least 500 ms.");
  EXPECT_FALSE(std::filesystem::exists(to));
  // The file is longer than what may be published; what is left of it is not.
  auto fits = editor_->cut(source, {4'000, 60'000}, to, {}, {});
  EXPECT_TRUE(fits.ok());
  EXPECT_EQ(read_greys(to).size(), 100u) << "up to the end";
  EXPECT_TRUE(std::filesystem::is_empty(scratch_ / "edits"));
}

TEST_F(EditorTest, KeepsColoursAndTurns) {
  RONDO_CLIP(hdr, "exo-hdr10.mp4");
  const auto to = scratch_ / "cut";
  EditorOptions options;
  options.work_folder = scratch_ / "edits2";
  auto editor = Editor::create(options, store_).value();
  ASSERT_TRUE(editor->cut(hdr, {200, 900}, to, {}, {}).ok());
  auto found = probe(Sandbox(SandboxOptions()), to, MediaLimits(), {}, {});
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->video.hdr()) << "to be tone-mapped, as the source is";
  EXPECT_EQ(found->video.color_primaries, "bt2020");
  EXPECT_EQ(found->video.pixel_format, "yuv420p10le");

  RONDO_CLIP(turned, "sio-sideways.mov");
  std::filesystem::remove(to);
  ASSERT_TRUE(editor->cut(turned, {100, 900}, to, {}, {}).ok());
  found = probe(Sandbox(SandboxOptions()), to, MediaLimits(), {}, {});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->video.rotation, 0);
  EXPECT_LT(found->video.width, found->video.height) << "upright";
}

// What the curves of BT.470 are called in a file is not what they are called by the encoder.
TEST_F(EditorTest, KeepsTheCurvesOfOldTelevision) {
  for (const auto& [option, name] : std::vector<std::pair<std::string, std::string>>{
           {"gamma22", "bt470m"}, {"gamma28", "bt470bg"}}) {
    SCOPED_TRACE(name);
    const auto source =
        greys(option + ".mp4", {"-c:v", "libx264", "-preset", "ultrafast", "-color_trc", option});
    const auto to = scratch_ / (option + ".cut");
    auto cut = editor_->cut(source, {1'000, 2'000}, to, {}, {});
    ASSERT_TRUE(cut.ok()) << cut.error().describe();
    for (const auto& file : {source, to}) {
      auto found = probe(Sandbox(SandboxOptions()), file, MediaLimits(), {}, {});
      ASSERT_TRUE(found.ok());
      EXPECT_EQ(found->video.color_transfer, name);
    }
  }
}

TEST_F(EditorTest, ACutIsNoLargerThanAnUploadMayBe) {
  // Noise, which cannot be made small; four seconds of one channel are 384,000 bytes as they are.
  const auto source = scratch_ / "noise.mp4";
  auto made = run_trusted({"ffmpeg",       "-v",
                           "error",        "-y",
                           "-f",           "lavfi",
                           "-i",           "color=gray:size=320x240:rate=25,noise=alls=100:allf=t",
                           "-f",           "lavfi",
                           "-i",           "anoisesrc=sample_rate=48000",
                           "-t",           "4",
                           "-c:v",         "libx264",
                           "-preset",      "ultrafast",
                           "-b:v",         "2M",
                           "-c:a",         "aac",
                           "-f",           "mp4",
                           source.string()});
  ASSERT_TRUE(made.succeeded()) << made.err;
  for (const auto& [size_bytes_max, codec] : std::vector<std::pair<uint64_t, std::string>>{
           {3'000'000, "aac"}, {4'000'000, "pcm_s16le"}}) {
    SCOPED_TRACE(size_bytes_max);
    EditorOptions options;
    options.work_folder = scratch_ / "small";
    options.limits.size_bytes_max = size_bytes_max;
    auto editor = Editor::create(options, store_).value();
    const auto to = scratch_ / ("cut-" + codec);
    auto cut = editor->cut(source, {0, 4'000}, to, {}, {});
    ASSERT_TRUE(cut.ok()) << cut.error().describe();
    EXPECT_LT(std::filesystem::file_size(to), size_bytes_max);
    EXPECT_GT(std::filesystem::file_size(to), size_bytes_max / 2) << "and makes use of it";
    auto found = probe(Sandbox(SandboxOptions()), to, MediaLimits(), {}, {});
    ASSERT_TRUE(found.ok()) << found.error().describe();
    ASSERT_TRUE(found->audio.has_value());
    EXPECT_EQ(found->audio->codec, codec);
    EXPECT_NEAR(static_cast<double>(found->duration_ms), 4000, 60);
  }
}

TEST_F(EditorTest, TheCoverIsThePictureOfThatMoment) {
  const VideoId video{5};
  const auto file = greys("480p.mp4", {"-c:v", "libx264", "-qp", "0", "-g", "25", "-an"});
  ASSERT_TRUE(store_.put_file(media_key(video, "480p.mp4"), file).ok());
  const auto cover = *store_.local_path(media_key(video, "cover.jpg"));
  for (const auto& [at_ms, frame] : std::vector<std::pair<uint64_t, int>>{
           {0, 0}, {1'000, 25}, {3'330, 83}, {7'960, 199}, {60'000, 199}}) {
    SCOPED_TRACE(at_ms);
    std::filesystem::remove(cover);
    auto made = editor_->make_cover(video, "480p", 8'000, at_ms, {});
    ASSERT_TRUE(made.ok()) << made.error().describe();
    EXPECT_NEAR(read_greys(cover).at(0), 16 + frame, 2);
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch_ / "edits"));
}

}  // namespace
}  // namespace rondo::media
