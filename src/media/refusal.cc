#include "media/refusal.h"

#include <array>
#include <cstdio>

#include "media/sandbox.h"

namespace rondo::media {

Error refused(std::string reason, std::string sentence) {
  return base::invalid(std::move(sentence)).with_reason(std::move(reason)).with_field("file");
}

Error not_a_video(std::string_view description) {
  return refused("not_a_video", "This is " + std::string(description) +
                                    ", not a video. Choose a video file, for example MP4, MOV or "
                                    "WebM.");
}

Error command_failed(const ProcessResult& result, std::string_view doing) {
  auto said = [&](std::string_view text) { return result.err.find(text) != std::string::npos; };
  auto too_much = [&](std::string what) {
    return base::exhausted("This video needs more " + what + " than the limit here allows (while " +
                           std::string(doing) +
                           "). Export it shorter or at a lower resolution and try again.")
        .with_reason("too_much_work")
        .with_field("file");
  };
  // Of ffmpeg's last words the last line says most; paths and addresses are the sandbox's own.
  std::string last = result.err;
  while (last.ends_with('\n')) last.pop_back();
  if (auto at = last.rfind('\n'); at != std::string::npos) last.erase(0, at + 1);
  for (size_t at = 0; (at = last.find(kSandboxInput)) != std::string::npos;) {
    last.replace(at, kSandboxInput.size(), "the file");
  }
  last = last.substr(0, 300);

  switch (result.end) {
    case ProcessEnd::kCancelled:
      return base::unavailable("Processing was stopped.").with_reason("cancelled");
    case ProcessEnd::kTimedOut:
      return too_much("time");
    case ProcessEnd::kOutputTooLong:
      return refused("damaged", "This file describes itself at a length that no real video has.");
    case ProcessEnd::kSignalled:
    case ProcessEnd::kExited:
      break;
  }
  constexpr int kXcpu = 24, kXfsz = 25;
  if (said("received signal 24") ||
      (result.end == ProcessEnd::kSignalled && result.exit_code == kXcpu)) {
    return too_much("computing time");
  }
  if (result.end == ProcessEnd::kSignalled && result.exit_code == kXfsz) return too_much("space");
  if (said("Cannot allocate memory")) return too_much("memory");
  if (auto at = result.err.find(") not on whitelist"); at != std::string::npos) {
    const auto open = result.err.rfind('(', at);
    const std::string codec =
        open == std::string::npos ? "unknown" : result.err.substr(open + 1, at - open - 1);
    return refused("unsupported_codec", "This file holds a stream coded as \"" + codec +
                                            "\", which is not supported here. Export it as H.264 "
                                            "with AAC (MP4) and try again.");
  }
  if (said("No space left on device")) {
    return base::unavailable(
               "The disk of this server is full; the video waits until there is room.")
        .with_reason("disk_full");
  }
  return refused("damaged", "This file is damaged and cannot be read as a video (" +
                                (last.empty() ? "it ended early" : last) +
                                "). Copy or export it again and retry.");
}

std::string duration_text(uint64_t milliseconds) {
  std::array<char, 64> text{};
  if (milliseconds < 10'000) {
    std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(milliseconds) / 1000);
  } else if (milliseconds < 60'000) {
    std::snprintf(text.data(), text.size(), "%llu s",
                  static_cast<unsigned long long>(milliseconds / 1000));
  } else {
    const unsigned long long seconds = milliseconds / 1000;
    const unsigned long long hours = seconds / 3600, minutes = seconds / 60 % 60;
    if (hours > 0) {
      std::snprintf(text.data(), text.size(), "%llu h %02llu min", hours, minutes);
    } else if (seconds % 60 == 0) {
      std::snprintf(text.data(), text.size(), "%llu min", minutes);
    } else {
      std::snprintf(text.data(), text.size(), "%llu min %02llu s", minutes, seconds % 60);
    }
  }
  return text.data();
}

std::string size_text(uint64_t bytes) {
  constexpr std::array<const char*, 4> units = {"B", "kB", "MB", "GB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit > 0 && value < 10 ? "%.1f %s" : "%.0f %s", value,
                units[unit]);
  return text.data();
}

}  // namespace rondo::media
