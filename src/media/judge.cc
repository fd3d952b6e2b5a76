#include "media/judge.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

#include "media/refusal.h"

namespace rondo::media {
namespace {

constexpr std::string_view kVideoCodecs =
    ",h264,hevc,av1,vp8,vp9,mpeg4,msmpeg4v2,msmpeg4v3,h263,h263p,flv1,vp6,vp6f,mpeg2video,"
    "mpeg1video,"
    "mjpeg,prores,dnxhd,theora,wmv1,wmv2,wmv3,vc1,dvvideo,rawvideo,";

std::string decimal(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

}  // namespace

Error damaged(std::string_view how) {
  return refused("damaged", "This file is damaged: " + std::string(how) +
                                ". Copy or export it again and retry.");
}

Error too_many_streams(size_t at_least, const MediaLimits& limits) {
  return refused("too_many_streams", "This file holds " + std::to_string(at_least) +
                                         " streams or more; the limit here is " +
                                         std::to_string(limits.streams_max) +
                                         ". Export it with one picture and one sound track.");
}

Result<void> judge_file_size(uint64_t bytes, const MediaLimits& limits) {
  if (bytes == 0) return refused("empty", "This file is empty. Choose the video again.");
  if (bytes <= limits.size_bytes_max) return {};
  return refused("too_large", "This file is " + size_text(bytes) + "; the limit here is " +
                                  size_text(limits.size_bytes_max) +
                                  ". Make it shorter or smaller and try again.");
}

Result<void> judge_streams(const Chosen& chosen, const MediaLimits& limits) {
  if (chosen.stream_count > limits.streams_max) {
    return too_many_streams(chosen.stream_count, limits);
  }
  if (chosen.video) return {};
  if (chosen.stream_count == 0) return damaged("nothing that can be shown was found in it");
  return refused("no_picture",
                 "This file has no picture, only sound or data. Choose a file with video.");
}

Result<void> judge_picture(const VideoStream& video) {
  if (video.dolby_vision_profile == 5) {
    return refused("dolby_vision_5",
                   "This video is in Dolby Vision profile 5, which has no picture that other "
                   "players can show. Export it as HDR10, HLG or SDR and try again.");
  }
  if (!video.codec.empty() &&
      kVideoCodecs.find("," + video.codec + ",") != std::string_view::npos) {
    return {};
  }
  return refused("unsupported_codec",
                 "The picture in this file is coded as \"" +
                     (video.codec.empty() ? std::string("unknown") : video.codec) +
                     "\", which is not supported here. Export it as H.264 (MP4) and try again.");
}

Result<void> judge_pixels(const VideoStream& video, const MediaLimits& limits) {
  const auto width = static_cast<uint64_t>(video.width);
  const auto height = static_cast<uint64_t>(video.height);
  const std::string measured = std::to_string(width) + " x " + std::to_string(height);
  if (width * height > limits.pixels_max) {
    auto mega = [](uint64_t pixels) { return decimal(static_cast<double>(pixels) / 1e6); };
    return refused("too_many_pixels", "This video is " + measured + ", " + mega(width * height) +
                                          " megapixels; the limit here is " +
                                          mega(limits.pixels_max) +
                                          ". Export it smaller and try again.");
  }
  if (width == 0 || height == 0) return damaged("its picture has no size");
  if (std::min(width, height) < limits.side_pixels_min) {
    return refused("too_small", "This video is " + measured + " pixels; the least here is " +
                                    std::to_string(limits.side_pixels_min) + " on each side.");
  }
  return {};
}

Result<void> judge_frame_rate(double frames_per_second, const MediaLimits& limits) {
  if (frames_per_second <= static_cast<double>(limits.frame_rate_max)) return {};
  return refused("frame_rate_too_high",
                 "This video has " + decimal(frames_per_second) +
                     " frames a second; the limit here is " +
                     std::to_string(limits.frame_rate_max) + ". Export it at " +
                     std::to_string(std::min<uint64_t>(60, limits.frame_rate_max)) +
                     " or fewer and try again.");
}

Result<void> judge_duration(uint64_t duration_ms, const MediaLimits& limits) {
  if (duration_ms <= limits.duration_ms_max) return {};
  return refused("duration_too_long",
                 "This video is " + duration_text(duration_ms) + "; the limit here is " +
                     duration_text(limits.duration_ms_max) + ". Trim it and try again.");
}

}  // namespace rondo::media
