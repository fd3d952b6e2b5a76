// HLS playlists (RFC 8216) over the very files that plain <video> plays: byte ranges, one media
// playlist a rendition, and the multivariant playlist over them.
//
// Pure functions; thread safe; no errors.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "media/fmp4.h"

namespace rondo::media {

struct HlsVariant {
  std::string playlist;  // its file name: "720p.m3u8"
  int width = 0, height = 0;
  double frame_rate = 0;
  const Mp4Index* index = nullptr;
};

// `media_file`: the file's name, beside the playlist: "720p.mp4". A segment is a fragment, or
// several where they are shorter than half a second.
std::string media_playlist(const Mp4Index& index, const std::string& media_file);

// In the order given: players start with the first.
std::string multivariant_playlist(std::span<const HlsVariant> variants);

struct HlsSubtitles {
  std::string language;  // BCP 47
  std::string playlist;  // its file name
};

// A media playlist of one WebVTT file that is about the whole video.
std::string subtitles_playlist(uint64_t duration_ms, const std::string& vtt_file);

// A multivariant playlist with a choice of subtitles, for a place of its own: `up` leads from there
// to where its addresses count from.
std::string with_subtitles(std::string_view multivariant, std::span<const HlsSubtitles> subtitles,
                           std::string_view up);

// Bits a second over the whole file, and over its busiest segment.
int64_t average_bandwidth_bps(const Mp4Index& index);
int64_t peak_bandwidth_bps(const Mp4Index& index);

}  // namespace rondo::media
