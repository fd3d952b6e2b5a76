#include "media/pipeline.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <system_error>

#include "media/hls.h"
#include "media/refusal.h"

namespace rondo::media {
namespace fs = std::filesystem;
namespace {

Error file_error(std::string_view doing, const fs::path& path, const std::error_code& code) {
  std::string message =
      "Cannot " + std::string(doing) + " " + path.string() + ": " + code.message() + ".";
  if (code == std::errc::no_space_on_device) {
    return base::unavailable(std::move(message)).with_reason("disk_full");
  }
  return base::internal(std::move(message));
}

// An empty folder for as long as the work lasts.
class WorkFolder {
 public:
  static Result<WorkFolder> make(fs::path path) {
    std::error_code code;
    fs::remove_all(path, code);
    fs::create_directories(path, code);
    if (code) return file_error("make the folder", path, code);
    return WorkFolder(std::move(path));
  }
  WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder() {
    std::error_code code;
    if (!path_.empty()) fs::remove_all(path_, code);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit WorkFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

}  // namespace

std::string media_key(VideoId video, std::string_view file) {
  return "media/" + to_text(video) + "/" + std::string(file);
}

Result<std::unique_ptr<Pipeline>> Pipeline::create(PipelineOptions options,
                                                   blob::BlobStore& store) {
  std::error_code code;
  fs::create_directories(options.work_folder, code);
  if (code) return file_error("make the folder", options.work_folder, code);
  // What an interrupted run has left.
  for (const auto& entry : fs::directory_iterator(options.work_folder, code)) {
    std::error_code ignored;
    fs::remove_all(entry.path(), ignored);
  }
  if (code) return file_error("read the folder", options.work_folder, code);
  return std::unique_ptr<Pipeline>(new Pipeline(std::move(options), store));
}

Result<Asset> Pipeline::process(VideoId video, const fs::path& source,
                                const ProgressCallback& progress, std::stop_token stop) {
  RD_CHECK(sandbox_.check());
  RD_TRY(Probe probed, probe(sandbox_, source, options_.limits, stop));
  RD_TRY(WorkFolder folder, WorkFolder::make(options_.work_folder / to_text(video)));
  RD_TRY(Transcoded made,
         transcode(sandbox_, source, probed, folder.path(),
                   TranscodeOptions{.threads = options_.threads, .limits = options_.limits},
                   progress, stop));
  return package(video, made, folder.path());
}

Result<Asset> Pipeline::package(VideoId video, const Transcoded& made, const fs::path& folder) {
  Asset asset;
  asset.duration_ms = std::llround(made.seconds * 1000);
  asset.width = made.renditions[0].rung.width;
  asset.height = made.renditions[0].rung.height;
  asset.frame_rate = made.frame_rate;
  asset.has_audio = made.has_audio;
  asset.poster_width = made.poster_size.width;
  asset.poster_height = made.poster_size.height;

  std::vector<HlsVariant> variants;
  for (const auto& rendition : made.renditions) {
    const std::string& name = rendition.rung.name;
    asset.renditions.push_back({name, rendition.rung.width, rendition.rung.height,
                                average_bandwidth_bps(rendition.index),
                                static_cast<int64_t>(rendition.index.size_bytes)});
    variants.push_back({name + ".m3u8", rendition.rung.width, rendition.rung.height,
                        made.frame_rate, &rendition.index});
    RD_CHECK(store_.put(media_key(video, name + ".m3u8"),
                        media_playlist(rendition.index, name + ".mp4")));
    RD_CHECK(store_.put_file(media_key(video, name + ".mp4"), rendition.file));
  }
  RD_CHECK(store_.put_file(media_key(video, "poster.jpg"), folder / "poster.jpg"));
  // Players start with the first: the smallest shows a picture soonest.
  std::reverse(variants.begin(), variants.end());
  RD_CHECK(store_.put(media_key(video, "master.m3u8"), multivariant_playlist(variants)));
  return asset;
}

Result<void> Pipeline::render(const std::string& video_graph, const std::string& audio_graph,
                              std::chrono::milliseconds duration, const fs::path& out,
                              std::stop_token stop) {
  char name[32];
  std::snprintf(name, sizeof name, "render-%016zx", std::hash<std::string>{}(out.string()));
  RD_TRY(WorkFolder folder, WorkFolder::make(options_.work_folder / name));
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.3f", static_cast<double>(duration.count()) / 1000);
  const std::string threads = std::to_string(options_.threads);

  SandboxCommand command;
  command.program = "ffmpeg";
  command.arguments = {"-hide_banner",
                       "-nostdin",
                       "-nostats",
                       "-y",
                       "-v",
                       "error",
                       "-protocol_whitelist",
                       "file",
                       "-f",
                       "lavfi",
                       "-i",
                       video_graph,
                       "-protocol_whitelist",
                       "file",
                       "-f",
                       "lavfi",
                       "-i",
                       audio_graph,
                       "-t",
                       seconds,
                       "-map",
                       "0:v",
                       "-map",
                       "1:a",
                       "-fflags",
                       "+bitexact",
                       "-c:v",
                       "libx264",
                       "-preset",
                       "ultrafast",
                       "-crf",
                       "12",
                       "-threads",
                       threads,
                       "-c:a",
                       "aac",
                       "-b:a",
                       "192k",
                       "-movflags",
                       "+faststart",
                       "-f",
                       "mp4",
                       "out.mp4"};
  command.output_directory = folder.path();
  command.limits.wall_max = std::chrono::seconds(options_.limits.wall_seconds_max);
  command.limits.cpu_seconds_max =
      options_.limits.wall_seconds_max * static_cast<uint64_t>(options_.threads);
  command.limits.address_space_bytes_max = options_.limits.memory_bytes_max;
  command.limits.file_bytes_max = options_.limits.size_bytes_max;
  command.stop = stop;
  RD_TRY(ProcessResult ran, sandbox_.run(command));
  if (!ran.succeeded()) {
    Error error = command_failed(ran, "rendering");
    if (error.code() != ErrorCode::kInvalid) return error;
    return base::invalid("FFmpeg cannot render this graph: " + ran.err);
  }
  std::error_code code;
  const fs::path part = out.string() + ".part";
  fs::copy_file(folder.path() / "out.mp4", part, fs::copy_options::overwrite_existing, code);
  if (!code) fs::rename(part, out, code);
  if (code) return file_error("write", out, code);
  return {};
}

Result<void> Pipeline::remove(VideoId video) {
  // The multivariant playlist first: what is half removed is not played.
  RD_CHECK(store_.remove(media_key(video, "master.m3u8")));
  RD_TRY(std::vector<std::string> keys, store_.list(media_key(video, "")));
  for (const auto& key : keys) RD_CHECK(store_.remove(key));
  return {};
}

}  // namespace rondo::media
