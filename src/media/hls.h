// HLS playlists (RFC 8216) over the very files that plain <video> plays: byte ranges, one media
// playlist a rendition, and the multivariant playlist over them.
//
// Pure functions; thread safe; no errors.
#pragma once

#include <span>
#include <string>

#include "media/fmp4.h"

namespace rondo::media {

struct HlsVariant {
  std::string playlist;  // its file name: "720p.m3u8"
  int width = 0, height = 0;
  double frame_rate = 0;
  const Mp4Index* index = nullptr;
};

// `media_file`: the file's name, beside the playlist: "720p.mp4".
std::string media_playlist(const Mp4Index& index, const std::string& media_file);

// In the order given: players start with the first.
std::string multivariant_playlist(std::span<const HlsVariant> variants);

// Bits a second over the whole file, and over its busiest fragment.
int64_t average_bandwidth_bps(const Mp4Index& index);
int64_t peak_bandwidth_bps(const Mp4Index& index);

}  // namespace rondo::media
