#include "media/probe.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <future>

#include "media/content_credentials.h"
#include "media/describe.h"
#include "media/judge.h"
#include "media/refusal.h"
#include "media/sniff.h"
#include "media/timeline.h"

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
Result<std::string> first_bytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return base::internal("Cannot read the uploaded file " + file.string() + ".");
  std::string bytes(kSniffBytes, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(in.gcount()));
  return bytes;
}

class Prober {
 public:
  Prober(const Sandbox& sandbox, const fs::path& file, const MediaLimits& limits,
         std::stop_token stop)
      : sandbox_(sandbox), file_(file), limits_(limits), stop_(std::move(stop)) {}

  Result<Probe> run(const std::function<void(const Probe&)>& on_streams) {
    std::error_code code;
    probe_.size_bytes = fs::file_size(file_, code);
    if (code) return base::internal("Cannot read the uploaded file: " + code.message() + ".");
    RD_CHECK(judge_file_size(probe_.size_bytes, limits_));
    RD_TRY(std::string bytes, first_bytes(file_));
    const Sniffed sniffed = sniff(bytes);
    if (sniffed.kind != FileKind::kVideo) return not_a_video(sniffed.description);
    probe_.demuxer = sniffed.demuxer;
    RD_CHECK(read_streams());
    if (on_streams) on_streams(probe_);
    // Neither needs the other, and starting ffprobe takes most of the time of both.
    auto packets = std::async(std::launch::async, [this] { return read_packets(); });
    const Result<void> frame = read_first_frame();
    auto read = packets.get();
    RD_CHECK(frame);
    RD_CHECK(read);
    RD_CHECK(measure_timeline(*read));
    RD_CHECK(judge_duration(probe_.duration_ms, limits_));
    if (probe_.demuxer == "mov") {
      std::ifstream in(file_, std::ios::binary);
      probe_.credentials = carries_credentials(in);
    }
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
      constexpr std::string_view kMarker = "Picture size ";
      if (auto at = result.err.find(kMarker);
          at != std::string::npos && result.err.find("exceeds specified max pixel") > at) {
        int width = 0, height = 0;
        if (std::sscanf(result.err.c_str() + at + kMarker.size(), "%9dx%9d", &width, &height) ==
            2) {
          probe_.video.width = width;
          probe_.video.height = height;
          RD_CHECK(judge_pixels(probe_.video, limits_));
        }
      }
      // FFmpeg gives up at one more than the limit, as if it had no memory for it.
      if (result.err.find("exceeds max_streams") != std::string::npos) {
        return too_many_streams(limits_.streams_max + 1, limits_);
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
    start_seconds_ = format_seconds(answer, "start_time").value_or(0);
    declared_seconds_ = format_seconds(answer, "duration").value_or(0);
    const Chosen chosen = choose_streams(answer);
    probe_.stream_count = static_cast<int>(chosen.stream_count);
    RD_CHECK(judge_streams(chosen, limits_));
    probe_.video = *chosen.video;
    probe_.audio = chosen.audio;
    nominal_rate_ = chosen.nominal_rate;
    RD_CHECK(judge_picture(probe_.video));
    return judge_pixels(probe_.video, limits_);
  }

  // The frame itself says what the container may not, or says otherwise: its word counts. That it
  // decodes shows that there is a picture.
  Result<void> read_first_frame() {
    constexpr const char* kOfFirstFrame =
        "frame=width,height,pix_fmt,sample_aspect_ratio,color_range,color_space,color_primaries,"
        "color_transfer";
    auto& video = probe_.video;
    RD_TRY(json::object answer,
           ffprobe({"-select_streams", std::to_string(video.index), "-read_intervals", "%+#1",
                    "-show_frames", "-show_entries", kOfFirstFrame}));
    if (!take_frame(answer, video)) return damaged("no picture in it can be decoded");
    return judge_pixels(video, limits_);
  }

  struct Packets {
    Timeline picture, sound;
    std::string said;  // by ffprobe, of what is wrong
  };

  // Reads the packets through, without decoding. Of what has been found out it needs the streams
  // alone, and may run beside the first frame.
  Result<Packets> read_packets() const {
    Packets packets;
    SandboxCommand command = ffprobe_command(
        {"-show_packets", "-show_entries",
         "packet=stream_index,pts_time,dts_time,duration_time,flags", "-of", "csv=p=0"});
    const std::string picture_index = std::to_string(probe_.video.index);
    const std::string sound_index = probe_.audio ? std::to_string(probe_.audio->index) : "none";
    command.on_stdout_line = [&](std::string_view line) {
      const auto comma = line.find(',');
      if (comma == std::string_view::npos) return;
      const auto stream = line.substr(0, comma);
      if (stream == picture_index) packets.picture.add_packet(line.substr(comma + 1));
      if (stream == sound_index) packets.sound.add_packet(line.substr(comma + 1));
    };
    RD_TRY(ProcessResult result, sandbox_.run(command));
    if (!result.succeeded()) return command_failed(result, "measuring its length");
    packets.said = std::move(result.err);
    return packets;
  }

  // When picture and sound really end (what the container says of it is often missing, and
  // sometimes absurd), how many frames there are, and whether the file is all there.
  Result<void> measure_timeline(const Packets& packets) {
    auto& video = probe_.video;
    const Timeline& picture = packets.picture;
    const Timeline& sound = packets.sound;
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
    // A few frames in a moment do no harm, whatever their rate.
    if (picture.frames > limits_.frame_rate_max) {
      RD_CHECK(judge_frame_rate(video.frame_rate, limits_));
    }

    auto from_start = [&](double time) { return std::clamp(time - start_seconds_, 0.0, 1e9); };
    const double picture_end = from_start(picture.end(1 / std::max(1.0, video.frame_rate)));
    const double end =
        sound.frames > 0 ? std::max(picture_end, from_start(sound.end(0))) : picture_end;
    probe_.video_start_us = static_cast<uint64_t>(std::llround(from_start(picture.first) * 1e6));
    probe_.video_end_us = static_cast<uint64_t>(std::llround(picture_end * 1e6));
    probe_.duration_ms = static_cast<uint64_t>(std::llround(end * 1000));

    const bool cut = packets.said.find("partial file") != std::string::npos ||
                     packets.said.find("ended prematurely") != std::string::npos;
    if (cut && declared_seconds_ - end > std::max(1.0, declared_seconds_ / 10)) {
      return damaged("it says that it is " +
                     duration_text(static_cast<uint64_t>(declared_seconds_ * 1000)) +
                     " long, but ends after " + duration_text(probe_.duration_ms) +
                     ", as if it were cut off on the way");
    }
    return {};
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
                    std::stop_token stop,
                    const std::function<void(const Probe& streams)>& on_streams) {
  return Prober(sandbox, file, limits, std::move(stop)).run(on_streams);
}

std::vector<std::string> run_options(int threads) {
  return {"-hide_banner", "-nostdin", "-nostats",      "-y",   "-v",       "error",
          "-progress",    "pipe:1",   "-stats_period", "0.25", "-threads", std::to_string(threads)};
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
    options.emplace_back(codec == "vp8" ? "libvpx" : "libvpx-vp9");
  }
  return options;
}

}  // namespace rondo::media
