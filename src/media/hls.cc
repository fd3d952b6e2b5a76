#include "media/hls.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

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

// The fragments, shorter ones joined to the one before. hls.js passes over the edit list, which
// takes off what reordering puts in front of the first frame: it looks for each segment so much
// later than it is. Of one that is shorter it never finds anything, and the video does not end.
constexpr double kSegmentSecondsMin = 0.5;
std::vector<Fragment> segments_of(const Mp4Index& index) {
  std::vector<Fragment> segments;
  for (const Fragment& fragment : index.fragments) {
    if (!segments.empty() && (seconds_of(index, fragment) < kSegmentSecondsMin ||
                              seconds_of(index, segments.back()) < kSegmentSecondsMin)) {
      segments.back().size_bytes += fragment.size_bytes;
      segments.back().duration += fragment.duration;
    } else {
      segments.push_back(fragment);
    }
  }
  return segments;
}

}  // namespace

std::string media_playlist(const Mp4Index& index, const std::string& media_file) {
  const std::vector<Fragment> segments = segments_of(index);
  double longest = 1;
  for (const auto& segment : segments) longest = std::max(longest, seconds_of(index, segment));
  std::string out = "#EXTM3U\n#EXT-X-VERSION:7\n";
  out += format("#EXT-X-TARGETDURATION:%lld\n", static_cast<long long>(std::ceil(longest)));
  out += "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  out += "#EXT-X-MAP:URI=\"" + media_file + "\"" +
         format(",BYTERANGE=\"%llu@0\"\n", static_cast<unsigned long long>(index.init_bytes));
  for (const auto& segment : segments) {
    out += format("#EXTINF:%.6f,\n#EXT-X-BYTERANGE:%llu@%llu\n", seconds_of(index, segment),
                  static_cast<unsigned long long>(segment.size_bytes),
                  static_cast<unsigned long long>(segment.offset));
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

std::string subtitles_playlist(uint64_t duration_ms, const std::string& vtt_file) {
  const double seconds = static_cast<double>(std::max<uint64_t>(duration_ms, 1)) / 1000;
  std::string out = "#EXTM3U\n#EXT-X-VERSION:7\n";
  out += format("#EXT-X-TARGETDURATION:%lld\n", static_cast<long long>(std::ceil(seconds)));
  out += "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n";
  return out + format("#EXTINF:%.3f,\n", seconds) + vtt_file + "\n#EXT-X-ENDLIST\n";
}

std::string with_subtitles(std::string_view multivariant, std::span<const HlsSubtitles> subtitles,
                           std::string_view up) {
  std::string choice;
  for (const HlsSubtitles& one : subtitles) {
    choice += "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"" + one.language +
              "\",LANGUAGE=\"" + one.language + "\",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI=\"" +
              one.playlist + "\"\n";
  }
  std::string out;
  while (!multivariant.empty()) {
    const std::string_view line = multivariant.substr(0, multivariant.find('\n'));
    multivariant.remove_prefix(std::min(multivariant.size(), line.size() + 1));
    if (line.starts_with("#EXT-X-STREAM-INF:")) {
      out += std::exchange(choice, "");  // in front of the first
      out += line;
      if (!subtitles.empty()) out += ",SUBTITLES=\"captions\"";
    } else if (!line.empty() && !line.starts_with('#')) {
      out += up;
      out += line;
    } else {
      out += line;
    }
    out += '\n';
  }
  return out;
}

int64_t average_bandwidth_bps(const Mp4Index& index) {
  if (index.seconds <= 0) return static_cast<int64_t>(index.size_bytes) * 8;
  return std::llround(static_cast<double>(index.size_bytes) * 8 / index.seconds);
}

int64_t peak_bandwidth_bps(const Mp4Index& index) {
  auto peak = static_cast<double>(average_bandwidth_bps(index));
  for (const auto& segment : segments_of(index)) {
    // A few frames that are all there is say nothing about a second.
    const double seconds = seconds_of(index, segment);
    if (seconds < kSegmentSecondsMin) continue;
    peak = std::max(peak, static_cast<double>(segment.size_bytes) * 8 / seconds);
  }
  return std::llround(peak);
}

}  // namespace rondo::media
