#include "media/sniff.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace rondo::media {
namespace {

using namespace std::string_view_literals;

Sniffed video(std::string_view demuxer, std::string_view description) {
  return {FileKind::kVideo, demuxer, description};
}
Sniffed other(std::string_view description) { return {FileKind::kOther, "", description}; }

bool one_of(std::string_view value, std::initializer_list<std::string_view> values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Sync bytes at equal distances, as in an MPEG transport stream.
bool transport_stream(std::string_view b, size_t first, size_t packet) {
  size_t seen = 0;
  for (size_t at = first; at < b.size() && seen < 4; at += packet, ++seen) {
    if (b[at] != 0x47) return false;
  }
  return seen >= 3;
}

bool looks_like_text(std::string_view b) {
  return !b.empty() && std::all_of(b.begin(), b.end(), [](char c) {
    auto u = static_cast<uint8_t>(c);
    return u >= 0x20 || u == '\n' || u == '\r' || u == '\t' || u == '\f';
  });
}

Sniffed text_kind(std::string_view b) {
  if (b.starts_with("\xEF\xBB\xBF"sv)) b.remove_prefix(3);
  while (!b.empty() &&
         (b.front() == ' ' || b.front() == '\n' || b.front() == '\r' || b.front() == '\t')) {
    b.remove_prefix(1);
  }
  if (b.starts_with("#EXTM3U")) return other("a playlist");
  if (b.starts_with("<?xml") || b.starts_with("<svg")) return other("an XML document");
  if (b.starts_with('<')) return other("a web page");
  return other("text");
}

}  // namespace

Sniffed sniff(std::string_view b) {
  b = b.substr(0, kSniffBytes);
  if (b.empty()) return other("empty");

  if (b.size() >= 12) {
    const auto type = b.substr(4, 4);
    if (type == "ftyp") {
      const auto brand = b.substr(8, 4);
      if (one_of(brand, {"heic", "heix", "mif1", "msf1", "avif", "avis", "heim", "heis"})) {
        return other("a picture");
      }
      return video("mov", "an MP4 or QuickTime file");
    }
    if (one_of(type, {"moov", "mdat", "wide", "skip", "free", "pnot"})) {
      return video("mov", "a QuickTime file");
    }
    if (b.starts_with("RIFF")) {
      const auto form = b.substr(8, 4);
      if (form == "AVI ") return video("avi", "an AVI file");
      if (form == "WAVE") return other("a sound file");
      if (form == "WEBP") return other("a picture");
    }
  }
  if (b.starts_with("\x1A\x45\xDF\xA3"sv)) return video("matroska", "a WebM or Matroska file");
  if (b.starts_with("FLV\x01"sv)) return video("flv", "a Flash Video file");
  if (b.starts_with("\x30\x26\xB2\x75\x8E\x66\xCF\x11"sv)) return video("asf", "a WMV file");
  if (b.starts_with("OggS")) return video("ogg", "an Ogg file");
  if (b.starts_with("\x00\x00\x01\xBA"sv)) return video("mpeg", "an MPEG file");
  if (transport_stream(b, 0, 188) || transport_stream(b, 4, 192)) {
    return video("mpegts", "an MPEG transport stream");
  }

  if (b.starts_with("\xFF\xD8\xFF"sv) || b.starts_with("\x89PNG"sv) || b.starts_with("GIF8") ||
      b.starts_with("II*\0"sv) || b.starts_with("MM\0*"sv) || b.starts_with("BM")) {
    return other("a picture");
  }
  if (b.starts_with("%PDF")) return other("a PDF document");
  if (b.starts_with("PK\x03\x04"sv)) return other("a ZIP archive or an office document");
  if (b.starts_with("\x1F\x8B"sv) || b.starts_with("7z\xBC\xAF"sv) || b.starts_with("Rar!") ||
      b.starts_with("\xFD"
                    "7zXZ"sv) ||
      b.starts_with("\x28\xB5\x2F\xFD"sv)) {
    return other("an archive");
  }
  if (b.starts_with("ID3") || b.starts_with("fLaC") || b.starts_with("\xFF\xFB"sv) ||
      b.starts_with("\xFF\xF1"sv)) {
    return other("a sound file");
  }
  if (b.starts_with("\x7F"
                    "ELF"sv) ||
      b.starts_with("MZ"))
    return other("a program");
  if (looks_like_text(b)) return text_kind(b);
  return other("a file of an unknown kind");
}

}  // namespace rondo::media
