#include "media/hls.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace rondo::media {
namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), pattern, values...);
  return text.data();
}

double seconds_of(const Mp4Index& index, const Fragment& fragment) {
  return static_cast<double>(fragment.duration) / static_cast<double>(index.timescale);
}

}  // namespace

std::string media_playlist(const Mp4Index& index, const std::string& media_file) {
  double longest = 1;
  for (const auto& fragment : index.fragments) {
    longest = std::max(longest, seconds_of(index, fragment));
  }
  std::string out = "#EXTM3U\n#EXT-X-VERSION:7\n";
  out += format("#EXT-X-TARGETDURATION:%lld\n", static_cast<long long>(std::ceil(longest)));
  out += "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  out += "#EXT-X-MAP:URI=\"" + media_file + "\"" +
         format(",BYTERANGE=\"%llu@0\"\n", static_cast<unsigned long long>(index.init_bytes));
  for (const auto& fragment : index.fragments) {
    out += format("#EXTINF:%.6f,\n#EXT-X-BYTERANGE:%llu@%llu\n", seconds_of(index, fragment),
                  static_cast<unsigned long long>(fragment.size_bytes),
                  static_cast<unsigned long long>(fragment.offset));
    out += media_file + "\n";
  }
  return out + "#EXT-X-ENDLIST\n";
}

std::string multivariant_playlist(std::span<const HlsVariant> variants) {
  std::string out = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  for (const auto& variant : variants) {
    const Mp4Index& index = *variant.index;
    out += format(
        "#EXT-X-STREAM-INF:BANDWIDTH=%lld,AVERAGE-BANDWIDTH=%lld,RESOLUTION=%dx%d,"
        "FRAME-RATE=%.3f,",
        static_cast<long long>(peak_bandwidth_bps(index)),
        static_cast<long long>(average_bandwidth_bps(index)), variant.width, variant.height,
        variant.frame_rate);
    out += "CODECS=\"" + index.video_codec + (index.has_audio ? ",mp4a.40.2" : "") + "\"\n";
    out += variant.playlist + "\n";
  }
  return out;
}

int64_t average_bandwidth_bps(const Mp4Index& index) {
  if (index.seconds <= 0) return static_cast<int64_t>(index.size_bytes) * 8;
  return std::llround(static_cast<double>(index.size_bytes) * 8 / index.seconds);
}

int64_t peak_bandwidth_bps(const Mp4Index& index) {
  double peak = static_cast<double>(average_bandwidth_bps(index));
  for (const auto& fragment : index.fragments) {
    // A last scrap of a few frames says nothing about a second.
    const double seconds = seconds_of(index, fragment);
    if (seconds < 0.5) continue;
    peak = std::max(peak, static_cast<double>(fragment.size_bytes) * 8 / seconds);
  }
  return std::llround(peak);
}

}  // namespace rondo::media
