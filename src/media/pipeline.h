// The whole way of one video, in two steps, each of which puts its objects into the blob store as
//   media/<video id>/<n>p.mp4, <n>p.m3u8 (a rendition each), poster.jpg, storyboard.jpg,
//   preview.mp4, master-<count>.m3u8
//
//   make_playable   probe, sound, one small rendition, the poster, and what tells the video from
//                   others: as early as can be, the sound beside the picture
//   make_rest       the other renditions with the same sound, storyboard and preview, all from one
//                   decoding
//   make_av1        where the operator wants it: the larger renditions again as AV1
//
// An object never changes once it is there: the playlist over all renditions has another name than
// the one over the first, and is put last. Either step may be run again at any time, after a crash
// for instance: what is there already is not made again. A step puts nothing before all of it is
// made. It works in a folder of its own below `work_folder`, which belongs to one Pipeline (of one
// process) and is emptied when that is created.
//
// Thread safe, for different videos. Blocks for as long as the work takes.
// Errors: refusals are invalid or exhausted, with the reasons of probe.h: the video is at fault,
// and trying again will not help. unavailable ("sandbox_unavailable", "cancelled", "disk_full", the
// store's) and internal may pass: try again.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "blob/blob_store.h"
#include "media/glimpses.h"
#include "media/probe.h"
#include "media/sandbox.h"
#include "media/sound.h"
#include "media/traces.h"
#include "media/transcode.h"

namespace rondo::media {

struct PipelineOptions {
  std::filesystem::path work_folder;
  SandboxOptions sandbox;
  MediaLimits limits;
  int threads = 2;
  bool av1 = false;  // whether make_av1 makes anything
};

struct Rendition {
  std::string name;  // "720p"; the object is media/<id>/720p.mp4
  int width = 0, height = 0;
  int64_t bandwidth_bps = 0;  // average over the file
  int64_t size_bytes = 0;
};

struct Asset {
  int64_t duration_ms = 0;
  int width = 0, height = 0;  // of the best rendition
  double frame_rate = 0;
  bool has_audio = false;
  bool credentials = false;  // the source carried a C2PA manifest, which nobody has verified
  std::vector<Rendition> renditions;  // the best first
  int poster_width = 0, poster_height = 0;
  std::optional<Storyboard> storyboard;  // with it the preview: after make_rest
};

struct Playable {
  Asset asset;
  Traces traces;  // what the first step alone gives
};

// "media/<video id>/<file>".
std::string media_key(VideoId video, std::string_view file);
// The multivariant playlist over so many renditions: "master-4.m3u8".
std::string master_name(size_t renditions);

class Pipeline {
 public:
  // `store` has to outlive the pipeline. Does not fail for want of a sandbox: see ready().
  static Result<std::unique_ptr<Pipeline>> create(PipelineOptions options, blob::BlobStore& store);

  // Whether videos can be processed here, or what is missing and what to do about it
  // (unavailable, reason "sandbox_unavailable"). To be said at start, and to refuse uploads with.
  Result<void> ready() const { return sandbox_.check(); }
  // False when the operator chose to run FFmpeg without isolation: to be warned about at start.
  Result<bool> isolated() const { return sandbox_.isolated(); }

  Result<Playable> make_playable(VideoId video, const std::filesystem::path& source,
                                 const ProgressCallback& progress, std::stop_token stop);
  // The whole asset. After make_playable, of the same source.
  Result<Asset> make_rest(VideoId video, const std::filesystem::path& source, std::stop_token stop);

  // The whole asset again, with its AV1 renditions behind the others. After make_rest.
  Result<Asset> make_av1(VideoId video, const std::filesystem::path& source, std::stop_token stop);
  bool makes_av1() const { return options_.av1; }

  // Renders two lavfi graphs (a picture, a sound) into a file that make_playable() takes, in the
  // same sandbox. `out` is replaced. The graphs are the program's own; a wrong one is invalid.
  Result<void> render(const std::string& video_graph, const std::string& audio_graph,
                      std::chrono::milliseconds duration, const std::filesystem::path& out,
                      std::stop_token stop);

  // Removes every object of the video. Idempotent.
  Result<void> remove(VideoId video);

 private:
  Pipeline(PipelineOptions options, blob::BlobStore& store)
      : options_(std::move(options)), sandbox_(options_.sandbox), store_(store) {}

  // What make_playable has found out about a source, for the other steps. A memory only: what is
  // not there is found out again.
  struct Known {
    std::filesystem::path source;
    Probe probe;
  };
  static constexpr size_t kKnownMax = 64;
  std::optional<Known> recall(VideoId video, const std::filesystem::path& source) const;
  void remember(VideoId video, Known known);

  struct Work;
  Result<void> start(Work& work) const;
  Result<void> recall_or_look(Work& work) const;
  SoundContext sound_context(const Work& work, std::stop_token stop) const;
  void begin_sound(Work& work, const Probe& streams) const;
  Result<std::filesystem::path> wait_for_sound(Work& work) const;
  Result<void> add_sound(Work& work, Pass& pass) const;
  // Those of the rungs that the store holds, as files again; the others are what is missing.
  Result<void> fetch(Work& work, const std::vector<Rung>& rungs) const;
  Result<void> make(Work& work, const Pass& pass, const ProgressCallback& progress);
  Result<Asset> package(const Work& work) const;
  Result<Asset> complete(Work& work, const std::vector<Rung>& rungs, bool glimpses);

  const PipelineOptions options_;
  const Sandbox sandbox_;
  blob::BlobStore& store_;
  mutable std::mutex mutex_;
  std::map<VideoId, Known> known_;
};

}  // namespace rondo::media
