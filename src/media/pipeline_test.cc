#include "media/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <regex>

#include "media/fmp4.h"
#include "media/test_support.h"

namespace rondo::media {
namespace {

using testing::HasSubstr;
namespace json = boost::json;

class PipelineTest : public testing::Test {
 protected:
  void SetUp() override {
    PipelineOptions options;
    options.work_folder = scratch_ / "work";
    auto made = Pipeline::create(options, store_);
    ASSERT_TRUE(made.ok()) << made.error().describe();
    pipeline_ = std::move(*made);
    if (auto ok = pipeline_->ready(); !ok.ok()) {
      GTEST_SKIP() << "left out: the pipeline: " << ok.error().message();
    }
  }
  Result<Asset> process(const std::filesystem::path& file) {
    RD_TRY(const Playable playable, pipeline_->make_playable(kVideo, file, {}, {}));
    EXPECT_EQ(playable.asset.renditions.size(), 1u);
    return pipeline_->make_rest(kVideo, file, {});
  }
  std::filesystem::path object(const std::string& name) const {
    return *store_.local_path(media_key(kVideo, name));
  }
  size_t objects() const { return store_.list("media/")->size(); }
  bool work_is_empty() const { return std::filesystem::is_empty(scratch_ / "work"); }

  // Everything that has to hold for what comes out, whatever went in.
  void check_objects(const Asset& asset);

  static constexpr VideoId kVideo{77};
  ScratchFolder scratch_;
  FolderStore store_{scratch_ / "blobs"};
  std::unique_ptr<Pipeline> pipeline_;
};

std::optional<double> last_number(const std::string& text, const std::string& pattern) {
  std::optional<double> found;
  const std::regex expression(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    found = std::stod((*at)[1]);
  }
  return found;
}

double loudness_of(const std::filesystem::path& file) {
  auto ran = run_trusted({"ffmpeg", "-nostats", "-i", file.string(), "-map", "0:a", "-af",
                          "ebur128=peak=true", "-f", "null", "-"});
  EXPECT_TRUE(ran.succeeded()) << ran.err;
  return last_number(ran.err, "I:\\s+(-?[0-9.]+) LUFS").value_or(-999);
}

double true_peak_of(const std::filesystem::path& file) {
  auto ran = run_trusted({"ffmpeg", "-nostats", "-i", file.string(), "-map", "0:a", "-af",
                          "ebur128=peak=true", "-f", "null", "-"});
  return last_number(ran.err, "Peak:\\s+(-?[0-9.]+) dBFS").value_or(999);
}

void PipelineTest::check_objects(const Asset& asset) {
  ASSERT_FALSE(asset.renditions.empty());
  const size_t count = asset.renditions.size();
  EXPECT_EQ(objects(), 2 * count + (count > 1 ? 5 : 4)) << "a playlist for the first one, too";
  const std::string master = read_file(object(master_name(count)));
  for (const auto& rendition : asset.renditions) {
    SCOPED_TRACE(rendition.name);
    const auto file = object(rendition.name + ".mp4");
    EXPECT_EQ(static_cast<int64_t>(std::filesystem::file_size(file)), rendition.size_bytes);
    EXPECT_THAT(master, HasSubstr("RESOLUTION=" + std::to_string(rendition.width) + "x" +
                                  std::to_string(rendition.height)));
    EXPECT_THAT(master, HasSubstr("\n" + rendition.name + ".m3u8\n"));

    auto index = read_mp4_index(file);
    ASSERT_TRUE(index.ok()) << index.error().describe();
    const std::string bytes = read_file(file);
    EXPECT_LT(bytes.find("moov"), bytes.find("sidx"));
    EXPECT_LT(bytes.find("sidx"), bytes.find("moof"));

    auto shown = ffprobe_json(file, {"-show_format", "-show_streams"});
    EXPECT_NEAR(std::stod(shown.at("format").at("duration").as_string().c_str()),
                static_cast<double>(asset.duration_ms) / 1000, 0.05);
    EXPECT_NEAR(std::stod(shown.at("format").at("start_time").as_string().c_str()), 0, 0.03);
    const auto& streams = shown.at("streams").as_array();
    ASSERT_EQ(streams.size(), asset.has_audio ? 2u : 1u);
    const auto& video = streams[0].as_object();
    EXPECT_EQ(video.at("codec_name").as_string(), "h264");
    EXPECT_EQ(video.at("profile").as_string(), "High");
    EXPECT_EQ(video.at("pix_fmt").as_string(), "yuv420p");
    EXPECT_EQ(video.at("color_space").as_string(), "bt709");
    EXPECT_EQ(video.at("color_transfer").as_string(), "bt709");
    EXPECT_EQ(video.at("color_primaries").as_string(), "bt709");
    EXPECT_EQ(video.at("color_range").as_string(), "tv");
    EXPECT_EQ(video.at("width").as_int64(), rendition.width);
    EXPECT_EQ(video.at("height").as_int64(), rendition.height);
    EXPECT_FALSE(video.contains("side_data_list")) << "rotation or HDR left over";
    if (const auto* aspect = video.if_contains("sample_aspect_ratio")) {
      EXPECT_EQ(aspect->as_string(), "1:1");
    }
    if (asset.has_audio) {
      const auto& audio = streams[1].as_object();
      EXPECT_EQ(audio.at("codec_name").as_string(), "aac");
      EXPECT_EQ(audio.at("channels").as_int64(), 2);
      EXPECT_EQ(audio.at("sample_rate").as_string(), "48000");
    }
    for (const char* trace : {"ISO6709", "location", "com.apple", "iPhone", "\xA9xyz", "Lavf"}) {
      EXPECT_EQ(bytes.find(trace), std::string::npos) << trace;
    }
  }
  // The poster is the first frame shown.
  const auto& best = asset.renditions[0];
  const std::string size =
      std::to_string(asset.poster_width) + ":" + std::to_string(asset.poster_height);
  auto compared =
      run_trusted({"ffmpeg", "-nostats", "-i", object(best.name + ".mp4").string(), "-i",
                   object("poster.jpg").string(), "-lavfi",
                   "[0:v]trim=end_frame=1,scale=" + size + ",format=yuv420p[a];[1:v]scale=" + size +
                       ":out_color_matrix=bt709:out_range=tv,format=yuv420p[b];[a][b]ssim",
                   "-f", "null", "-"});
  EXPECT_GT(last_number(compared.err, "All:([0-9.]+)").value_or(0), 0.93) << compared.err;
  EXPECT_TRUE(work_is_empty());
}

struct RealClip {
  const char* file;
  double seconds;
  int width, height;
  bool audio;
};

class RealClipTest : public PipelineTest, public testing::WithParamInterface<RealClip> {};

TEST_P(RealClipTest, ComesOutAsPromised) {
  RONDO_CLIP(clip, GetParam().file);
  auto asset = process(clip);
  ASSERT_TRUE(asset.ok()) << asset.error().describe();
  EXPECT_NEAR(static_cast<double>(asset->duration_ms) / 1000, GetParam().seconds, 0.1);
  EXPECT_EQ(asset->width, GetParam().width);
  EXPECT_EQ(asset->height, GetParam().height);
  EXPECT_EQ(asset->has_audio, GetParam().audio);
  check_objects(*asset);
}

INSTANTIATE_TEST_SUITE_P(
    Clips, RealClipTest,
    testing::Values(RealClip{"mb-rotated-bbb.mp4", 2.0, 1080, 1920, true},    // turned, 5.1 sound
                    RealClip{"intel-asl-thanks.mkv", 1.7, 640, 480, false},   // no sound
                    RealClip{"mb-vfr.mp4", 8.73, 2206, 1010, false},          // uneven frames
                    RealClip{"exo-dolbyvision.mov", 0.107, 720, 1280, true},  // HEVC 10 bit, HLG
                    RealClip{"mdn-stream-of-water-audioless.webm", 3.96, 640, 360, true},
                    RealClip{"sio-ios9.mov", 0.47, 720, 1280, true},    // QuickTime, turned
                    RealClip{"mb-sar-2x1.mp4", 5.0, 1280, 360, false},  // wide pixels
                    RealClip{"exo-vp9-odd-dimensions.webm", 1.0, 160, 120, false}),
    [](const auto& parameter) {
      std::string name = parameter.param.file;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
      return name;
    });

TEST_F(PipelineTest, FragmentsLastAboutASecond) {
  make_clip(scratch_ / "clip.mp4", 4.5, {"-c:v", "libx264", "-preset", "ultrafast"});
  auto asset = process(scratch_ / "clip.mp4");
  ASSERT_TRUE(asset.ok()) << asset.error().describe();
  auto index = read_mp4_index(object("240p.mp4"));
  ASSERT_TRUE(index.ok());
  ASSERT_EQ(index->fragments.size(), 5u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(static_cast<double>(index->fragments[i].duration) / index->timescale, 1.0, 0.05);
  }
}

// hls.js looks for what stands there later than it is by what reordering puts in front.
TEST_F(PipelineTest, FramesAreReorderedOverOneAndOnlyWhereThatIsShort) {
  struct Case {
    const char* what;
    double rate, late_s;
    int reordered_over;
  };
  for (const Case& c : {Case{"a phone's", 30, 0, 1}, Case{"a film's", 24, 0, 1},
                        Case{"slow", 12.5, 0, 0}, Case{"late", 30, 1.5, 0}}) {
    SCOPED_TRACE(c.what);
    auto made = run_trusted({"ffmpeg",
                             "-v",
                             "error",
                             "-y",
                             "-itsoffset",
                             std::to_string(c.late_s),
                             "-f",
                             "lavfi",
                             "-i",
                             "testsrc2=size=320x240:rate=" + std::to_string(c.rate),
                             "-f",
                             "lavfi",
                             "-i",
                             "sine=frequency=440:sample_rate=48000",
                             "-t",
                             "3.1",
                             "-c:v",
                             "libx264",
                             "-preset",
                             "ultrafast",
                             (scratch_ / "clip.mkv").string()});
    ASSERT_TRUE(made.succeeded()) << made.err;
    ASSERT_TRUE(pipeline_->remove(kVideo).ok());
    auto asset = process(scratch_ / "clip.mkv");
    ASSERT_TRUE(asset.ok()) << asset.error().describe();
    auto shown = ffprobe_json(object("240p.mp4"), {"-select_streams", "v", "-show_streams"});
    const auto& picture = shown.at("streams").at(0).as_object();
    EXPECT_EQ(picture.at("has_b_frames").as_int64(), c.reordered_over);
    EXPECT_NEAR(std::stod(picture.at("start_time").as_string().c_str()), 0, 0.001);
    EXPECT_NEAR(static_cast<double>(asset->duration_ms) / 1000, 3.1, 0.3);
  }
}

TEST_F(PipelineTest, BringsLoudnessToTarget) {
  // Quiet, loud, and with peaks far above its loudness.
  for (const char* filter : {"volume=-20dB", "volume=15dB,alimiter=level=false",
                             "volume=-20dB,volume='if(lt(mod(t,1),0.02),8,1)':eval=frame"}) {
    SCOPED_TRACE(filter);
    make_clip(scratch_ / "clip.mov", 6,
              {"-af", filter, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le"});
    auto asset = process(scratch_ / "clip.mov");
    ASSERT_TRUE(asset.ok()) << asset.error().describe();
    EXPECT_NEAR(loudness_of(object("240p.mp4")), -14, 1);
    EXPECT_LE(true_peak_of(object("240p.mp4")), -1);
  }
}

TEST_F(PipelineTest, KeepsSilenceSilent) {
  make_clip(scratch_ / "clip.mov", 2,
            {"-af", "volume=0", "-c:v", "libx264", "-preset", "ultrafast"});
  auto asset = process(scratch_ / "clip.mov");
  ASSERT_TRUE(asset.ok()) << asset.error().describe();
  EXPECT_TRUE(asset->has_audio);
  EXPECT_LT(loudness_of(object("240p.mp4")), -69);
}

// Some recorders make a track for a sound that never comes.
TEST_F(PipelineTest, TakesATrackWithoutSound) {
  for (const char* name : {"clip.mkv", "clip.ts"}) {
    SCOPED_TRACE(name);
    make_clip(scratch_ / name, 2,
              {"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-af", "atrim=end=0"});
    ASSERT_TRUE(pipeline_->remove(kVideo).ok());
    auto asset = process(scratch_ / name);
    ASSERT_TRUE(asset.ok()) << asset.error().describe();
    EXPECT_FALSE(asset->has_audio);
    EXPECT_NEAR(static_cast<double>(asset->duration_ms), 2000, 100);
    check_objects(*asset);
  }
}

TEST_F(PipelineTest, WhatIsThereStaysAsItIs) {
  make_clip(scratch_ / "clip.mp4", 2, {"-c:v", "libx264", "-preset", "ultrafast"});
  auto contents = [&] {
    std::vector<std::pair<std::string, std::string>> out;
    const auto keys = store_.list("media/").value();
    for (const auto& key : keys) {
      out.emplace_back(key, *store_.get(key, UINT64_MAX));
    }
    return out;
  };
  ASSERT_TRUE(process(scratch_ / "clip.mp4").ok());
  const auto first = contents();
  ASSERT_TRUE(process(scratch_ / "clip.mp4").ok());
  EXPECT_EQ(contents(), first);
  ASSERT_TRUE(pipeline_->remove(kVideo).ok());
  EXPECT_EQ(objects(), 0u);
  EXPECT_TRUE(pipeline_->remove(kVideo).ok());
}

// One that was started between the steps finds out by itself what the other remembers.
TEST_F(PipelineTest, MakesTheSameWhetherItRemembersOrNot) {
  const auto clip = scratch_ / "clip.mp4";
  // Loud enough to be limited, which takes several rounds of measuring.
  make_clip(
      clip, 2,
      {"-vf", "scale=960:720", "-c:v", "libx264", "-preset", "ultrafast", "-af", "volume=30dB"});
  // Its packets and their times.
  auto sound = [&](const std::string& rendition) {
    auto copied = run_trusted({"ffmpeg", "-v", "error", "-i", object(rendition).string(), "-map",
                               "0:a", "-c", "copy", "-copyts", "-f", "framemd5", "-"});
    EXPECT_TRUE(copied.succeeded()) << copied.err;
    return copied.out;
  };
  ASSERT_TRUE(process(clip).ok());
  const std::string remembered = sound("480p.mp4");
  EXPECT_EQ(sound("720p.mp4"), remembered) << "made once";
  ASSERT_TRUE(pipeline_->remove(kVideo).ok());
  ASSERT_TRUE(pipeline_->make_playable(kVideo, clip, {}, {}).ok());
  PipelineOptions options;
  options.work_folder = scratch_ / "work2";
  auto other = Pipeline::create(options, store_).value();
  auto asset = other->make_rest(kVideo, clip, {});
  ASSERT_TRUE(asset.ok()) << asset.error().describe();
  check_objects(*asset);
  EXPECT_EQ(sound("480p.mp4"), remembered);
  EXPECT_EQ(sound("720p.mp4"), remembered);
  // Of a disk that lost all of them.
  for (const char* name : {"480p.mp4", "720p.mp4", "360p.mp4"}) {
    ASSERT_TRUE(store_.remove(media_key(kVideo, name)).ok());
  }
  ASSERT_TRUE(other->make_rest(kVideo, clip, {}).ok());
  EXPECT_EQ(sound("480p.mp4"), remembered);
}

// The picture under what is see-through is not shown, however it is coded.
TEST_F(PipelineTest, PutsWhatIsSeeThroughOnBlack) {
  struct Case {
    const char* name;
    std::vector<std::string> coding;
  };
  for (const Case& c :
       {Case{"clip.webm", {"-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-deadline", "realtime"}},
        Case{"clip8.webm", {"-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0"}},
        Case{"clip.mov",
             {"-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"}}}) {
    SCOPED_TRACE(c.name);
    // White; the left half see-through, the right half not.
    std::vector<std::string> argv = {"ffmpeg",
                                     "-v",
                                     "error",
                                     "-y",
                                     "-f",
                                     "lavfi",
                                     "-i",
                                     "color=white:s=320x240:r=10:d=1,format=yuva444p,geq=lum='lum("
                                     "X,Y)':cb=128:cr=128:a='if(lt(X,"
                                     "W/2),0,255)'"};
    argv.insert(argv.end(), c.coding.begin(), c.coding.end());
    argv.push_back((scratch_ / c.name).string());
    auto coded = run_trusted(argv);
    ASSERT_TRUE(coded.succeeded()) << coded.err;
    ASSERT_TRUE(pipeline_->remove(kVideo).ok());
    auto asset = process(scratch_ / c.name);
    ASSERT_TRUE(asset.ok()) << asset.error().describe();
    auto shown = run_trusted(
        {"ffmpeg", "-v", "error", "-i", object("240p.mp4").string(), "-frames:v", "1", "-vf",
         "crop=300:200,scale=2:1:flags=area,format=gray", "-f", "rawvideo", "-"});
    ASSERT_EQ(shown.out.size(), 2u) << shown.err;
    EXPECT_LT(static_cast<uint8_t>(shown.out[0]), 40);
    EXPECT_GT(static_cast<uint8_t>(shown.out[1]), 215);
  }
}

// The same again as AV1, behind the others, where the operator wants it.
TEST_F(PipelineTest, MakesAv1WhenAskedTo) {
  make_clip(scratch_ / "clip.mp4", 2.5,
            {"-vf", "scale=640:480", "-c:v", "libx264", "-preset", "ultrafast"});
  ASSERT_TRUE(process(scratch_ / "clip.mp4").ok());
  auto asset = pipeline_->make_av1(kVideo, scratch_ / "clip.mp4", {});
  ASSERT_TRUE(asset.ok()) << asset.error().describe();
  ASSERT_EQ(asset->renditions.size(), 3u);
  EXPECT_EQ(asset->renditions[2].name, "480p-av1");
  EXPECT_LT(asset->renditions[2].size_bytes, asset->renditions[0].size_bytes);
  auto index = read_mp4_index(object("480p-av1.mp4"));
  ASSERT_TRUE(index.ok()) << index.error().describe();
  EXPECT_EQ(index->fragments.size(), 3u) << "of about a second";
  EXPECT_TRUE(std::regex_match(index->video_codec, std::regex("av01\\.0\\.\\d\\dM\\.08")))
      << index->video_codec;
  EXPECT_NEAR(index->seconds, 2.5, 0.05);
  const std::string master = read_file(object(master_name(3)));
  EXPECT_THAT(master, HasSubstr("CODECS=\"" + index->video_codec + ",mp4a.40.2\"\n480p-av1.m3u8"));
  EXPECT_LT(master.find("\n480p.m3u8"), master.find("\n480p-av1.m3u8"))
      << "players start with H.264";
  auto compared = run_trusted({"ffmpeg", "-nostats", "-i", object("480p-av1.mp4").string(), "-i",
                               (scratch_ / "clip.mp4").string(), "-lavfi", "[0:v][1:v]ssim", "-f",
                               "null", "-"});
  EXPECT_GT(last_number(compared.err, "All:([0-9.]+)").value_or(0), 0.93) << compared.err;
}

// One rendition first; the rest later, and after a crash only what is missing.
TEST_F(PipelineTest, MakesTheFirstThenTheRestAndNothingTwice) {
  make_clip(scratch_ / "clip.mp4", 2,
            {"-vf", "scale=960:720", "-c:v", "libx264", "-preset", "ultrafast"});
  auto first = pipeline_->make_playable(kVideo, scratch_ / "clip.mp4", {}, {});
  ASSERT_TRUE(first.ok()) << first.error().describe();
  ASSERT_EQ(first->asset.renditions.size(), 1u);
  EXPECT_EQ(first->asset.renditions[0].name, "480p");
  EXPECT_EQ(objects(), 4u);
  const auto born = [&](const std::string& name) {
    return std::filesystem::last_write_time(object(name));
  };
  const auto first_born = born("480p.mp4");

  auto all = pipeline_->make_rest(kVideo, scratch_ / "clip.mp4", {});
  ASSERT_TRUE(all.ok()) << all.error().describe();
  ASSERT_EQ(all->renditions.size(), 3u);
  EXPECT_EQ(all->renditions[0].name, "720p");
  EXPECT_EQ(born("480p.mp4"), first_born);
  check_objects(*all);

  const auto large_born = born("720p.mp4");
  ASSERT_TRUE(store_.remove(media_key(kVideo, "360p.mp4")).ok());
  ASSERT_TRUE(pipeline_->make_rest(kVideo, scratch_ / "clip.mp4", {}).ok());
  EXPECT_TRUE(std::filesystem::exists(object("360p.mp4")));
  EXPECT_EQ(born("720p.mp4"), large_born);
  // Half an object is no object.
  std::filesystem::resize_file(object("720p.mp4"), 5000);
  all = pipeline_->make_rest(kVideo, scratch_ / "clip.mp4", {});
  ASSERT_TRUE(all.ok()) << all.error().describe();
  check_objects(*all);
}

TEST_F(PipelineTest, LeavesNothingBehindOnRefusal) {
  write_file(scratch_ / "text.mp4", std::string(4000, 'x'));
  auto refused = process(scratch_ / "text.mp4");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason(), "not_a_video");
  EXPECT_EQ(objects(), 0u);
  EXPECT_TRUE(work_is_empty());
  EXPECT_TRUE(std::filesystem::exists(scratch_ / "text.mp4")) << "the source is the caller's";
}

// Its sound is measured beside the reading that finds out how long it is.
TEST_F(PipelineTest, RefusesWhatIsTooLongWhileItsSoundIsMeasured) {
  make_clip(scratch_ / "clip.mp4", 3, {"-c:v", "libx264", "-preset", "ultrafast"});
  PipelineOptions options;
  options.work_folder = scratch_ / "work";
  options.limits.duration_ms_max = 1000;
  auto strict = Pipeline::create(options, store_).value();
  auto refused = strict->make_playable(kVideo, scratch_ / "clip.mp4", {}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason(), "duration_too_long") << refused.error().describe();
  EXPECT_EQ(objects(), 0u);
  EXPECT_TRUE(work_is_empty());
}

// Damaged copies are refused with a reason or come out as promised; nothing else.
TEST_F(PipelineTest, SurvivesDamagedFiles) {
  make_clip(scratch_ / "clip.mp4", 2,
            {"-c:v", "libx264", "-preset", "ultrafast", "-movflags", "+faststart"});
  const std::string bytes = read_file(scratch_ / "clip.mp4");
  for (unsigned seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    srand(seed);
    std::string broken = bytes;
    for (int i = 0; i < 40; ++i) {
      broken[static_cast<size_t>(rand()) % broken.size()] = static_cast<char>(rand());
    }
    write_file(scratch_ / "broken.mp4", broken);
    auto asset = process(scratch_ / "broken.mp4");
    if (asset.ok()) continue;
    EXPECT_EQ(asset.error().code(), ErrorCode::kInvalid) << asset.error().describe();
    EXPECT_FALSE(asset.error().reason().empty());
    EXPECT_TRUE(work_is_empty());
  }
}

TEST_F(PipelineTest, ReportsProgressAndStopsOnRequest) {
  make_clip(scratch_ / "clip.mp4", 10,
            {"-vf", "scale=854:480", "-c:v", "libx264", "-preset", "ultrafast"});
  std::vector<double> seen;
  std::stop_source source;
  auto stopped = pipeline_->make_playable(
      kVideo, scratch_ / "clip.mp4",
      [&](double value) {
        seen.push_back(value);
        if (value > 0.1) source.request_stop();
      },
      source.get_token());
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().reason(), "cancelled") << stopped.error().describe();
  EXPECT_EQ(objects(), 0u);
  EXPECT_TRUE(work_is_empty());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_GE(seen.size(), 2u);
  EXPECT_LT(seen.back(), 1);
}

TEST_F(PipelineTest, CleansUpAfterACrash) {
  std::filesystem::create_directories(scratch_ / "work/half-done");
  write_file(scratch_ / "work/half-done/720p.mp4", "part");
  PipelineOptions options;
  options.work_folder = scratch_ / "work";
  ASSERT_TRUE(Pipeline::create(options, store_).ok());
  EXPECT_TRUE(work_is_empty());
}

TEST_F(PipelineTest, RendersGraphsIntoAClip) {
  const auto out = scratch_ / "rendered.mp4";
  auto done = pipeline_->render(
      "testsrc2=s=360x640:r=30,drawtext=fontfile=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf:"
      "text=Rondo:fontsize=60,format=yuv420p",
      "sine=f=220:r=44100", std::chrono::milliseconds(1500), out, {});
  ASSERT_TRUE(done.ok()) << done.error().describe();
  auto asset = process(out);
  ASSERT_TRUE(asset.ok()) << asset.error().describe();
  EXPECT_NEAR(static_cast<double>(asset->duration_ms), 1500, 60);
  EXPECT_EQ(asset->width, 360);
  EXPECT_TRUE(asset->has_audio);

  auto wrong = pipeline_->render("nosuchfilter", "sine", std::chrono::milliseconds(100), out, {});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code(), ErrorCode::kInvalid);
}

TEST(PipelineChoice, SaysWhatIsMissingForTheSandbox) {
  ScratchFolder scratch;
  FolderStore store(scratch / "blobs");
  PipelineOptions options;
  options.work_folder = scratch / "work";
  options.sandbox.bwrap = "/nonexistent/bwrap";
  auto pipeline = Pipeline::create(options, store);
  ASSERT_TRUE(pipeline.ok());
  EXPECT_EQ((*pipeline)->ready().error().reason(), "sandbox_unavailable");
  auto refused = (*pipeline)->make_playable(VideoId(1), scratch / "any", {}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason(), "sandbox_unavailable");
}

}  // namespace
}  // namespace rondo::media
