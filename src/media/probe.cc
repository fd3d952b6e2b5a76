#include "media/probe.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "media/refusal.h"
#include "media/sniff.h"

namespace rondo::media {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

// Decoders, by FFmpeg's names: what phones, cameras, browsers and editors have made in the last
// twenty years.
// Cover pictures and subtitles are not used, but an input that holds them has to open.
constexpr std::string_view kCodecWhitelist =
    "mov_text,ass,ssa,subrip,srt,webvtt,text,cc_dec,dvbsub,dvdsub,pgssub,png,"
    "h264,hevc,av1,libdav1d,libaom-av1,vp8,vp9,libvpx,libvpx-vp9,mpeg4,msmpeg4v2,msmpeg4,h263,"
    "h263p,"
    "flv,vp6,vp6f,mpeg2video,mpeg1video,mjpeg,prores,dnxhd,theora,wmv1,wmv2,wmv3,vc1,dvvideo,"
    "rawvideo,"
    "aac,aac_latm,mp3,mp3float,mp2,mp2float,mp1,mp1float,opus,libopus,vorbis,ac3,eac3,flac,alac,"
    "amrnb,"
    "amrwb,libopencore_amrnb,libopencore_amrwb,wmav1,wmav2,dca,speex,libspeex,nellymoser,"
    "adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_swf,gsm,gsm_ms,qdm2,pcm_s16le,pcm_s16be,pcm_s24le,"
    "pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_u8,pcm_s8,pcm_alaw,pcm_mulaw,pcm_bluray";
constexpr std::string_view kVideoCodecs =
    ",h264,hevc,av1,vp8,vp9,mpeg4,msmpeg4v2,msmpeg4v3,h263,h263p,flv1,vp6,vp6f,mpeg2video,"
    "mpeg1video,"
    "mjpeg,prores,dnxhd,theora,wmv1,wmv2,wmv3,vc1,dvvideo,rawvideo,";

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

std::optional<double> decimal_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const auto& text = value->as_string();
  double out = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc() || !std::isfinite(out)) return std::nullopt;
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

Result<std::string> first_bytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return base::internal("Cannot read the uploaded file " + file.string() + ".");
  std::string bytes(kSniffBytes, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(in.gcount()));
  return bytes;
}

// Packets as ffprobe lists them, one a line: stream,pts,dts,duration,flags.
struct Timeline {
  uint64_t frames = 0;
  double first = 0, last = 0;
  double last_duration = 0;

  double end(double usual_duration) const {
    return last + (last_duration > 0 ? last_duration : usual_duration);
  }

  // `fields`: all after the stream.
  void add_packet(std::string_view fields) {
    std::array<std::string_view, 4> field;
    for (auto& part : field) {
      const auto comma = fields.find(',');
      part = fields.substr(0, comma);
      fields = comma == std::string_view::npos ? std::string_view() : fields.substr(comma + 1);
    }
    auto seconds = [](std::string_view text) -> std::optional<double> {
      double value = 0;
      auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (code != std::errc() || !std::isfinite(value)) return std::nullopt;
      return value;
    };
    // Outside of the edit list: decoded, not shown.
    if (field[3].find('D') != std::string_view::npos) return;
    auto time = seconds(field[0]);
    if (!time) time = seconds(field[1]);
    if (!time) return;
    if (frames == 0 || *time < first) first = *time;
    if (frames == 0 || *time >= last) {
      last = *time;
      last_duration = seconds(field[2]).value_or(0);
    }
    ++frames;
  }
};

class Prober {
 public:
  Prober(const Sandbox& sandbox, const fs::path& file, const MediaLimits& limits,
         std::stop_token stop)
      : sandbox_(sandbox), file_(file), limits_(limits), stop_(std::move(stop)) {}

  Result<Probe> run() {
    std::error_code code;
    probe_.size_bytes = fs::file_size(file_, code);
    if (code) return base::internal("Cannot read the uploaded file: " + code.message() + ".");
    if (probe_.size_bytes == 0) {
      return refused("empty", "This file is empty. Choose the video again.");
    }
    if (probe_.size_bytes > limits_.size_bytes_max) {
      return refused("too_large", "This file is " + size_text(probe_.size_bytes) +
                                      "; the limit here is " + size_text(limits_.size_bytes_max) +
                                      ". Make it shorter or smaller and try again.");
    }
    RD_TRY(std::string bytes, first_bytes(file_));
    const Sniffed sniffed = sniff(bytes);
    if (sniffed.kind != FileKind::kVideo) {
      return refused("not_a_video", "This is " + std::string(sniffed.description) +
                                        ", not a video. Choose a video file, for example MP4, MOV "
                                        "or WebM.");
    }
    probe_.demuxer = sniffed.demuxer;
    RD_CHECK(read_streams());
    RD_CHECK(read_first_frame());
    RD_CHECK(measure_timeline());
    RD_CHECK(judge_duration());
    return std::move(probe_);
  }

 private:
  SandboxCommand ffprobe_command(const std::vector<std::string>& what) const {
    SandboxCommand command;
    command.program = "ffprobe";
    command.arguments = {"-hide_banner", "-v", "error"};
    auto add = [&](const std::vector<std::string>& arguments) {
      command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    };
    add(input_options(probe_.demuxer, limits_));
    add(what);
    add({"-i", std::string(kSandboxInput)});
    command.input = file_;
    command.limits.wall_max = std::chrono::seconds(60);
    command.limits.cpu_seconds_max = 60;
    command.limits.address_space_bytes_max = limits_.memory_bytes_max;
    command.limits.file_bytes_max = 0;
    command.stop = stop_;
    return command;
  }

  Result<json::object> ffprobe(std::vector<std::string> what) {
    what.insert(what.end(), {"-of", "json"});
    const SandboxCommand command = ffprobe_command(what);
    RD_TRY(ProcessResult result, sandbox_.run(command));
    if (!result.succeeded()) {
      // A frame beyond -max_pixels is not decoded, and may show in no other way.
      constexpr std::string_view marker = "Picture size ";
      if (auto at = result.err.find(marker);
          at != std::string::npos && result.err.find("exceeds specified max pixel") > at) {
        int width = 0, height = 0;
        if (std::sscanf(result.err.c_str() + at + marker.size(), "%9dx%9d", &width, &height) == 2) {
          probe_.video.width = width;
          probe_.video.height = height;
          RD_CHECK(judge_size());
        }
      }
      return command_failed(result, "reading the file");
    }
    boost::system::error_code code;
    json::value value = json::parse(result.out, code);
    if (code || !value.is_object()) {
      return base::internal("ffprobe answered with what is not JSON.");
    }
    return std::move(value.as_object());
  }

  Result<void> read_streams() {
    RD_TRY(json::object answer, ffprobe({"-show_format", "-show_streams"}));
    const auto* format = answer.if_contains("format");
    if (format != nullptr && format->is_object()) {
      start_seconds_ = decimal_of(format->as_object(), "start_time").value_or(0);
      declared_seconds_ = decimal_of(format->as_object(), "duration").value_or(0);
    }
    const auto& streams = list_of(answer, "streams");
    probe_.stream_count = static_cast<int>(streams.size());
    if (streams.size() > limits_.streams_max) {
      return refused("too_many_streams",
                     "This file holds more than " + std::to_string(limits_.streams_max) +
                         " streams; that is the limit here. Export it with one picture and one "
                         "sound track.");
    }
    const json::object* video = nullptr;
    const json::object* audio = nullptr;
    auto better = [](const json::object& a, const json::object* b, auto&& amount) {
      if (b == nullptr) return true;
      const bool a_default = flag_of(a, "default"), b_default = flag_of(*b, "default");
      if (a_default != b_default) return a_default;
      return amount(a) > amount(*b);
    };
    auto pixels = [](const json::object& s) {
      return number_of(s, "width") * number_of(s, "height");
    };
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
    if (video == nullptr) {
      if (streams.empty()) return damaged("nothing that can be shown was found in it");
      return refused("no_picture",
                     "This file has no picture, only sound or data. Choose a file with video.");
    }
    probe_.video = read_video(*video);
    nominal_rate_ = rational_of(*video, "r_frame_rate", '/').value();
    if (audio != nullptr) probe_.audio = read_audio(*audio);
    return judge_video();
  }

  // The frame itself says what the container may not, or says otherwise: its word counts. That it
  // decodes shows that there is a picture.
  Result<void> read_first_frame() {
    auto& video = probe_.video;
    RD_TRY(json::object answer,
           ffprobe({"-select_streams", std::to_string(video.index), "-read_intervals", "%+#1",
                    "-show_frames", "-show_entries",
                    "frame=width,height,pix_fmt,sample_aspect_ratio,color_range,color_space,"
                    "color_primaries,color_transfer"}));
    const auto& frames = list_of(answer, "frames");
    if (frames.empty() || !frames[0].is_object()) {
      return damaged("no picture in it can be decoded");
    }
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
    RD_CHECK(judge_size());
    set_display_size(video);
    return {};
  }

  // Reads the packets through, without decoding: when picture and sound really end (what the
  // container says of it is often missing, and sometimes absurd), how many frames there are, and
  // whether the file is all there.
  Result<void> measure_timeline() {
    auto& video = probe_.video;
    Timeline picture, sound;
    SandboxCommand command = ffprobe_command(
        {"-show_packets", "-show_entries",
         "packet=stream_index,pts_time,dts_time,duration_time,flags", "-of", "csv=p=0"});
    const std::string picture_index = std::to_string(video.index);
    const std::string sound_index = probe_.audio ? std::to_string(probe_.audio->index) : "none";
    command.on_stdout_line = [&](std::string_view line) {
      const auto comma = line.find(',');
      if (comma == std::string_view::npos) return;
      const auto stream = line.substr(0, comma);
      if (stream == picture_index) picture.add_packet(line.substr(comma + 1));
      if (stream == sound_index) sound.add_packet(line.substr(comma + 1));
    };
    RD_TRY(ProcessResult result, sandbox_.run(command));
    if (!result.succeeded()) return command_failed(result, "measuring its length");
    if (picture.frames == 0) return damaged("its picture has no frames");

    const double seconds = std::max(0.0, picture.last - picture.first);
    const double declared_rate = video.frame_rate;
    auto near = [](double a, double b) { return b > 0 && std::abs(a / b - 1) < 0.05; };
    double counted_rate = declared_rate > 0 ? declared_rate : 30;
    if (picture.frames > 1 && seconds > 0) {
      counted_rate = static_cast<double>(picture.frames - 1) / seconds;
    }
    video.irregular = !near(nominal_rate_, counted_rate) || !near(declared_rate, counted_rate);
    if (!near(declared_rate, counted_rate)) video.frame_rate = counted_rate;

    auto from_start = [&](double time) { return std::clamp(time - start_seconds_, 0.0, 1e9); };
    const double picture_end = from_start(picture.end(1 / std::max(1.0, video.frame_rate)));
    const double end =
        sound.frames > 0 ? std::max(picture_end, from_start(sound.end(0))) : picture_end;
    probe_.video_end_us = static_cast<uint64_t>(picture_end * 1e6 + 0.5);
    probe_.duration_ms = static_cast<uint64_t>(end * 1000 + 0.5);

    const bool cut = result.err.find("partial file") != std::string::npos ||
                     result.err.find("ended prematurely") != std::string::npos;
    if (cut && declared_seconds_ - end > std::max(1.0, declared_seconds_ / 10)) {
      return damaged("it says that it is " +
                     duration_text(static_cast<uint64_t>(declared_seconds_ * 1000)) +
                     " long, but ends after " + duration_text(probe_.duration_ms) +
                     ", as if it were cut off on the way");
    }
    return {};
  }

  Result<void> judge_video() {
    const auto& video = probe_.video;
    if (video.dolby_vision_profile == 5) {
      return refused("dolby_vision_5",
                     "This video is in Dolby Vision profile 5, which has no picture that other "
                     "players can show. Export it as HDR10, HLG or SDR and try again.");
    }
    if (video.codec.empty() ||
        kVideoCodecs.find("," + video.codec + ",") == std::string_view::npos) {
      return refused(
          "unsupported_codec",
          "The picture in this file is coded as \"" +
              (video.codec.empty() ? std::string("unknown") : video.codec) +
              "\", which is not supported here. Export it as H.264 (MP4) and try again.");
    }
    return judge_size();
  }

  Result<void> judge_size() {
    const auto width = static_cast<uint64_t>(probe_.video.width);
    const auto height = static_cast<uint64_t>(probe_.video.height);
    const std::string measured = std::to_string(width) + " x " + std::to_string(height);
    if (width * height > limits_.pixels_max) {
      auto mega = [](uint64_t pixels) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(pixels) / 1e6);
        return std::string(text.data());
      };
      return refused("too_many_pixels", "This video is " + measured + ", " + mega(width * height) +
                                            " megapixels; the limit here is " +
                                            mega(limits_.pixels_max) +
                                            ". Export it at 4K or below and try again.");
    }
    if (width == 0 || height == 0) return damaged("its picture has no size");
    if (std::min(width, height) < limits_.side_pixels_min) {
      return refused("too_small", "This video is " + measured + " pixels; the least here is " +
                                      std::to_string(limits_.side_pixels_min) + " on each side.");
    }
    return {};
  }

  Result<void> judge_duration() {
    if (probe_.duration_ms <= limits_.duration_ms_max) return {};
    return refused("duration_too_long",
                   "This video is " + duration_text(probe_.duration_ms) + "; the limit here is " +
                       duration_text(limits_.duration_ms_max) + ". Trim it and try again.");
  }

  Error damaged(std::string_view how) {
    return refused("damaged", "This file is damaged: " + std::string(how) +
                                  ". Copy or export it again and retry.");
  }

  const Sandbox& sandbox_;
  const fs::path& file_;
  const MediaLimits& limits_;
  const std::stop_token stop_;
  Probe probe_;
  double start_seconds_ = 0;     // of the container's first stream
  double declared_seconds_ = 0;  // of the container; 0: it does not say
  double nominal_rate_ = 0;      // the frame rate that fits all time stamps
};

}  // namespace

Result<Probe> probe(const Sandbox& sandbox, const fs::path& file, const MediaLimits& limits,
                    std::stop_token stop) {
  return Prober(sandbox, file, limits, std::move(stop)).run();
}

std::vector<std::string> input_options(std::string_view demuxer, const MediaLimits& limits) {
  const std::string forced(demuxer);
  // The whitelist is a list of names; a demuxer with several (mov,mp4,...) matches by any.
  return {"-protocol_whitelist",
          "file",
          "-format_whitelist",
          forced,
          "-codec_whitelist",
          std::string(kCodecWhitelist),
          "-max_streams",
          std::to_string(limits.streams_max + 1),
          "-max_pixels",
          std::to_string(limits.pixels_max),
          "-probesize",
          "20M",
          "-analyzeduration",
          "20M",
          "-f",
          forced};
}

std::vector<std::string> input_options(const Probe& probe, const MediaLimits& limits) {
  std::vector<std::string> options = input_options(probe.demuxer, limits);
  // FFmpeg's own decoders of VP8 and VP9 pass over the alpha that WebM keeps beside the picture.
  const std::string& codec = probe.video.codec;
  if (probe.video.alpha && (codec == "vp8" || codec == "vp9")) {
    options.push_back("-c:" + std::to_string(probe.video.index));
    options.push_back(codec == "vp8" ? "libvpx" : "libvpx-vp9");
  }
  return options;
}

}  // namespace rondo::media
