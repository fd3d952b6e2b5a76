#include "media/pipeline.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <future>
#include <optional>
#include <system_error>
#include <utility>

#include "media/hls.h"
#include "media/refusal.h"
#include "media/work_folder.h"

namespace rondo::media {
namespace fs = std::filesystem;
namespace {

// Looking at the file takes about so much of a step.
constexpr double kLookShare = 0.05;

// The one to be seen first: the best of at most 480 lines, which a phone shows well enough for the
// seconds until there are more, or the smallest.
Rung first_rung(const std::vector<Rung>& rungs) {
  for (const Rung& rung : rungs) {
    if (std::min(rung.width, rung.height) <= 480) return rung;
  }
  return rungs.back();
}

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

namespace {
std::string traces_key(VideoId video) { return "traces/" + to_text(video); }
constexpr uint64_t kTracesBytesMax = 64 << 10;
}  // namespace

std::string master_name(size_t renditions) {
  return "master-" + std::to_string(renditions) + ".m3u8";
}

namespace {

// Goes on in a thread of its own; told to stop, and waited for, at its end or the caller's stop.
template <typename T>
class Beside {
 public:
  Beside(const std::stop_token& stop, std::function<Result<T>(std::stop_token)> what)
      : stopped_(stop, [this] { over_.request_stop(); }),
        done_(std::async(std::launch::async, std::move(what), over_.get_token())) {}
  ~Beside() { over_.request_stop(); }
  Result<T> get() { return done_.get(); }

 private:
  std::stop_source over_;
  std::stop_callback<std::function<void()>> stopped_;
  std::future<Result<T>> done_;
};

}  // namespace

// One run of a step.
struct Pipeline::Work {
  VideoId video;
  const fs::path& source;
  std::stop_token stop;
  Probe probe;
  std::optional<WorkFolder> folder;
  std::vector<RenditionFile> renditions;  // fetched or made, of those that the step is about
  std::vector<Rung> missing;
  Traces traces;
  Transcoded made;
  std::unique_ptr<Beside<Sound>> sound;  // being made

  // What the sandbox writes into. What is fetched is not in it.
  fs::path out() const { return folder->path() / "out"; }
};

std::optional<Pipeline::Known> Pipeline::recall(VideoId video, const fs::path& source) const {
  std::lock_guard lock(mutex_);
  auto found = known_.find(video);
  if (found == known_.end() || found->second.source != source) return std::nullopt;
  return found->second;
}

void Pipeline::remember(VideoId video, Known known) {
  std::lock_guard lock(mutex_);
  known_.insert_or_assign(video, std::move(known));
  if (known_.size() > kKnownMax) known_.erase(known_.begin());
}

SoundContext Pipeline::sound_context(const Work& work, std::stop_token stop) const {
  return {sandbox_, options_.limits, work.out(), options_.threads, std::move(stop)};
}

// Of `streams` it needs to know no more than which there are.
void Pipeline::begin_sound(Work& work, const Probe& streams) const {
  if (!streams.audio || work.sound) return;
  work.sound =
      std::make_unique<Beside<Sound>>(work.stop, [this, &work, streams](std::stop_token stop) {
        return make_sound(sound_context(work, std::move(stop)), work.source, streams);
      });
}

Result<void> Pipeline::start(Work& work) const {
  RD_CHECK(sandbox_.check());
  RD_TRY(WorkFolder folder, WorkFolder::make(options_.work_folder / to_text(work.video)));
  work.folder.emplace(std::move(folder));
  std::error_code code;
  fs::create_directory(work.out(), code);
  if (code) return file_error("make the folder", work.out(), code);
  return {};
}

Result<void> Pipeline::recall_or_look(Work& work) const {
  if (auto known = recall(work.video, work.source)) {
    work.probe = std::move(known->probe);
    return {};
  }
  RD_TRY(work.probe, probe(sandbox_, work.source, options_.limits, work.stop, {}));
  return {};
}

Result<void> Pipeline::fetch(Work& work, const std::vector<Rung>& rungs) const {
  for (const Rung& rung : rungs) {
    RenditionFile found{rung, work.folder->path() / ("have-" + rung.name + ".mp4"), {}};
    const std::string key = media_key(work.video, rung.name + ".mp4");
    const auto info = store_.stat(key);
    if (!info.ok() && info.error().code() != ErrorCode::kNotFound) return info.error();
    if (info.ok()) {
      RD_CHECK(copy_object(store_, key, info->size_bytes, found.file));
      auto index = read_mp4_index(found.file);
      if (index.ok()) {
        found.index = std::move(*index);
        work.renditions.push_back(std::move(found));
        continue;
      }
      // Of a disk that lost it: made again, and put over it.
    }
    work.missing.push_back(rung);
  }
  return {};
}

Result<void> Pipeline::make(Work& work, const Pass& pass, const ProgressCallback& progress) {
  if (progress) progress(kLookShare);
  RD_TRY(work.made, transcode(
                        sandbox_, work.source, work.probe, pass, work.out(),
                        TranscodeOptions{.threads = options_.threads, .limits = options_.limits},
                        [&](double done) {
                          if (progress) progress(kLookShare + done * (1 - kLookShare));
                        },
                        work.stop));
  for (auto& rendition : work.made.renditions) work.renditions.push_back(std::move(rendition));
  std::sort(work.renditions.begin(), work.renditions.end(),
            [](const RenditionFile& a, const RenditionFile& b) {
              return std::pair(a.rung.av1, -a.rung.width) < std::pair(b.rung.av1, -b.rung.width);
            });
  work.traces.placeholder = std::move(work.made.placeholder);
  work.traces.look = std::move(work.made.look);
  return {};
}

Result<Playable> Pipeline::make_playable(VideoId video, const fs::path& source,
                                         const ProgressCallback& progress, std::stop_token stop) {
  Work work{video, source, std::move(stop), {}, {}, {}, {}, {}, {}, {}};
  RD_CHECK(start(work));
  auto traces = store_.get(traces_key(video), kTracesBytesMax);
  auto known = traces.ok() ? unpack_traces(*traces) : Result<Traces>(std::move(traces).error());
  // Looked at anew: what one try has misjudged, the next one need not. Where the sound is sure to
  // be needed it is made beside that and the picture; with traces all may be done.
  RD_TRY(work.probe, probe(sandbox_, source, options_.limits, work.stop, [&](const Probe& streams) {
           if (!known.ok()) begin_sound(work, streams);
         }));
  const std::vector<Rung> rungs = rungs_of(work.probe);
  const Rung first = first_rung(rungs);
  RD_CHECK(fetch(work, {first}));
  // The rendition is put last: what else this step makes is missing only where that is of no use.
  const bool have = work.missing.empty();
  if (have && known.ok()) {
    work.traces = std::move(*known);
  } else {
    work.missing = {first};
    work.renditions.clear();
    Pass pass{.rungs = {first}, .poster = true};
    RD_CHECK(add_sound(work, pass));
    RD_CHECK(make(work, pass, progress));
    RD_CHECK(store_.put(traces_key(video), pack(work.traces)));
  }
  Playable playable;
  RD_TRY(playable.asset, package(work));
  remember(video, {source, work.probe});
  playable.traces = std::move(work.traces);
  return playable;
}

Result<Asset> Pipeline::make_rest(VideoId video, const fs::path& source, std::stop_token stop) {
  Work work{video, source, std::move(stop), {}, {}, {}, {}, {}, {}, {}};
  RD_CHECK(start(work));
  RD_CHECK(recall_or_look(work));
  bool glimpsed = true;
  for (std::string_view file : {kStoryboardFile, kPreviewFile}) {
    const auto info = store_.stat(media_key(video, file));
    if (!info.ok() && info.error().code() != ErrorCode::kNotFound) return info.error();
    glimpsed = glimpsed && info.ok();
  }
  RD_TRY(Asset asset, complete(work, rungs_of(work.probe), !glimpsed));
  // The video is published by now: nobody asks for them again.
  RD_CHECK(store_.remove(traces_key(video)));
  return asset;
}

Result<Asset> Pipeline::make_av1(VideoId video, const fs::path& source, std::stop_token stop) {
  Work work{video, source, std::move(stop), {}, {}, {}, {}, {}, {}, {}};
  RD_CHECK(start(work));
  RD_CHECK(recall_or_look(work));
  std::vector<Rung> rungs = rungs_of(work.probe);
  for (Rung& rung : av1_rungs(rungs)) rungs.push_back(std::move(rung));
  return complete(work, rungs, false);
}

Result<fs::path> Pipeline::wait_for_sound(Work& work) const {
  RD_TRY(Sound sound, work.sound->get());
  work.traces.sound = std::move(sound.trace);
  return std::move(sound.file);
}

// All renditions have the same: that of one that is there, or else made anew.
Result<void> Pipeline::add_sound(Work& work, Pass& pass) const {
  if (!work.probe.audio) return {};
  if (work.renditions.empty()) {
    begin_sound(work, work.probe);
    pass.sound = [this, &work] { return wait_for_sound(work); };
  } else if (const RenditionFile& made = work.renditions.front(); made.index.has_audio) {
    pass.sound = [this, &work, file = made.file] {
      return take_sound(sound_context(work, work.stop), file);
    };
  }
  return {};
}

Result<Asset> Pipeline::complete(Work& work, const std::vector<Rung>& rungs, bool glimpses) {
  RD_CHECK(fetch(work, rungs));
  if (!work.missing.empty() || glimpses) {
    Pass pass{.rungs = work.missing, .glimpses = glimpses};
    if (!work.missing.empty()) RD_CHECK(add_sound(work, pass));
    RD_CHECK(make(work, pass, {}));
  }
  RD_TRY(Asset asset, package(work));
  asset.storyboard = storyboard_of(work.probe.video.display_width, work.probe.video.display_height,
                                   work.probe.video_end_us / 1000);
  return asset;
}

Result<Asset> Pipeline::package(const Work& work) const {
  const VideoId video = work.video;
  Asset asset;
  asset.frame_rate = frame_rate_of(work.probe);
  asset.has_audio = work.renditions.front().index.has_audio;
  asset.credentials = work.probe.credentials;
  const Size poster = poster_size(work.probe.video.display_width, work.probe.video.display_height);
  asset.poster_width = poster.width;
  asset.poster_height = poster.height;
  if (!work.made.poster.empty()) {
    RD_CHECK(store_.put_file(media_key(video, "poster.jpg"), work.made.poster));
  }
  if (!work.made.storyboard.empty()) {
    RD_CHECK(store_.put_file(media_key(video, kStoryboardFile), work.made.storyboard));
    RD_CHECK(store_.put_file(media_key(video, kPreviewFile), work.made.preview));
  }

  double seconds = 0;
  std::vector<HlsVariant> variants;
  for (const auto& rendition : work.renditions) {
    const std::string& name = rendition.rung.name;
    seconds = std::max(seconds, rendition.index.seconds);
    asset.renditions.push_back({name, rendition.rung.width, rendition.rung.height,
                                average_bandwidth_bps(rendition.index),
                                static_cast<int64_t>(rendition.index.size_bytes)});
    variants.push_back({name + ".m3u8", rendition.rung.width, rendition.rung.height,
                        asset.frame_rate, &rendition.index});
    RD_CHECK(store_.put(media_key(video, name + ".m3u8"),
                        media_playlist(rendition.index, name + ".mp4")));
    const bool made = std::any_of(work.missing.begin(), work.missing.end(),
                                  [&](const Rung& rung) { return rung.name == name; });
    if (made) RD_CHECK(store_.put_file(media_key(video, name + ".mp4"), rendition.file));
  }
  asset.duration_ms = std::llround(seconds * 1000);
  asset.width = asset.renditions[0].width;
  asset.height = asset.renditions[0].height;
  // Players start with the first: the smallest shows a picture soonest, and H.264 everywhere.
  std::reverse(variants.begin(), variants.end());
  std::stable_partition(variants.begin(), variants.end(), [](const HlsVariant& variant) {
    return variant.index->video_codec.starts_with("avc1");
  });
  RD_CHECK(
      store_.put(media_key(video, master_name(variants.size())), multivariant_playlist(variants)));
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
  command.stop = std::move(stop);
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
  {
    std::lock_guard lock(mutex_);
    known_.erase(video);
  }
  RD_TRY(std::vector<std::string> keys, store_.list(media_key(video, "")));
  // The multivariant playlists first: what is half removed is not played.
  std::stable_partition(keys.begin(), keys.end(), [](const std::string& key) {
    return key.find("/master-") != std::string::npos;
  });
  for (const auto& key : keys) RD_CHECK(store_.remove(key));
  RD_CHECK(store_.remove(traces_key(video)));
  return {};
}

}  // namespace rondo::media
