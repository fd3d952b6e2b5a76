#include "media/loudness.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "media/refusal.h"

namespace rondo::media {
namespace json = boost::json;
namespace {

constexpr double kTargetLufs = -14;
// A little below -1 dBTP: AAC adds overshoots of its own.
constexpr double kPeakDbtp = -1.5;
// Below this there is nothing to hear.
constexpr double kSilenceLufs = -60;
// A quiet room stays a quiet room.
constexpr double kGainDbMax = 30;
// loudnorm goes in a straight line only if the range fits its own; 20 is its largest.
constexpr double kRangeLu = 20;

std::optional<double> number(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const auto& text = value->as_string();
  double out = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc() || !std::isfinite(out)) return std::nullopt;
  return out;
}

std::string loudnorm(double target, std::string_view more) {
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "loudnorm=I=%.2f:TP=%.2f:LRA=%.0f%.*s", target, kPeakDbtp,
                kRangeLu, static_cast<int>(more.size()), more.data());
  return text.data();
}

}  // namespace

std::string sound_filters() {
  return "aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo";
}

Result<std::optional<Loudness>> measure_loudness(const Sandbox& sandbox,
                                                 const std::filesystem::path& file,
                                                 const Probe& probe, const MediaLimits& limits,
                                                 int threads, std::stop_token stop) {
  RD_ASSERT(probe.audio.has_value());
  SandboxCommand command;
  command.program = "ffmpeg";
  command.arguments = {"-hide_banner",         "-nostdin", "-nostats", "-v", "info", "-threads",
                       std::to_string(threads)};
  auto add = [&](const std::vector<std::string>& arguments) {
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  };
  add(input_options(probe.demuxer, limits));
  add({"-vn", "-sn", "-dn", "-i", std::string(kSandboxInput), "-map",
       "0:" + std::to_string(probe.audio->index), "-af",
       sound_filters() + "," + loudnorm(kTargetLufs, ":print_format=json"), "-f", "null", "-"});
  command.input = file;
  command.limits.wall_max = std::chrono::seconds(limits.wall_seconds_max);
  command.limits.cpu_seconds_max = limits.wall_seconds_max * static_cast<uint64_t>(threads);
  command.limits.address_space_bytes_max = limits.memory_bytes_max;
  command.limits.file_bytes_max = 0;
  command.stop = stop;
  RD_TRY(ProcessResult result, sandbox.run(command));
  if (!result.succeeded()) return command_failed(result, "measuring its loudness");

  // The report is the last thing said, in braces.
  const auto open = result.err.rfind('{'), close = result.err.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open) {
    return std::optional<Loudness>();  // not one sample came out of the track
  }
  boost::system::error_code code;
  const json::value value = json::parse(result.err.substr(open, close - open + 1), code);
  if (code || !value.is_object()) return base::internal("ffmpeg's loudness report is not JSON.");
  const auto& report = value.as_object();
  const auto integrated = number(report, "input_i"), peak = number(report, "input_tp"),
             range = number(report, "input_lra"), threshold = number(report, "input_thresh"),
             offset = number(report, "target_offset");
  if (!integrated || !peak || !range || !threshold || *integrated < kSilenceLufs) {
    return std::optional<Loudness>();
  }
  return std::optional<Loudness>(Loudness{*integrated, *peak, *range, *threshold,
                                          std::clamp(offset.value_or(0), -99.0, 99.0)});
}

std::string loudness_filters(const Loudness& measured) {
  const double target = std::min(kTargetLufs, measured.integrated_lufs + kGainDbMax);
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(),
                ":measured_I=%.2f:measured_TP=%.2f:measured_LRA=%.2f:measured_thresh=%.2f:"
                "offset=%.2f:linear=true",
                std::clamp(measured.integrated_lufs, -99.0, 0.0),
                std::clamp(measured.true_peak_dbtp, -99.0, 99.0),
                std::clamp(measured.range_lu, 0.0, 99.0),
                std::clamp(measured.threshold_lufs, -99.0, 0.0), measured.offset_lu);
  // loudnorm puts out 192 kHz when it has to bend.
  return loudnorm(target, text.data()) + ",aresample=48000";
}

}  // namespace rondo::media
