#include "media/glimpses.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "media/transcode.h"

namespace rondo::media {
namespace {

constexpr int kTilesMax = 50;
constexpr int kColumns = 10;
constexpr int kTileLongSide = 160;
constexpr int kIntervalMsMin = 500;
constexpr int kPreviewShortSide = 240;
constexpr int kPreviewRate = 12;
constexpr int kPreviewParts = 3;  // of a second each
// A picture ten times as long as wide stays visible.
constexpr int kSideMin = 16;

int even(double value) { return std::max(kSideMin, static_cast<int>(std::lround(value / 2)) * 2); }

}  // namespace

Storyboard storyboard_of(int width, int height, uint64_t duration_ms) {
  Storyboard out;
  const double scale = static_cast<double>(kTileLongSide) / std::max(width, height);
  out.tile_width = even(width * scale);
  out.tile_height = even(height * scale);
  const auto duration = static_cast<int64_t>(std::max<uint64_t>(duration_ms, 1));
  // In steps of a tenth of a second, which filter and reader count alike.
  const int64_t even_steps = (duration + kTilesMax * 100 - 1) / (kTilesMax * 100) * 100;
  out.interval_ms = static_cast<int>(std::max<int64_t>(kIntervalMsMin, even_steps));
  out.count = static_cast<int>((duration + out.interval_ms - 1) / out.interval_ms);
  out.columns = std::min(kColumns, out.count);
  out.rows = (out.count + out.columns - 1) / out.columns;
  return out;
}

std::string storyboard_filters(const Storyboard& s, const std::string& read) {
  // "up": the last picture that is on screen at that time. The stream may end before the last one
  // is due, or go on behind it: the file has its size all the same.
  return "fps=1000/" + std::to_string(s.interval_ms) +
         ":round=up,scale=" + std::to_string(s.tile_width) + ":" + std::to_string(s.tile_height) +
         ":flags=area:" + read + "out_color_matrix=bt601:out_range=pc,format=yuvj420p,setsar=1," +
         "tile=" + std::to_string(s.columns) + "x" + std::to_string(s.rows) +
         ":nb_frames=" + std::to_string(s.count);
}

std::string preview_filters(int width, int height, uint64_t duration_ms, const std::string& read) {
  const double scale =
      std::min(1.0, static_cast<double>(kPreviewShortSide) / std::min(width, height));
  std::string out = "fps=" + std::to_string(kPreviewRate) + ",";
  const double seconds = static_cast<double>(duration_ms) / 1000;
  if (seconds > kPreviewParts * 1.5) {
    out += "select='";
    for (int part = 0; part < kPreviewParts; ++part) {
      // Evenly: the middle of each third.
      const double start = seconds * (part + 0.5) / kPreviewParts - 0.5;
      char text[64];
      std::snprintf(text, sizeof text, "%sbetween(t,%.3f,%.3f)", part > 0 ? "+" : "", start,
                    start + 0.999);
      out += text;
    }
    out += "',";
  }
  return out + "setpts=N/" + std::to_string(kPreviewRate) +
         "/TB,scale=" + std::to_string(even(width * scale)) + ":" +
         std::to_string(even(height * scale)) + ":flags=area:" + read + std::string(kOutColors);
}

std::vector<std::string> preview_encoding() {
  return {"-map_metadata",
          "-1",
          "-map_chapters",
          "-1",
          "-fflags",
          "+bitexact",
          "-flags:v",
          "+bitexact",
          "-c:v",
          "libx264",
          "-preset",
          "veryfast",
          "-profile:v",
          "main",
          "-crf",
          "30",
          "-maxrate",
          "400k",
          "-bufsize",
          "800k",
          "-frames:v",
          "54",
          "-movflags",
          "+faststart",
          "-f",
          "mp4"};
}

}  // namespace rondo::media
