#include "media/sound.h"

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

struct Level {
  double gain_db = 0;
  bool limit = false;  // take peaks down to the ceiling
  double ceiling_dbtp = kCeilingDbtp;
  bool close = false;  // coding may add peaks beyond what is allowed
};

// What a sound is brought to before anything else: 48 kHz stereo that starts with the picture and
// has no gaps.
constexpr std::string_view kFormatFilters =
    "aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo";

constexpr std::string_view kSoundFile = "sound.mp4";
constexpr std::string_view kFingerprintFile = "sound.fingerprint";
constexpr std::string_view kWaveformFile = "sound.pcm";

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

// The filters that bring a sound to its level.
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

// The filters that measure: their summary is what FFmpeg says last. Frames are told at a level that
// is not shown. True peaks take most of the time: the sound is brought to four times its rate.
constexpr std::string_view kLoudnessAndPeak = "ebur128=peak=true:framelog=verbose";
constexpr std::string_view kLoudness = "ebur128=framelog=verbose";

Probe coded_sound() {
  Probe probe;
  probe.demuxer = "mov";
  probe.audio = AudioStream();
  return probe;
}

// The runs of FFmpeg over the sound of one file.
class Runs {
 public:
  Runs(const SoundContext& context, const fs::path& file, const Probe& probe)
      : context_(context), file_(file), probe_(probe) {
    RD_ASSERT(probe.audio.has_value());
  }

  // Of the sound behind `filters`, by one of the meters (without peaks, the peak is 0); nothing
  // when it is silent. With `traced`, the files of its trace are left in the folder.
  Result<std::optional<Measured>> measure(const std::string& filters, std::string_view meter,
                                          bool traced = false) const {
    SandboxCommand command = open();
    std::string graph = "[" + label() + "]" + filters;
    if (traced) graph += ",asplit=3[loud][print][wave];[loud]anull";
    graph += "," + std::string(meter) + "[measured]";
    if (traced) {
      graph +=
          ";[print]aresample=11025,aformat=sample_fmts=s16:channel_layouts=mono[print_in];"
          "[wave]aresample=" +
          std::to_string(kWaveformRate) + ",aformat=sample_fmts=s16:channel_layouts=mono[wave_in]";
      command.output_directory = context_.folder;
      command.limits.file_bytes_max = (1u << 20) + seconds_max() * kWaveformRate * 2;
    }
    add(command, {"-filter_complex", graph, "-map", "[measured]", "-f", "null", "-"});
    if (traced) {
      const std::string longest = std::to_string(seconds_max());
      add(command, {"-map", "[print_in]", "-t", longest, "-f", "chromaprint", "-fp_format", "raw",
                    std::string(kFingerprintFile)});
      add(command, {"-map", "[wave_in]", "-t", longest, "-f", "s16le", std::string(kWaveformFile)});
    }
    RD_TRY(const ProcessResult ran, run(command, "measuring its loudness"));
    const auto integrated = reported(ran.err, "Integrated loudness:", "I:");
    const auto peak = meter == kLoudness ? 0 : reported(ran.err, "True peak:", "Peak:");
    if (!integrated || !peak || *integrated < kSilenceLufs) return std::optional<Measured>();
    return std::optional<Measured>(Measured{*integrated, *peak + kReportStepDb / 2});
  }

  // Puts it into a file of its own, as `coding` says.
  Result<fs::path> write(const std::vector<std::string>& coding) const {
    SandboxCommand command = open();
    add(command, {"-map", label()});
    add(command, coding);
    add(command,
        {"-t", std::to_string(seconds_max()), "-map_metadata", "-1", "-map_chapters", "-1",
         "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4", std::string(kSoundFile)});
    command.output_directory = context_.folder;
    command.limits.file_bytes_max = (16u << 20) + seconds_max() * (256'000 / 8);
    RD_CHECK(run(command, "converting its sound"));
    return context_.folder / kSoundFile;
  }

 private:
  static void add(SandboxCommand& command, const std::vector<std::string>& arguments) {
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  }

  uint64_t seconds_max() const { return context_.limits.duration_ms_max / 1000 + 1; }
  std::string label() const { return "0:" + std::to_string(probe_.audio->index); }

  // FFmpeg with the input open; what to do with its sound is to follow.
  SandboxCommand open() const {
    const std::string threads = std::to_string(context_.threads);
    SandboxCommand command;
    command.program = "ffmpeg";
    add(command, {"-hide_banner", "-nostdin", "-nostats", "-y", "-v", "info", "-threads", threads});
    add(command, input_options(probe_, context_.limits));
    add(command, {"-vn", "-sn", "-dn", "-i", std::string(kSandboxInput)});
    command.input = file_;
    command.limits.wall_max = std::chrono::seconds(context_.limits.wall_seconds_max);
    command.limits.cpu_seconds_max =
        context_.limits.wall_seconds_max * static_cast<uint64_t>(context_.threads);
    command.limits.address_space_bytes_max = context_.limits.memory_bytes_max;
    command.limits.file_bytes_max = 0;
    command.stop = context_.stop;
    return command;
  }

  Result<ProcessResult> run(const SandboxCommand& command, std::string_view doing) const {
    RD_TRY(ProcessResult ran, context_.sandbox.run(command));
    if (!ran.succeeded()) return command_failed(ran, doing);
    return ran;
  }

  const SoundContext& context_;
  const fs::path& file_;
  const Probe& probe_;
};

// What brings a sound so measured to the target, before it is coded.
Result<Level> find_level(const Runs& runs, const Measured& source) {
  Level level;
  level.gain_db = std::min(kTargetLufs - source.integrated_lufs, kGainDbMax);
  const double gain_db_max =
      std::min(kGainDbMax, kCeilingDbtp + kLimitDbMax - source.true_peak_dbtp);
  level.close = source.true_peak_dbtp + level.gain_db > kSafeDbtp;
  if (source.true_peak_dbtp + level.gain_db <= kCeilingDbtp) return level;
  level.limit = true;
  level.gain_db = std::min(level.gain_db, gain_db_max);
  // Each decibel of gain now brings less than one of loudness: step by step, overshooting a little.
  for (int round = 0; round < kRoundsMax && level.gain_db < gain_db_max; ++round) {
    RD_TRY(const auto limited,
           runs.measure(std::string(kFormatFilters) + "," + level_filters(level), kLoudness));
    if (!limited) break;
    const double missing = kTargetLufs - limited->integrated_lufs;
    if (missing < 0.5) break;
    level.gain_db = std::min(level.gain_db + missing * 1.5, gain_db_max);
  }
  return level;
}

}  // namespace

Result<Sound> make_sound(const SoundContext& context, const fs::path& file, const Probe& probe) {
  const Runs runs(context, file, probe);
  Sound sound;
  RD_TRY(const auto source,
         runs.measure(std::string(kFormatFilters), kLoudnessAndPeak, /*traced=*/true));
  Level level;
  if (source) {
    RD_TRY(sound.trace.fingerprint, read_fingerprint(context.folder / kFingerprintFile));
    RD_TRY(sound.trace.waveform, read_waveform(context.folder / kWaveformFile));
    RD_TRY(level, find_level(runs, *source));
  }
  for (int round = 0;; ++round) {
    const std::string filters = std::string(kFormatFilters) + "," + level_filters(level);
    RD_TRY(sound.file, runs.write({"-af", filters + ",aformat=sample_fmts=fltp", "-c:a", "aac",
                                   "-b:a", "128k", "-ar", "48000", "-ac", "2"}));
    if (!level.close || round == kRoundsMax) return sound;
    const Probe coded = coded_sound();
    RD_TRY(const auto measured,
           Runs(context, sound.file, coded).measure("anull", kLoudnessAndPeak));
    if (!measured || measured->true_peak_dbtp <= kPeakDbtpMax) return sound;
    level.limit = true;
    level.ceiling_dbtp -= measured->true_peak_dbtp - kPeakDbtpMax + 0.2;
  }
}

Result<fs::path> take_sound(const SoundContext& context, const fs::path& rendition) {
  Probe coded = coded_sound();
  coded.audio->index = 1;
  // With the times that it has there: what the coder needs first comes before 0.
  return Runs(context, rendition, coded).write({"-c", "copy", "-copyts"});
}

}  // namespace rondo::media
