#include "media/describe.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

namespace rondo::media {
namespace json = boost::json;
namespace {

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

int64_t number_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return 0;
  if (value->is_int64()) return value->as_int64();
  if (!value->is_string()) return 0;
  int64_t out = 0;
  const auto& text = value->as_string();
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

Rational rational_of(const json::object& object, std::string_view key, char separator) {
  const std::string text = text_of(object, key);
  Rational out{0, 1};
  const auto at = text.find(separator);
  if (at == std::string::npos) return out;
  const char* end = text.data() + text.size();
  std::from_chars(text.data(), text.data() + at, out.num);
  std::from_chars(text.data() + at + 1, end, out.den);
  if (out.den <= 0 || out.num < 0) return {0, 1};
  return out;
}

const json::array& list_of(const json::object& object, std::string_view key) {
  static const json::array kNone;
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->as_array() : kNone;
}

bool flag_of(const json::object& stream, std::string_view key) {
  const auto* disposition = stream.if_contains("disposition");
  return disposition != nullptr && disposition->is_object() &&
         number_of(disposition->as_object(), key) == 1;
}

// "unknown" and "reserved" are FFmpeg's ways not to say.
std::string color_of(const json::object& object, std::string_view key) {
  std::string text = text_of(object, key);
  return text == "unknown" || text == "reserved" || text == "unspecified" ? "" : text;
}

bool has_alpha(std::string_view pixel_format) {
  for (std::string_view with : {"yuva", "gbrap", "rgba", "bgra", "argb", "abgr", "ya8", "ya16"}) {
    if (pixel_format.starts_with(with)) return true;
  }
  return pixel_format == "pal8";
}

void read_side_data(const json::object& object, VideoStream& video) {
  for (const auto& item : list_of(object, "side_data_list")) {
    if (!item.is_object()) continue;
    const auto& data = item.as_object();
    const std::string type = text_of(data, "side_data_type");
    if (type == "Display Matrix") {
      // FFmpeg counts against the clock.
      const int64_t degrees = -number_of(data, "rotation");
      video.rotation = static_cast<int>(((degrees % 360) + 360) % 360);
    } else if (type == "DOVI configuration record") {
      video.dolby_vision_profile = static_cast<int>(number_of(data, "dv_profile"));
    }
  }
}

void read_colors(const json::object& object, VideoStream& video) {
  auto take = [&](std::string& field, std::string_view key) {
    if (std::string text = color_of(object, key); !text.empty()) field = std::move(text);
  };
  take(video.color_range, "color_range");
  take(video.color_matrix, "color_space");
  take(video.color_primaries, "color_primaries");
  take(video.color_transfer, "color_transfer");
  take(video.pixel_format, "pix_fmt");
}

VideoStream read_video(const json::object& stream) {
  VideoStream video;
  video.index = static_cast<int>(number_of(stream, "index"));
  video.codec = text_of(stream, "codec_name");
  video.profile = text_of(stream, "profile");
  video.width = static_cast<int>(std::clamp<int64_t>(number_of(stream, "width"), 0, 1 << 24));
  video.height = static_cast<int>(std::clamp<int64_t>(number_of(stream, "height"), 0, 1 << 24));
  video.sample_aspect = rational_of(stream, "sample_aspect_ratio", ':');
  const Rational average = rational_of(stream, "avg_frame_rate", '/');
  video.frame_rate =
      average.num > 0 ? average.value() : rational_of(stream, "r_frame_rate", '/').value();
  read_colors(stream, video);
  read_side_data(stream, video);
  const auto* tags = stream.if_contains("tags");
  video.alpha =
      tags != nullptr && tags->is_object() && text_of(tags->as_object(), "alpha_mode") == "1";
  return video;
}

AudioStream read_audio(const json::object& stream) {
  AudioStream audio;
  audio.index = static_cast<int>(number_of(stream, "index"));
  audio.codec = text_of(stream, "codec_name");
  audio.channels = static_cast<int>(std::clamp<int64_t>(number_of(stream, "channels"), 0, 1024));
  audio.sample_rate =
      static_cast<int>(std::clamp<int64_t>(number_of(stream, "sample_rate"), 0, 1 << 24));
  return audio;
}

void set_display_size(VideoStream& video) {
  // A ratio beyond 10 is a mistake in the file, not a lens; within a hundredth of 1 it is rounding.
  const double aspect = video.sample_aspect.value();
  if (aspect < 0.1 || aspect > 10 || std::abs(aspect - 1) < 0.01) video.sample_aspect = {1, 1};
  int width = std::max(1, static_cast<int>(std::lround(video.width * video.sample_aspect.value())));
  int height = video.height;
  if (video.rotation % 180 == 90) std::swap(width, height);
  video.display_width = width;
  video.display_height = height;
}

}  // namespace

Chosen choose_streams(const json::object& answer) {
  Chosen chosen;
  const auto& streams = list_of(answer, "streams");
  chosen.stream_count = streams.size();
  const json::object* video = nullptr;
  const json::object* audio = nullptr;
  auto better = [](const json::object& a, const json::object* b, auto&& amount) {
    if (b == nullptr) return true;
    const bool a_default = flag_of(a, "default"), b_default = flag_of(*b, "default");
    if (a_default != b_default) return a_default;
    return amount(a) > amount(*b);
  };
  auto side = [](const json::object& s, std::string_view key) {
    return std::clamp<int64_t>(number_of(s, key), 0, 1 << 24);
  };
  auto pixels = [&](const json::object& s) { return side(s, "width") * side(s, "height"); };
  auto channels = [](const json::object& s) { return number_of(s, "channels"); };
  for (const auto& item : streams) {
    if (!item.is_object()) continue;
    const auto& stream = item.as_object();
    const std::string type = text_of(stream, "codec_type");
    if (type == "video" && !flag_of(stream, "attached_pic") &&
        !flag_of(stream, "timed_thumbnails")) {
      if (better(stream, video, pixels)) video = &stream;
    } else if (type == "audio" && !text_of(stream, "codec_name").empty() &&
               number_of(stream, "channels") > 0 && number_of(stream, "sample_rate") > 0) {
      if (better(stream, audio, channels)) audio = &stream;
    }
  }
  if (video != nullptr) {
    chosen.video = read_video(*video);
    chosen.nominal_rate = rational_of(*video, "r_frame_rate", '/').value();
  }
  if (audio != nullptr) chosen.audio = read_audio(*audio);
  return chosen;
}

bool take_frame(const json::object& answer, VideoStream& video) {
  const auto& frames = list_of(answer, "frames");
  if (frames.empty() || !frames[0].is_object()) return false;
  const auto& frame = frames[0].as_object();
  read_colors(frame, video);
  if (auto width = number_of(frame, "width"), height = number_of(frame, "height");
      width > 0 && height > 0) {
    video.width = static_cast<int>(std::min<int64_t>(width, 1 << 24));
    video.height = static_cast<int>(std::min<int64_t>(height, 1 << 24));
  }
  if (Rational aspect = rational_of(frame, "sample_aspect_ratio", ':'); aspect.num > 0) {
    video.sample_aspect = aspect;
  }
  video.alpha = video.alpha || has_alpha(video.pixel_format);
  set_display_size(video);
  return true;
}

std::optional<double> format_seconds(const json::object& answer, std::string_view key) {
  const auto* format = answer.if_contains("format");
  if (format == nullptr || !format->is_object()) return std::nullopt;
  return decimal_of(format->as_object(), key);
}

std::optional<double> decimal_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const auto& text = value->as_string();
  double out = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc() || !std::isfinite(out)) return std::nullopt;
  return out;
}

}  // namespace rondo::media
