#include "media/loudness.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>

#include "media/describe.h"
#include "media/refusal.h"

namespace rondo::media {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

constexpr double kTargetLufs = -14;
constexpr double kPeakDbtpMax = -1;
// What coding adds in peaks, most of the time.
constexpr double kCodingDb = 1.8;
constexpr double kCeilingDbtp = kPeakDbtpMax - kCodingDb;
// Below this, coding has never been seen to reach the limit.
constexpr double kSafeDbtp = -6;
// Below this there is nothing to hear.
constexpr double kSilenceLufs = -60;
// A quiet room stays a quiet room.
constexpr double kGainDbMax = 36;
// Single knocks may be taken down this far; beyond, it is heard.
constexpr double kLimitDbMax = 30;
constexpr int kRoundsMax = 3;

struct Measured {
  double integrated_lufs = 0;
  double true_peak_dbtp = 0;
};

}  // namespace

std::vector<std::string> sound_encoding() {
  return {"-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2"};
}

std::string sound_filters() {
  return "aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo";
}

namespace {

// FFmpeg with the sound of the input mapped; what to do with it is to follow.
SandboxCommand sound_command(const Probe& probe, const MediaLimits& limits, int threads) {
  RD_ASSERT(probe.audio.has_value());
  SandboxCommand command;
  command.program = "ffmpeg";
  command.arguments = {"-hide_banner",         "-nostdin", "-nostats", "-v", "info", "-threads",
                       std::to_string(threads)};
  auto add = [&](const std::vector<std::string>& arguments) {
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  };
  add(input_options(probe, limits));
  add({"-vn", "-sn", "-dn", "-i", std::string(kSandboxInput), "-map",
       "0:" + std::to_string(probe.audio->index)});
  command.limits.wall_max = std::chrono::seconds(limits.wall_seconds_max);
  command.limits.cpu_seconds_max = limits.wall_seconds_max * static_cast<uint64_t>(threads);
  command.limits.address_space_bytes_max = limits.memory_bytes_max;
  return command;
}

// Of the sound behind `filters`; nothing when it is silent.
Result<std::optional<Measured>> measure(const Sandbox& sandbox, const fs::path& file,
                                        const Probe& probe, const MediaLimits& limits, int threads,
                                        const std::stop_token& stop, const std::string& filters) {
  SandboxCommand command = sound_command(probe, limits, threads);
  // loudnorm is here for its report only: what comes out of it is thrown away.
  command.arguments.insert(command.arguments.end(),
                           {"-af", filters + ",loudnorm=print_format=json", "-f", "null", "-"});
  command.input = file;
  command.limits.file_bytes_max = 0;
  command.stop = stop;
  RD_TRY(ProcessResult result, sandbox.run(command));
  if (!result.succeeded()) return command_failed(result, "measuring its loudness");

  // The report is the last thing said, in braces.
  const auto open = result.err.rfind('{'), close = result.err.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open) {
    return std::optional<Measured>();  // not one sample came out of the track
  }
  boost::system::error_code code;
  const json::value value = json::parse(result.err.substr(open, close - open + 1), code);
  if (code || !value.is_object()) return base::internal("ffmpeg's loudness report is not JSON.");
  const auto integrated = decimal_of(value.as_object(), "input_i");
  const auto peak = decimal_of(value.as_object(), "input_tp");
  if (!integrated || !peak || *integrated < kSilenceLufs) return std::optional<Measured>();
  return std::optional<Measured>(Measured{*integrated, *peak});
}

// The sound as it will come out, coded, to be measured.
Result<std::optional<Measured>> rehearse(const Sandbox& sandbox, const fs::path& file,
                                         const Probe& probe, const Level& level,
                                         const MediaLimits& limits, const fs::path& scratch,
                                         int threads, const std::stop_token& stop) {
  constexpr std::string_view kName = "rehearsal.mp4";
  SandboxCommand command = sound_command(probe, limits, threads);
  auto add = [&](const std::vector<std::string>& arguments) {
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  };
  add({"-af", sound_filters() + "," + level_filters(level) + ",aformat=sample_fmts=fltp"});
  add(sound_encoding());
  add({"-y", "-f", "mp4", std::string(kName)});
  command.input = file;
  command.output_directory = scratch;
  command.limits.file_bytes_max = (16u << 20) + limits.duration_ms_max / 1000 * (256'000 / 8);
  command.stop = stop;
  RD_TRY(ProcessResult result, sandbox.run(command));
  if (!result.succeeded()) return command_failed(result, "measuring its loudness");
  Probe coded;
  coded.demuxer = "mov";
  coded.audio = AudioStream();
  auto measured = measure(sandbox, scratch / kName, coded, limits, threads, stop, "anull");
  std::error_code code;
  fs::remove(scratch / kName, code);
  return measured;
}

}  // namespace

Result<std::optional<Level>> measure_level(const Sandbox& sandbox, const fs::path& file,
                                           const Probe& probe, const MediaLimits& limits,
                                           const fs::path& scratch, int threads,
                                           const std::stop_token& stop) {
  RD_TRY(auto source, measure(sandbox, file, probe, limits, threads, stop, sound_filters()));
  if (!source) return std::optional<Level>();
  Level level;
  level.gain_db = std::min(kTargetLufs - source->integrated_lufs, kGainDbMax);
  const double gain_db_max =
      std::min(kGainDbMax, kCeilingDbtp + kLimitDbMax - source->true_peak_dbtp);
  if (source->true_peak_dbtp + level.gain_db <= kSafeDbtp) return std::optional<Level>(level);

  level.ceiling_dbtp = kCeilingDbtp;
  if (source->true_peak_dbtp + level.gain_db > kCeilingDbtp) {
    level.limit = true;
    level.gain_db = std::min(level.gain_db, gain_db_max);
    // Each decibel of gain now brings less than one of loudness: step by step, overshooting a
    // little.
    for (int round = 0; round < kRoundsMax && level.gain_db < gain_db_max; ++round) {
      RD_TRY(auto limited, measure(sandbox, file, probe, limits, threads, stop,
                                   sound_filters() + "," + level_filters(level)));
      if (!limited) break;
      const double missing = kTargetLufs - limited->integrated_lufs;
      if (missing < 0.5) break;
      level.gain_db = std::min(level.gain_db + missing * 1.5, gain_db_max);
    }
  }
  for (int round = 0; round < kRoundsMax; ++round) {
    RD_TRY(auto coded, rehearse(sandbox, file, probe, level, limits, scratch, threads, stop));
    if (!coded || coded->true_peak_dbtp <= kPeakDbtpMax) break;
    level.limit = true;
    level.ceiling_dbtp -= coded->true_peak_dbtp - kPeakDbtpMax + 0.2;
  }
  return std::optional<Level>(level);
}

std::string level_filters(const Level& level) {
  std::array<char, 256> text{};
  if (!level.limit) {
    std::snprintf(text.data(), text.size(), "volume=%.2fdB", level.gain_db);
  } else {
    // At four times the rate, the samples see the true peaks.
    std::snprintf(text.data(), text.size(),
                  "volume=%.2fdB,aresample=192000,alimiter=limit=%.4f:attack=2:release=40:"
                  "level=disabled,aresample=48000",
                  level.gain_db, std::pow(10.0, level.ceiling_dbtp / 20));
  }
  return text.data();
}

}  // namespace rondo::media
