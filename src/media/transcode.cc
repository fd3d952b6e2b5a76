#include "media/transcode.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>

#include "media/glimpses.h"
#include "media/placeholder.h"
#include "media/refusal.h"

namespace rondo::media {
namespace fs = std::filesystem;
namespace {

constexpr double kFrameRateMax = 60;
constexpr std::string_view kPosterFile = "poster.jpg";
constexpr std::string_view kBlurFile = "placeholder.rgb";
constexpr std::string_view kLookFile = "look.gray";

using Arguments = std::vector<std::string>;

void add(Arguments& to, const Arguments& more) { to.insert(to.end(), more.begin(), more.end()); }

std::string size_text(const Size& size) {
  return std::to_string(size.width) + ":" + std::to_string(size.height);
}

// How the numbers of an SDR picture are to be read when it does not say: as players guess it.
std::string matrix_of(const VideoStream& video) {
  if (video.color_matrix == "bt709" || video.color_matrix == "smpte240m" ||
      video.color_matrix == "fcc") {
    return video.color_matrix;
  }
  if (video.color_matrix == "bt470bg" || video.color_matrix == "smpte170m") return "bt601";
  if (video.color_matrix == "bt2020nc" || video.color_matrix == "bt2020c") return "bt2020";
  return std::min(video.width, video.height) >= 720 ? "bt709" : "bt601";
}

// PQ or HLG to SDR, at the size of the best rung, so that the costly arithmetic is on as few pixels
// as possible. Linear light, where 1.0 is the reference white of BT.2408 (203 cd/m2); then colours
// to BT.709; then what is brighter than white is rolled off.
std::string tone_map(const VideoStream& video, const Size& size) {
  const std::string matrix = video.color_matrix == "bt2020c" ? "bt2020c" : "bt2020nc";
  const std::string range = video.color_range == "pc" ? "pc" : "tv";
  return "crop=trunc(iw/2)*2:trunc(ih/2)*2,zscale=w=" + std::to_string(size.width) +
         ":h=" + std::to_string(size.height) + ":filter=bicubic:tin=" + video.color_transfer +
         ":pin=bt2020:min=" + matrix + ":rin=" + range +
         ":t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:"
         "desat=2:peak=10,zscale=t=bt709:m=bt709:r=tv,format=yuv420p,";
}

std::string graph_of(const Probe& probe, const Pass& pass) {
  const VideoStream& video = probe.video;
  // FFmpeg has turned the picture upright where the graph begins.
  std::string graph = "[0:" + std::to_string(video.index) + "]";
  // The first frame is shown from the start, whenever it comes.
  graph += "setpts='if(eq(N,0),0,PTS)',";
  if (video.frame_rate > kFrameRateMax + 0.5) graph += "fps=60,";
  if (video.alpha) graph += std::string(kOnBlack) + ",";
  std::string read = "in_color_matrix=" + matrix_of(video) + ":in_range=" +
                     (video.color_range == "pc" ? std::string("pc") : std::string("auto")) + ":";
  if (video.hdr()) {
    const Size poster = poster_size(video.display_width, video.display_height);
    graph += tone_map(
        video, pass.rungs.empty() ? poster : Size{pass.rungs[0].width, pass.rungs[0].height});
    read = "in_color_matrix=bt709:in_range=tv:";
  }
  const size_t count = pass.rungs.size();
  std::vector<std::string> branches;  // what follows the split, without the label in front
  for (size_t i = 0; i < count; ++i) {
    branches.push_back("scale=" + size_text({pass.rungs[i].width, pass.rungs[i].height}) +
                       ":flags=bicubic:" + read + std::string(kOutColors) + "[v" +
                       std::to_string(i) + "]");
  }
  const int width = video.display_width, height = video.display_height;
  if (pass.poster) {
    // JPEG is BT.601, full range.
    branches.push_back("select='eq(n,0)',scale=" + size_text(poster_size(width, height)) +
                       ":flags=bicubic:" + read +
                       "out_color_matrix=bt601:out_range=pc,format=yuvj420p,setsar=1[poster]");
    const std::string side = std::to_string(kPlaceholderSide);
    branches.push_back("select='eq(n,0)',scale=" + side + ":" + side + ":flags=area:" + read +
                       "out_range=pc,format=rgb24[blur]");
    const std::string hashed = std::to_string(kHashSide);
    branches.push_back("fps=1:round=up,scale=" + hashed + ":" + hashed + ":flags=area:" + read +
                       "out_range=pc,format=gray[look]");
  }
  if (pass.glimpses) {
    branches.push_back(
        storyboard_filters(storyboard_of(width, height, probe.video_end_us / 1000), read) +
        "[board]");
    branches.push_back(preview_filters(width, height, probe.video_end_us / 1000, read) +
                       "[preview]");
  }
  graph += "split=" + std::to_string(branches.size());
  for (size_t i = 0; i < branches.size(); ++i) graph += "[s" + std::to_string(i) + "]";
  for (size_t i = 0; i < branches.size(); ++i) {
    graph += ";[s" + std::to_string(i) + "]" + branches[i];
  }
  return graph;
}

// Decoding in another order than showing puts as much in front of the first frame as comes before
// the second. An edit list takes it off again, but hls.js does not read those, and looks for what
// it has loaded within 0.05 s. With frames at uneven distances nobody knows how long it is.
bool may_reorder(const Probe& probe) {
  constexpr double kSecondsMax = 0.045;
  const double second_s =
      static_cast<double>(probe.video_start_us) / 1e6 + 1 / std::max(0.1, frame_rate_of(probe));
  return !probe.video.irregular && second_s <= kSecondsMax;
}

// A file of streams that are mapped already: as it is served, or a picture to be joined with a
// sound.
Arguments file_arguments(const fs::path& name, bool served, const MediaLimits& limits) {
  Arguments out = {"-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:v",
                   "+bitexact",
                   // A file that is longer than it says has to end somewhere.
                   "-t", std::to_string(limits.duration_ms_max / 1000 + 1),
                   "-video_track_timescale", "90000", "-write_tmcd", "0"};
  if (served) {
    add(out, {"-movflags", "+frag_keyframe+delay_moov+default_base_moof+global_sidx+skip_trailer"});
  }
  add(out, {"-f", "mp4", name.string()});
  return out;
}

std::string served_name(const Rung& rung) { return rung.name + ".mp4"; }
// Not in fragments, which do not say how long the last frame is shown.
std::string picture_name(const Rung& rung) { return rung.name + ".picture.mp4"; }

Arguments rung_arguments(const Rung& rung, size_t i, const Probe& probe, const Pass& pass,
                         const TranscodeOptions& options) {
  Arguments out = {"-map", "[v" + std::to_string(i) + "]"};
  const std::string threads = std::to_string(options.threads);
  // Fragments: a key frame a second, none between.
  if (rung.av1) {
    // SVT-AV1 knows no forced key frames: so many frames apart instead.
    const long rate = std::max(1l, std::lround(frame_rate_of(probe)));
    add(out, {"-c:v", "libsvtav1", "-preset", "9", "-crf", "36", "-g", std::to_string(rate),
              "-svtav1-params", "lp=" + threads});
  } else {
    add(out, {"-c:v",
              "libx264",
              "-preset",
              "veryfast",
              "-profile:v",
              "high",
              "-crf",
              "22",
              "-maxrate",
              std::to_string(rung.rate_bps_max),
              "-bufsize",
              std::to_string(rung.rate_bps_max * 2),
              "-threads",
              threads,
              "-force_key_frames",
              "expr:gte(t,n_forced)",
              "-sc_threshold",
              "0",
              "-g",
              "600"});
  }
  add(out, {"-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709",
            "-color_trc", "bt709", "-color_range", "tv",
            // Frames keep their own times.
            "-fps_mode", "passthrough", "-enc_time_base", "1/90000"});
  if (!rung.av1) {
    add(out, may_reorder(probe) ? Arguments{"-b-pyramid", "none"} : Arguments{"-bf", "0"});
  }
  add(out, pass.sound ? file_arguments(picture_name(rung), false, options.limits)
                      : file_arguments(served_name(rung), true, options.limits));
  return out;
}

Arguments picture_arguments(std::string label, std::string quality, std::string_view name) {
  return {"-map",
          std::move(label),
          "-map_metadata",
          "-1",
          "-fflags",
          "+bitexact",
          "-flags:v",
          "+bitexact",
          "-c:v",
          "mjpeg",
          "-q:v",
          std::move(quality),
          "-frames:v",
          "1",
          "-f",
          "image2",
          "-update",
          "1",
          std::string(name)};
}

// A run of FFmpeg in `output`, where no file can be larger than a rendition at that rate, with its
// sound, over the longest time.
SandboxCommand ffmpeg_command(Arguments arguments, const fs::path& output, int64_t rate_bps_max,
                              const TranscodeOptions& options, std::stop_token stop) {
  const MediaLimits& limits = options.limits;
  SandboxCommand command;
  command.program = "ffmpeg";
  command.arguments = std::move(arguments);
  command.output_directory = output;
  command.limits.wall_max = std::chrono::seconds(limits.wall_seconds_max);
  command.limits.cpu_seconds_max = limits.wall_seconds_max * static_cast<uint64_t>(options.threads);
  command.limits.address_space_bytes_max = limits.memory_bytes_max;
  command.limits.file_bytes_max = (16u << 20) + static_cast<uint64_t>(rate_bps_max + 256'000) / 8 *
                                                    (limits.duration_ms_max / 1000 + 1);
  command.stop = std::move(stop);
  return command;
}

Result<void> join(const Sandbox& sandbox, const Rung& rung, const fs::path& sound,
                  const Probe& probe, const fs::path& output, const TranscodeOptions& options,
                  const std::stop_token& stop) {
  Arguments arguments = join_arguments(rung, sound, probe, options);
  RD_TRY(const ProcessResult ran, sandbox.run(ffmpeg_command(std::move(arguments), output,
                                                             rung.rate_bps_max, options, stop)));
  if (!ran.succeeded()) return command_failed(ran, "joining its picture and its sound");
  std::error_code code;
  fs::remove(output / picture_name(rung), code);
  return {};
}

// The start of a file that came out of the sandbox, at most so much of it.
Result<std::string> read_start(const fs::path& path, size_t bytes_max) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(bytes_max, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.bad() || !in.is_open()) return base::internal("Cannot read " + path.string() + ".");
  bytes.resize(static_cast<size_t>(in.gcount()));
  return bytes;
}

Result<std::string> placeholder_of(const fs::path& path, const VideoStream& video) {
  PlaceholderPicture picture{};
  RD_TRY(const std::string bytes, read_start(path, picture.size()));
  if (bytes.size() != picture.size()) return base::internal("ffmpeg made half a placeholder.");
  std::memcpy(picture.data(), bytes.data(), picture.size());
  return make_placeholder(picture, video.display_width, video.display_height);
}

Result<std::vector<FrameHash>> hashes_of(const fs::path& path) {
  constexpr size_t kFrameBytes = size_t{kHashSide} * kHashSide;
  RD_TRY(const std::string bytes, read_start(path, kFrameBytes * kHashedFramesMax));
  std::vector<FrameHash> hashes;
  std::array<uint8_t, kFrameBytes> frame{};
  for (size_t at = 0; at + kFrameBytes <= bytes.size(); at += kFrameBytes) {
    std::memcpy(frame.data(), bytes.data() + at, kFrameBytes);
    hashes.push_back(hash_frame(frame));
  }
  return hashes;
}

}  // namespace

std::vector<Rung> rungs_of(const Probe& probe) {
  return ladder(probe.video.display_width, probe.video.display_height, frame_rate_of(probe));
}

double frame_rate_of(const Probe& probe) { return std::min(probe.video.frame_rate, kFrameRateMax); }

std::function<void(std::string_view)> progress_reader(uint64_t duration_ms,
                                                      ProgressCallback progress) {
  const double duration_us = std::max(1.0, static_cast<double>(duration_ms) * 1000);
  return
      [duration_us, progress = std::move(progress), reported = 0.0](std::string_view line) mutable {
        constexpr std::string_view kKey = "out_time_us=";
        if (!progress || !line.starts_with(kKey)) return;
        int64_t us = 0;
        std::from_chars(line.data() + kKey.size(), line.data() + line.size(), us);
        const double done = std::min(static_cast<double>(us) / duration_us, 0.99);
        if (done > reported) progress(reported = done);
      };
}

Arguments transcode_arguments(const Probe& probe, const Pass& pass, const TranscodeOptions& options,
                              std::string_view input) {
  const std::string threads = std::to_string(options.threads);
  Arguments out = run_options(options.threads);
  add(out, {"-filter_complex_threads", threads});
  add(out, input_options(probe, options.limits));
  add(out, {"-i", std::string(input)});
  add(out, {"-filter_complex", graph_of(probe, pass)});
  for (size_t i = 0; i < pass.rungs.size(); ++i) {
    add(out, rung_arguments(pass.rungs[i], i, probe, pass, options));
  }
  if (pass.poster) {
    add(out, picture_arguments("[poster]", "3", kPosterFile));
    add(out, {"-map", "[blur]", "-frames:v", "1", "-c:v", "rawvideo", "-f", "rawvideo",
              std::string(kBlurFile)});
    add(out, {"-map", "[look]", "-frames:v", std::to_string(kHashedFramesMax), "-c:v", "rawvideo",
              "-f", "rawvideo", std::string(kLookFile)});
  }
  if (pass.glimpses) {
    add(out, picture_arguments("[board]", "6", kStoryboardFile));
    add(out, {"-map", "[preview]", "-threads", threads});
    add(out, preview_encoding());
    out.emplace_back(kPreviewFile);
  }
  return out;
}

Arguments join_arguments(const Rung& rung, const fs::path& sound, const Probe& probe,
                         const TranscodeOptions& options) {
  Arguments out = run_options(options.threads);
  add(out, input_options("mov", options.limits));
  add(out, {"-i", picture_name(rung)});
  add(out, input_options("mov", options.limits));
  // Resampling may have left a tail.
  add(out, {"-t", std::to_string(static_cast<double>(probe.duration_ms) / 1000), "-i",
            sound.filename().string()});
  // A track may turn out to hold no sound.
  add(out, {"-map", "0:v", "-map", "1:a?", "-c", "copy"});
  add(out, file_arguments(served_name(rung), true, options.limits));
  return out;
}

Result<Transcoded> transcode(const Sandbox& sandbox, const fs::path& file, const Probe& probe,
                             const Pass& pass, const fs::path& output,
                             const TranscodeOptions& options, const ProgressCallback& progress,
                             const std::stop_token& stop) {
  RD_ASSERT(options.threads > 0 && (!pass.rungs.empty() || pass.glimpses));
  SandboxCommand command =
      ffmpeg_command(transcode_arguments(probe, pass, options, kSandboxInput), output,
                     pass.rungs.empty() ? 0 : pass.rungs[0].rate_bps_max, options, stop);
  command.input = file;
  command.on_stdout_line = progress_reader(probe.duration_ms, progress);
  RD_TRY(ProcessResult ran, sandbox.run(command));
  if (!ran.succeeded()) return command_failed(ran, "converting it");
  if (pass.sound && !pass.rungs.empty()) {
    RD_TRY(const fs::path sound, pass.sound());
    for (const Rung& rung : pass.rungs) {
      RD_CHECK(join(sandbox, rung, sound, probe, output, options, stop));
    }
  }

  Transcoded out;
  const double wanted = static_cast<double>(probe.video_end_us) / 1e6;
  for (const Rung& rung : pass.rungs) {
    RenditionFile rendition{rung, output / served_name(rung), {}};
    auto index = read_mp4_index(rendition.file);
    if (!index.ok()) {
      return refused("damaged",
                     "This file is damaged: no picture in it could be converted. Copy or export it "
                     "again and retry.");
    }
    rendition.index = std::move(*index);
    const double got = rendition.index.video_seconds();
    if (got < wanted / 2 && wanted - got > 1 && !probe.video.irregular) {
      return refused("damaged", "This file is damaged: of " +
                                    duration_text(probe.video_end_us / 1000) + " only " +
                                    duration_text(static_cast<uint64_t>(got * 1000)) +
                                    " can be decoded. Copy or export it again and retry.");
    }
    RD_CHECK(extend_last_frame(rendition.file, wanted, rendition.index));
    out.seconds = std::max(out.seconds, rendition.index.seconds);
    out.renditions.push_back(std::move(rendition));
  }
  std::error_code code;
  auto made = [&](std::string_view name) -> Result<fs::path> {
    fs::path path = output / name;
    if (!fs::exists(path, code)) {
      return base::internal("ffmpeg succeeded, but made no " + std::string(name) + ".");
    }
    return path;
  };
  if (pass.poster) {
    RD_TRY(out.poster, made(kPosterFile));
    RD_TRY(const fs::path blur, made(kBlurFile));
    RD_TRY(out.placeholder, placeholder_of(blur, probe.video));
    RD_TRY(const fs::path look, made(kLookFile));
    RD_TRY(out.look, hashes_of(look));
  }
  if (pass.glimpses) {
    RD_TRY(out.storyboard, made(kStoryboardFile));
    RD_TRY(out.preview, made(kPreviewFile));
  }
  if (progress) progress(1);
  return out;
}

}  // namespace rondo::media
