// What an uploaded file is, in types: container, the picture and the sound that would be shown,
// colour, rotation, time. And whether Rondo takes it.
//
// The file is opened by ffprobe inside the sandbox only, with the demuxer forced from the first
// bytes (sniff.h), local-file protocol only, codecs from an allow-list, and bounded probing.
//
// Refusals are Errors of code invalid, field "file", with one of these reasons, and a sentence for
// the person who uploaded, with what was measured beside the limit:
//   empty, too_large, not_a_video, damaged, no_picture, duration_too_long, too_many_pixels,
//   too_small, frame_rate_too_high, too_many_streams, unsupported_codec, dolby_vision_5
// Failures of the machine are unavailable or internal; what took too much time or memory is
// exhausted, reason "too_much_work"; a stop request is unavailable, reason "cancelled".
// Thread safe; blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "media/limits.h"
#include "media/sandbox.h"

namespace rondo::media {

struct Rational {
  int64_t num = 0, den = 1;
  double value() const {
    return den == 0 ? 0 : static_cast<double>(num) / static_cast<double>(den);
  }
};

struct VideoStream {
  int index = 0;              // in the container
  std::string codec;          // FFmpeg's name: "hevc"
  std::string profile;        // "Main 10"; may be empty
  int width = 0, height = 0;  // as stored, before rotation
  Rational sample_aspect{1, 1};
  int rotation = 0;  // degrees clockwise that a player turns it: 0, 90, 180, 270
  // With sample aspect and rotation applied: what a person sees, in square pixels.
  int display_width = 0, display_height = 0;
  double frame_rate = 0;  // average, frames a second, counted
  // Frames come at uneven distances (a screen recording, a stills show).
  bool irregular = false;
  std::string pixel_format;
  std::string color_range, color_matrix, color_primaries, color_transfer;  // "" when not said
  std::optional<int> dolby_vision_profile;
  bool alpha = false;  // parts may be see-through

  // Light beyond SDR (PQ or HLG), to be tone-mapped.
  bool hdr() const { return color_transfer == "smpte2084" || color_transfer == "arib-std-b67"; }
};

struct AudioStream {
  int index = 0;
  std::string codec;
  int channels = 0;
  int sample_rate = 0;
};

struct Probe {
  std::string_view demuxer;  // to force: "mov"
  uint64_t size_bytes = 0;
  uint64_t duration_ms = 0;  // measured: when the longer of picture and sound ends
  // When the picture starts and ends, from when the file's first stream starts: the first frame,
  // the end of the last.
  uint64_t video_start_us = 0, video_end_us = 0;
  int stream_count = 0;
  VideoStream video;  // the one to show: the default one, then the one with most pixels
  std::optional<AudioStream> audio;  // the default one, then the one with most channels
  bool credentials = false;          // it carries a C2PA manifest (content_credentials.h)
};

// `file` must not change meanwhile. `on_streams` (may be empty) is called once, on the calling
// thread, when demuxer and streams are known and before the file is read through: with them, other
// work on the file can begin. It may be refused all the same.
Result<Probe> probe(const Sandbox& sandbox, const std::filesystem::path& file,
                    const MediaLimits& limits, std::stop_token stop,
                    const std::function<void(const Probe& streams)>& on_streams);

// FFmpeg's options for work whose progress is read (process.h): silent, with its threads.
std::vector<std::string> run_options(int threads);
// FFmpeg's options in front of -i for a file so probed or yet to be: whitelists, limits, demuxer.
std::vector<std::string> input_options(std::string_view demuxer, const MediaLimits& limits);
// The same, and the decoder that the picture needs where FFmpeg would take another.
std::vector<std::string> input_options(const Probe& probe, const MediaLimits& limits);

}  // namespace rondo::media
