#include "media/editor.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "media/pipeline.h"
#include "media/refusal.h"
#include "media/upload_file.h"
#include "media/work_folder.h"

namespace rondo::media {
namespace fs = std::filesystem;
namespace {

using Arguments = std::vector<std::string>;

// A file that is cut may be longer than what is published; somewhere it ends.
constexpr uint64_t kSourceMsMax = uint64_t{24} * 3600 * 1000;
constexpr uint64_t kCoverFileBytesMax = 16 << 20;
constexpr uint64_t kCoverLeadMs = 100;
constexpr uint64_t kSoundBpsMax = 320'000;  // where it is coded at all

void add(Arguments& to, const Arguments& more) { to.insert(to.end(), more.begin(), more.end()); }

std::string seconds_text(uint64_t ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(ms) / 1000);
  return text;
}

// Demuxers that find the key frame before a time, whatever the file.
bool has_index(std::string_view demuxer) {
  return demuxer == "mov" || demuxer == "matroska" || demuxer == "avi";
}

// The picture, upright (FFmpeg turns it), in square pixels, no larger than the best rendition.
std::string picture_filters(const Probe& probe, uint64_t lead_ms) {
  const VideoStream& video = probe.video;
  // Times stay what they are against the sound's.
  std::string chain =
      "trim=start=" + seconds_text(lead_ms) + ",setpts=PTS-" + seconds_text(lead_ms) + "/TB";
  if (video.frame_rate > frame_rate_of(probe) + 0.5) {
    chain += ",fps=" + std::to_string(static_cast<int>(frame_rate_of(probe)));
  }
  if (video.alpha) chain += "," + std::string(kOnBlack);
  const Rung best = rungs_of(probe).front();
  chain += ",scale=" + std::to_string(best.width) + ":" + std::to_string(best.height) +
           ":flags=bicubic:in_range=" + (video.color_range == "pc" ? "pc" : "auto") +
           ":out_range=tv,setsar=1";
  // Ten bits stay ten bits: HDR is tone-mapped later.
  const bool deep = video.hdr() || video.pixel_format.find("10") != std::string::npos ||
                    video.pixel_format.find("12") != std::string::npos;
  return chain + (deep ? ",format=yuv420p10le" : ",format=yuv420p");
}

// As the source says it, but for the range: the next decoder has to read the numbers as this one.
Arguments colours(const VideoStream& video) {
  Arguments out = {"-color_range", "tv"};
  if (!video.color_matrix.empty() && video.color_matrix != "gbr") {
    add(out, {"-colorspace", video.color_matrix});
  }
  if (!video.color_primaries.empty()) add(out, {"-color_primaries", video.color_primaries});
  // What ffprobe calls by the standard, the option knows by the curve only.
  std::string transfer = video.color_transfer;
  if (transfer == "bt470m") transfer = "gamma22";
  if (transfer == "bt470bg") transfer = "gamma28";
  if (!transfer.empty()) add(out, {"-color_trc", transfer});
  return out;
}

int channels_of(const AudioStream& audio) { return std::min(audio.channels, 2); }

struct SoundCoding {
  uint64_t rate_bps = 0;
  Arguments arguments;
};

// As it is, or nearly so where that would take too much of the room.
SoundCoding sound_coding(const AudioStream& audio, uint64_t bps_max) {
  const uint64_t exact_bps =
      static_cast<uint64_t>(audio.sample_rate) * static_cast<uint64_t>(channels_of(audio)) * 16;
  if (exact_bps <= bps_max) return {exact_bps, {"-c:a", "pcm_s16le"}};
  const uint64_t rate_bps = std::min(bps_max, kSoundBpsMax);
  return {rate_bps, {"-c:a", "aac", "-b:a", std::to_string(rate_bps)}};
}

}  // namespace

Result<std::unique_ptr<Editor>> Editor::create(EditorOptions options, blob::BlobStore& store) {
  std::error_code code;
  fs::remove_all(options.work_folder, code);
  if (!code) fs::create_directories(options.work_folder, code);
  if (code) return file_error("make the folder", options.work_folder, code);
  return std::unique_ptr<Editor>(new Editor(std::move(options), store));
}

Result<void> Editor::cut(const fs::path& source, const Span& span, const fs::path& to,
                         const ProgressCallback& progress, std::stop_token stop) const {
  RD_ASSERT(span.start_ms < span.end_ms);
  std::error_code code;
  if (fs::exists(to, code)) return {};
  RD_CHECK(sandbox_.check());
  MediaLimits limits = options_.limits;
  limits.duration_ms_max = kSourceMsMax;
  RD_TRY(const Probe found, probe(sandbox_, source, limits, stop, {}));
  if (span.start_ms >= found.video_end_us / 1000) {
    return base::invalid("The trim begins at " + duration_text(span.start_ms) +
                         ", but the picture ends at " + duration_text(found.video_end_us / 1000) +
                         ". Choose an earlier start.")
        .with_field("trim")
        .with_reason("trim_beyond_end");
  }
  const uint64_t length_ms = std::min(span.end_ms, found.duration_ms) - span.start_ms;
  if (length_ms > options_.limits.duration_ms_max) {
    return refused("duration_too_long",
                   "The trim leaves " + duration_text(length_ms) + "; the limit here is " +
                       duration_text(options_.limits.duration_ms_max) + ". Trim more off it.");
  }
  // What is wanted may be longer than what the file has.
  if (length_ms < options_.trim_ms_min) {
    return base::invalid("The trim leaves " + std::to_string(length_ms) +
                         " ms, as the file ends there; leave at least " +
                         std::to_string(options_.trim_ms_min) + " ms.")
        .with_field("trim")
        .with_reason("trim_too_short");
  }
  RD_TRY(const WorkFolder scratch, WorkFolder::make(options_.work_folder / to.filename()));

  // Nearly without loss, but no larger than an upload may be, the sound included.
  const uint64_t bps_max = options_.limits.size_bytes_max * 8 * 1000 / length_ms;
  const SoundCoding sound = found.audio ? sound_coding(*found.audio, bps_max / 10) : SoundCoding{};
  const uint64_t rate_bps_max = bps_max * 8 / 10 - sound.rate_bps;
  const std::string threads = std::to_string(options_.threads);
  const std::string rate = std::to_string(std::min<uint64_t>(rate_bps_max, 120'000'000));
  SandboxCommand command;
  command.program = "ffmpeg";
  command.arguments = run_options(options_.threads);
  add(command.arguments, {"-filter_threads", threads});
  add(command.arguments, input_options(found, limits));
  // Found by the index and decoded up to the very frame. Without an index FFmpeg may find itself
  // behind the start: then from the beginning.
  const bool indexed = has_index(found.demuxer);
  const uint64_t lead_ms = indexed ? 0 : span.start_ms;
  if (indexed) add(command.arguments, {"-ss", seconds_text(span.start_ms)});
  add(command.arguments, {"-i",
                          std::string(kSandboxInput),
                          "-t",
                          seconds_text(length_ms),
                          "-map",
                          "0:" + std::to_string(found.video.index),
                          "-vf",
                          picture_filters(found, lead_ms),
                          "-map_metadata",
                          "-1",
                          "-map_chapters",
                          "-1",
                          "-c:v",
                          "libx264",
                          "-preset",
                          "ultrafast",
                          "-crf",
                          "12",
                          "-maxrate",
                          rate,
                          "-bufsize",
                          rate,
                          "-threads",
                          threads,
                          "-fps_mode",
                          "passthrough",
                          "-enc_time_base",
                          "1/90000",
                          "-video_track_timescale",
                          "90000"});
  add(command.arguments, colours(found.video));
  if (found.audio) {
    add(command.arguments,
        {"-map", "0:" + std::to_string(found.audio->index), "-af",
         "atrim=start=" + seconds_text(lead_ms) + ",asetpts=PTS-" + seconds_text(lead_ms) + "/TB",
         "-ac", std::to_string(channels_of(*found.audio))});
    add(command.arguments, sound.arguments);
  }
  add(command.arguments, {"-write_tmcd", "0", "-f", "mov", "cut.mov"});
  command.input = source;
  command.output_directory = scratch.path();
  command.limits.wall_max = std::chrono::seconds(limits.wall_seconds_max);
  command.limits.cpu_seconds_max =
      limits.wall_seconds_max * static_cast<uint64_t>(options_.threads);
  command.limits.address_space_bytes_max = limits.memory_bytes_max;
  command.limits.file_bytes_max = limits.size_bytes_max + (16u << 20);
  command.stop = std::move(stop);
  command.on_stdout_line = progress_reader(length_ms, progress);
  RD_TRY(ProcessResult ran, sandbox_.run(command));
  if (!ran.succeeded()) return command_failed(ran, "trimming it");
  // A file whose name is there is whole.
  const Fd made(::open((scratch.path() / "cut.mov").c_str(), O_RDONLY | O_CLOEXEC));
  if (made.get() < 0 || ::fsync(made.get()) != 0) return upload_file_error("sync", errno);
  fs::rename(scratch.path() / "cut.mov", to, code);
  if (code) return upload_file_error("keep", code.value());
  return {};
}

Result<void> Editor::make_cover(VideoId video, const std::string& rendition, uint64_t duration_ms,
                                uint64_t at_ms, std::stop_token stop) const {
  const std::string key = media_key(video, "cover.jpg");
  const auto there = store_.stat(key);
  if (there.ok()) return {};
  if (there.error().code() != ErrorCode::kNotFound) return there.error();
  RD_CHECK(sandbox_.check());
  RD_TRY(const WorkFolder scratch,
         WorkFolder::make(options_.work_folder / (to_text(video) + "-cover")));
  const std::string source = media_key(video, rendition + ".mp4");
  const fs::path file = scratch.path() / "rendition.mp4";
  RD_TRY(const blob::BlobInfo info, store_.stat(source));
  RD_CHECK(copy_object(store_, source, info.size_bytes, file));
  const fs::path out = scratch.path() / "out";
  std::error_code code;
  fs::create_directories(out, code);

  SandboxCommand command;
  command.program = "ffmpeg";
  // From the key frame before: the last picture that begins by then, however long it is shown.
  const uint64_t last_ms = std::min(at_ms, duration_ms);
  const uint64_t from_ms = last_ms > kCoverLeadMs ? last_ms - kCoverLeadMs : 0;
  command.arguments = {"-hide_banner", "-nostdin", "-nostats", "-y", "-v", "error"};
  add(command.arguments, input_options("mov", options_.limits));
  add(command.arguments,
      {"-noaccurate_seek",
       "-ss",
       seconds_text(from_ms),
       "-i",
       std::string(kSandboxInput),
       "-an",
       "-vf",
       "trim=end=" + seconds_text(last_ms - from_ms + 1) +
           ",scale=in_color_matrix=bt709:in_range=tv:out_color_matrix=bt601:out_range=pc,"
           "format=yuvj420p",
       "-fps_mode",
       "passthrough",
       "-map_metadata",
       "-1",
       "-fflags",
       "+bitexact",
       "-flags:v",
       "+bitexact",
       "-c:v",
       "mjpeg",
       "-q:v",
       "3",
       "-f",
       "image2",
       "-update",
       "1",
       "cover.jpg"});
  command.input = file;
  command.output_directory = out;
  command.limits.address_space_bytes_max = options_.limits.memory_bytes_max;
  command.limits.file_bytes_max = kCoverFileBytesMax;
  command.stop = std::move(stop);
  RD_TRY(ProcessResult ran, sandbox_.run(command));
  if (!ran.succeeded()) return command_failed(ran, "taking its cover");
  if (!fs::exists(out / "cover.jpg", code)) return base::internal("ffmpeg made no cover.");
  return store_.put_file(key, out / "cover.jpg");
}

}  // namespace rondo::media
