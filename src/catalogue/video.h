// What the catalogue knows of a video. Plain values: thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace rondo::catalogue {

//   processing -> live -> deleted
//        |  \-> refused -> deleted
//        \-> deleted
enum class VideoState { kProcessing, kLive, kRefused, kDeleted };

std::string_view to_string(VideoState state);  // "processing", "live", "refused", "deleted"

struct Rendition {
  std::string name;  // "1080p": names the file
  int width = 0;
  int height = 0;
  int64_t bandwidth_bps = 0;
  int64_t size_bytes = 0;
};

// A JPEG of small pictures for the seek bar: picture i, at column i % columns of row i / columns,
// is what is shown at i * interval_ms.
struct Storyboard {
  int count = 0;
  int columns = 0;
  int tile_width = 0;
  int tile_height = 0;
  int interval_ms = 0;
};

struct MediaFacts {
  uint32_t duration_ms = 0;
  int width = 0;  // of the largest rendition
  int height = 0;
  std::vector<Rendition> renditions;  // largest first
  // Known when a video goes live; not asked for when its media is completed.
  std::string placeholder;   // bytes of docs/formats/placeholder.md
  std::string waveform;      // peaks of even parts, 255 the loudest; empty: silent
  bool credentials = false;  // the source carried a C2PA manifest, which nobody has verified
  VideoId look;   // the first video that looked the same: itself, unless it is a duplicate
  VideoId sound;  // the first video of the same sound; zero: silent, or too short to tell
  // Known when its media is complete; then there is a preview, too.
  std::optional<Storyboard> storyboard;
};

// Words of a video in a language, as WebVTT (Catalogue::captions has them).
struct CaptionTrack {
  std::string language;  // BCP 47 in lower case: "en", "pt-br"
  std::string version;   // 16 hex digits of the words' SHA-256: names the file
};

struct Refusal {
  std::string code;    // "not_a_video", "duration_too_long", ...
  std::string detail;  // a sentence for the person who uploaded
};

// What an author wants of the file, beside its words: a part of it, another picture on its cover.
struct Trim {
  uint32_t start_ms = 0;  // of the uploaded file
  uint32_t end_ms = 0;    // later than the start
};
struct Edit {
  std::optional<Trim> trim;
  std::optional<uint32_t> cover_ms;  // a moment of the published video: after the trim
};

struct Video {
  VideoId id;
  UploadId upload;
  AccountId author;
  EngineId author_engine;
  VideoState state = VideoState::kProcessing;
  double progress = 0;   // 0..1, while processing
  bool waiting = false;  // processing, and nobody works on it yet
  std::optional<Refusal> refusal;
  std::string caption;
  std::vector<std::string> hashtags;  // normalised, the main topic first
  std::string language;               // BCP 47 primary tag; empty: unknown
  Edit edit;
  uint64_t created_us = 0;
  uint64_t published_us = 0;           // 0 until live
  MediaFacts media;                    // once live
  std::vector<CaptionTrack> captions;  // by language
  int64_t likes = 0;
  int64_t views = 0;
};

struct VideoPage {
  std::vector<Video> items;
  std::optional<std::string> next_cursor;  // unset at the end
};

}  // namespace rondo::catalogue
