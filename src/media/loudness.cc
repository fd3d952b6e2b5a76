#include "media/loudness.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "media/refusal.h"

namespace rondo::media {
namespace fs = std::filesystem;
namespace {

constexpr double kTargetLufs = -14;
constexpr double kPeakDbtpMax = -1;
// What coding adds in peaks, most of the time.
constexpr double kCodingDb = 1.8;
constexpr double kCeilingDbtp = kPeakDbtpMax - kCodingDb;
// Below this, coding has never been seen to reach the limit.
constexpr double kSafeDbtp = -6;
// Below this there is nothing to hear but the recorder: it stays as it is.
constexpr double kSilenceLufs = -57;
constexpr double kGainDbMax = kTargetLufs - kSilenceLufs;
// Single knocks may be taken down this far; beyond, it is heard.
constexpr double kLimitDbMax = 40;
constexpr int kRoundsMax = 3;
// The meter's report is rounded: a peak may be higher by half of it.
constexpr double kReportStepDb = 0.1;

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

constexpr std::string_view kFingerprintFile = "sound.fingerprint";
constexpr std::string_view kWaveformFile = "sound.pcm";

// FFmpeg with the sound of the input open; what to do with it is to follow.
SandboxCommand sound_command(const Probe& probe, const MediaLimits& limits, int threads) {
  RD_ASSERT(probe.audio.has_value());
  SandboxCommand command;
  command.program = "ffmpeg";
  command.arguments = {"-hide_banner", "-nostdin", "-nostats", "-y",
                       "-v",           "info",     "-threads", std::to_string(threads)};
  auto add = [&](const std::vector<std::string>& arguments) {
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  };
  add(input_options(probe, limits));
  add({"-vn", "-sn", "-dn", "-i", std::string(kSandboxInput)});
  command.limits.wall_max = std::chrono::seconds(limits.wall_seconds_max);
  command.limits.cpu_seconds_max = limits.wall_seconds_max * static_cast<uint64_t>(threads);
  command.limits.address_space_bytes_max = limits.memory_bytes_max;
  return command;
}

std::string sound_label(const Probe& probe) { return "0:" + std::to_string(probe.audio->index); }

// What the meter's summary says in a section, the last one in the text; nothing when it is not a
// number ("-inf": no peak at all).
std::optional<double> reported(std::string_view text, std::string_view section,
                               std::string_view name) {
  auto at = text.rfind(section);
  if (at == std::string_view::npos) return std::nullopt;
  at = text.find(name, at + section.size());
  if (at == std::string_view::npos) return std::nullopt;
  const auto from = text.find_first_not_of(' ', at + name.size());
  if (from == std::string_view::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data() + from, text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// The filters that measure: their summary is what FFmpeg says last. Frames are told at a level that
// is not shown. True peaks take most of the time: the sound is brought to four times its rate.
constexpr std::string_view kLoudnessAndPeak = "ebur128=peak=true:framelog=verbose";
constexpr std::string_view kLoudness = "ebur128=framelog=verbose";

// Of the sound behind `filters`, by one of the meters (without peaks, the peak is 0); nothing when
// it is silent. With `scratch`, the files of its trace are left there.
Result<std::optional<Measured>> measure(const Sandbox& sandbox, const fs::path& file,
                                        const Probe& probe, const MediaLimits& limits, int threads,
                                        const std::stop_token& stop, const std::string& filters,
                                        std::string_view meter, const fs::path* scratch) {
  SandboxCommand command = sound_command(probe, limits, threads);
  auto add = [&](const std::vector<std::string>& arguments) {
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  };
  std::string graph = "[" + sound_label(probe) + "]" + filters;
  if (scratch != nullptr) graph += ",asplit=3[loud][print][wave];[loud]anull";
  graph += "," + std::string(meter) + "[measured]";
  command.limits.file_bytes_max = 0;
  if (scratch != nullptr) {
    graph +=
        ";[print]aresample=11025,aformat=sample_fmts=s16:channel_layouts=mono[print_in];"
        "[wave]aresample=" +
        std::to_string(kWaveformRate) + ",aformat=sample_fmts=s16:channel_layouts=mono[wave_in]";
    command.output_directory = *scratch;
    command.limits.file_bytes_max =
        (1u << 20) + (limits.duration_ms_max / 1000 + 1) * kWaveformRate * 2;
  }
  const std::string longest = std::to_string(limits.duration_ms_max / 1000 + 1);
  add({"-filter_complex", graph, "-map", "[measured]", "-f", "null", "-"});
  if (scratch != nullptr) {
    add({"-map", "[print_in]", "-t", longest, "-f", "chromaprint", "-fp_format", "raw",
         std::string(kFingerprintFile)});
    add({"-map", "[wave_in]", "-t", longest, "-f", "s16le", std::string(kWaveformFile)});
  }
  command.input = file;
  command.stop = stop;
  RD_TRY(ProcessResult result, sandbox.run(command));
  if (!result.succeeded()) return command_failed(result, "measuring its loudness");

  const auto integrated = reported(result.err, "Integrated loudness:", "I:");
  const auto peak = meter == kLoudness ? 0 : reported(result.err, "True peak:", "Peak:");
  if (!integrated || !peak || *integrated < kSilenceLufs) return std::optional<Measured>();
  return std::optional<Measured>(Measured{*integrated, *peak + kReportStepDb / 2});
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
  add({"-map", sound_label(probe), "-af",
       sound_filters() + "," + level_filters(level) + ",aformat=sample_fmts=fltp"});
  add(sound_encoding());
  add({"-f", "mp4", std::string(kName)});
  command.input = file;
  command.output_directory = scratch;
  command.limits.file_bytes_max = (16u << 20) + limits.duration_ms_max / 1000 * (256'000 / 8);
  command.stop = stop;
  RD_TRY(ProcessResult result, sandbox.run(command));
  if (!result.succeeded()) return command_failed(result, "measuring its loudness");
  Probe coded;
  coded.demuxer = "mov";
  coded.audio = AudioStream();
  auto measured = measure(sandbox, scratch / kName, coded, limits, threads, stop, "anull",
                          kLoudnessAndPeak, nullptr);
  std::error_code code;
  fs::remove(scratch / kName, code);
  return measured;
}

}  // namespace

Result<std::optional<Level>> measure_level(const Sandbox& sandbox, const fs::path& file,
                                           const Probe& probe, const MediaLimits& limits,
                                           const fs::path& scratch, int threads,
                                           const std::stop_token& stop, SoundTrace* trace) {
  RD_TRY(auto source, measure(sandbox, file, probe, limits, threads, stop, sound_filters(),
                              kLoudnessAndPeak, trace != nullptr ? &scratch : nullptr));
  if (!source) return std::optional<Level>();
  if (trace != nullptr) {
    RD_TRY(trace->fingerprint, read_fingerprint(scratch / kFingerprintFile));
    RD_TRY(trace->waveform, read_waveform(scratch / kWaveformFile));
  }
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
      RD_TRY(auto limited,
             measure(sandbox, file, probe, limits, threads, stop,
                     sound_filters() + "," + level_filters(level), kLoudness, nullptr));
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
