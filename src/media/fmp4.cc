#include "media/fmp4.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string_view>

namespace rondo::media {
namespace fs = std::filesystem;
namespace {

// Everything in front of the first fragment, and the head of a fragment, fit well within these:
// ten minutes of one-second fragments take 7 kB a track.
constexpr uint64_t kFrontBytesMax = 8u << 20;
constexpr uint64_t kMoofBytesMax = 8u << 20;
constexpr size_t kFragmentsMax = 65535;

Error bad(std::string_view what) {
  return base::corrupt("This is not a fragmented MP4 as Rondo writes it: " + std::string(what) +
                       ".");
}

// Big-endian fields of a byte range, every read checked.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  Result<uint64_t> get(size_t width) {
    if (bytes_.size() - at_ < width) return bad("a box ends too soon");
    uint64_t value = 0;
    for (size_t i = 0; i < width; ++i) {
      value = (value << 8) | static_cast<uint8_t>(bytes_[at_ + i]);
    }
    at_ += width;
    return value;
  }
  Result<void> skip(size_t count) {
    if (bytes_.size() - at_ < count) return bad("a box ends too soon");
    at_ += count;
    return {};
  }
  size_t at() const { return at_; }
  std::string_view rest() const { return bytes_.substr(at_); }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

struct Box {
  std::string_view type;
  std::string_view body;
  size_t body_at = 0;  // in the bytes walked
  size_t end = 0;
};

// The box at `at` of `bytes`; its body has to lie within them.
Result<Box> box_at(std::string_view bytes, size_t at) {
  Fields fields(bytes.substr(at));
  RD_TRY(uint64_t size, fields.get(4));
  if (fields.rest().size() < 4) return bad("a box ends too soon");
  const std::string_view type = fields.rest().substr(0, 4);
  RD_CHECK(fields.skip(4));
  if (size == 1) {
    RD_TRY(size, fields.get(8));
  }
  if (size < fields.at() || size > bytes.size() - at) return bad("a box is larger than its parent");
  return Box{type, bytes.substr(at + fields.at(), size - fields.at()), at + fields.at(), at + size};
}

// The first child of that type.
Result<std::optional<Box>> child(std::string_view parent, std::string_view type) {
  for (size_t at = 0; at < parent.size();) {
    RD_TRY(Box box, box_at(parent, at));
    if (box.type == type) return std::optional<Box>(box);
    at = box.end;
  }
  return std::optional<Box>();
}

Result<std::string_view> descend(std::string_view parent,
                                 std::initializer_list<std::string_view> path) {
  for (auto type : path) {
    RD_TRY(auto found, child(parent, type));
    if (!found) return bad("there is no " + std::string(type) + " box");
    parent = found->body;
  }
  return parent;
}

struct Track {
  uint64_t id = 0;
  bool video = false;
  uint32_t timescale = 0;
  std::string codec;
};

Result<std::string> video_codec(std::string_view sample_description) {
  // Version and flags, count, then the first entry.
  if (sample_description.size() < 8) return bad("the stsd box is empty");
  RD_TRY(Box entry, box_at(sample_description, 8));
  const bool av1 = entry.type == "av01";
  if (!av1 && entry.type != "avc1") return bad("the picture is neither H.264 nor AV1");
  constexpr size_t kVisualFields = 78;
  if (entry.body.size() < kVisualFields) return bad("the sample entry ends too soon");
  RD_TRY(auto config, child(entry.body.substr(kVisualFields), av1 ? "av1C" : "avcC"));
  if (!config || config->body.size() < 4) return bad("there is no codec configuration box");
  std::array<char, 16> text{};
  auto byte = [&](size_t i) { return static_cast<uint8_t>(config->body[i]); };
  if (av1) {
    // Profile, level, tier, bits.
    const int bits = (byte(2) & 0x40) == 0 ? 8 : (byte(2) & 0x20) == 0 ? 10 : 12;
    std::snprintf(text.data(), text.size(), "av01.%d.%02d%c.%02d", byte(1) >> 5, byte(1) & 31,
                  (byte(2) & 0x80) == 0 ? 'M' : 'H', bits);
  } else {
    std::snprintf(text.data(), text.size(), "avc1.%02x%02x%02x", byte(1), byte(2), byte(3));
  }
  return std::string(text.data());
}

Result<Track> read_track(std::string_view trak) {
  Track track;
  RD_TRY(std::string_view header, descend(trak, {"tkhd"}));
  Fields tkhd(header);
  RD_TRY(uint64_t tkhd_version, tkhd.get(1));
  RD_CHECK(tkhd.skip(tkhd_version == 1 ? 19 : 11));
  RD_TRY(track.id, tkhd.get(4));

  RD_TRY(std::string_view media_header, descend(trak, {"mdia", "mdhd"}));
  Fields mdhd(media_header);
  RD_TRY(uint64_t mdhd_version, mdhd.get(1));
  RD_CHECK(mdhd.skip(mdhd_version == 1 ? 19 : 11));
  RD_TRY(uint64_t timescale, mdhd.get(4));
  if (timescale == 0) return bad("a track has no time scale");
  track.timescale = static_cast<uint32_t>(timescale);

  RD_TRY(std::string_view handler, descend(trak, {"mdia", "hdlr"}));
  track.video = handler.size() >= 12 && handler.substr(8, 4) == "vide";
  if (track.video) {
    RD_TRY(std::string_view stsd, descend(trak, {"mdia", "minf", "stbl", "stsd"}));
    RD_TRY(track.codec, video_codec(stsd));
  }
  return track;
}

struct SegmentIndex {
  uint64_t track = 0;
  uint32_t timescale = 1;
  uint64_t first_offset = 0;
  std::vector<Fragment> fragments;  // offsets from the first
  size_t durations_at = 0;          // of the first reference's duration field, in the box's body
};

Result<SegmentIndex> read_sidx(std::string_view body) {
  SegmentIndex index;
  Fields fields(body);
  RD_TRY(uint64_t version, fields.get(1));
  RD_CHECK(fields.skip(3));
  RD_TRY(index.track, fields.get(4));
  RD_TRY(uint64_t timescale, fields.get(4));
  if (timescale == 0) return bad("the index has no time scale");
  index.timescale = static_cast<uint32_t>(timescale);
  const size_t wide = version == 0 ? 4 : 8;
  RD_CHECK(fields.skip(wide));
  RD_TRY(index.first_offset, fields.get(wide));
  RD_CHECK(fields.skip(2));
  RD_TRY(uint64_t count, fields.get(2));
  index.durations_at = fields.at() + 4;
  uint64_t offset = 0;
  for (uint64_t i = 0; i < count; ++i) {
    RD_TRY(uint64_t size, fields.get(4));
    if ((size & 0x80000000u) != 0) return bad("the index points at another index");
    RD_TRY(uint64_t duration, fields.get(4));
    RD_CHECK(fields.skip(4));
    index.fragments.push_back({offset, size, duration});
    offset += size;
  }
  return index;
}

Result<std::string> read_bytes(std::ifstream& in, uint64_t offset, uint64_t size) {
  std::string bytes(size, '\0');
  in.clear();
  in.seekg(static_cast<std::streamoff>(offset));
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<uint64_t>(in.gcount()) != size) return bad("the file ends too soon");
  return bytes;
}

struct Front {
  Mp4Index index;
  uint64_t video_track = 0;
  uint64_t durations_offset = 0;  // of the picture's index, in the file
};

Result<Front> read_front(std::ifstream& in, uint64_t file_bytes) {
  RD_TRY(std::string bytes, read_bytes(in, 0, std::min(file_bytes, kFrontBytesMax)));
  Front front;
  front.index.size_bytes = file_bytes;
  std::vector<Track> tracks;
  double longest = 0;
  bool indexed = false;
  size_t at = 0;
  while (true) {
    if (bytes.size() - at < 8) return bad("there is no fragment");
    const std::string_view type(bytes.data() + at + 4, 4);
    if (type == "moof") break;
    RD_TRY(Box box, box_at(bytes, at));
    if (type == "moov") {
      for (size_t inner = 0; inner < box.body.size();) {
        RD_TRY(Box part, box_at(box.body, inner));
        if (part.type == "trak") {
          RD_TRY(Track track, read_track(part.body));
          tracks.push_back(std::move(track));
        }
        inner = part.end;
      }
      front.index.init_bytes = box.end;
    } else if (type == "sidx") {
      if (front.index.init_bytes == 0) return bad("the index stands before the moov box");
      RD_TRY(SegmentIndex sidx, read_sidx(box.body));
      uint64_t duration = 0;
      for (const auto& fragment : sidx.fragments) duration += fragment.duration;
      longest = std::max(longest, static_cast<double>(duration) / sidx.timescale);
      auto track = std::find_if(tracks.begin(), tracks.end(),
                                [&](const Track& t) { return t.id == sidx.track; });
      if (track == tracks.end()) return bad("the index is of no track");
      if (track->video && !indexed) {
        indexed = true;
        front.video_track = track->id;
        front.index.timescale = sidx.timescale;
        front.index.video_codec = track->codec;
        front.durations_offset = box.body_at + sidx.durations_at;
        for (auto& fragment : sidx.fragments) {
          fragment.offset += box.end + sidx.first_offset;
        }
        front.index.fragments = std::move(sidx.fragments);
      }
    } else if (type == "mdat") {
      return bad("samples stand before the first fragment");
    }
    at = box.end;
  }
  if (!indexed) return bad("there is no index of the picture in front");
  front.index.fragments_offset = at;
  front.index.has_audio =
      std::any_of(tracks.begin(), tracks.end(), [](const Track& t) { return !t.video; });
  front.index.seconds = longest;

  // The fragments have to follow one another from here to the end.
  uint64_t expected = at;
  for (const auto& fragment : front.index.fragments) {
    if (fragment.offset != expected || fragment.size_bytes == 0) {
      return bad("the index does not meet its fragments");
    }
    expected += fragment.size_bytes;
  }
  if (expected != file_bytes) return bad("the index does not reach the end of the file");
  if (front.index.fragments.size() > kFragmentsMax) return bad("it has too many fragments");
  return front;
}

struct LastFrame {
  uint64_t field_offset = 0;  // in the file: where its duration stands
  uint32_t duration = 0;
};

// Where the duration of the picture's last frame stands: in its own entry of the run, or, when all
// frames of the fragment are alike, in the fragment's default (then there must be one frame only).
Result<std::optional<LastFrame>> find_last_frame(std::string_view moof, uint64_t moof_offset,
                                                 uint64_t video_track) {
  std::optional<LastFrame> found;
  RD_TRY(Box box, box_at(moof, 0));
  for (size_t at = box.body_at; at < box.end;) {
    RD_TRY(Box traf, box_at(moof, at));
    at = traf.end;
    if (traf.type != "traf") continue;
    std::optional<LastFrame> of_default;
    bool ours = false;
    for (size_t inner = traf.body_at; inner < traf.end;) {
      RD_TRY(Box part, box_at(moof, inner));
      inner = part.end;
      Fields fields(part.body);
      if (part.type == "tfhd") {
        RD_TRY(uint64_t flags, fields.get(4));
        RD_TRY(uint64_t id, fields.get(4));
        ours = id == video_track;
        if ((flags & 0x1) != 0) RD_CHECK(fields.skip(8));
        if ((flags & 0x2) != 0) RD_CHECK(fields.skip(4));
        if ((flags & 0x8) != 0) {
          const uint64_t offset = moof_offset + part.body_at + fields.at();
          RD_TRY(uint64_t duration, fields.get(4));
          of_default = LastFrame{offset, static_cast<uint32_t>(duration)};
        }
      } else if (part.type == "trun" && ours) {
        RD_TRY(uint64_t flags, fields.get(4));
        RD_TRY(uint64_t count, fields.get(4));
        if (count == 0) continue;
        if ((flags & 0x1) != 0) RD_CHECK(fields.skip(4));
        if ((flags & 0x4) != 0) RD_CHECK(fields.skip(4));
        size_t entry = 0;
        for (uint64_t flag : {0x100u, 0x200u, 0x400u, 0x800u}) entry += (flags & flag) != 0 ? 4 : 0;
        if ((flags & 0x100) != 0) {
          if (count > part.body.size()) return bad("a run is longer than its box");
          RD_CHECK(fields.skip((count - 1) * entry));
          const uint64_t offset = moof_offset + part.body_at + fields.at();
          RD_TRY(uint64_t duration, fields.get(4));
          found = LastFrame{offset, static_cast<uint32_t>(duration)};
        } else if (count == 1) {
          found = of_default;
        } else {
          found.reset();
        }
      }
    }
  }
  return found;
}

Result<void> overwrite(const fs::path& file, uint64_t offset, uint32_t value) {
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  const std::array<char, 4> bytes = {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                                     static_cast<char>(value >> 8), static_cast<char>(value)};
  out.seekp(static_cast<std::streamoff>(offset));
  out.write(bytes.data(), bytes.size());
  out.close();
  if (!out) return base::internal("Cannot write " + file.string() + ".");
  return {};
}

}  // namespace

uint64_t Mp4Index::video_duration() const {
  uint64_t sum = 0;
  for (const auto& fragment : fragments) sum += fragment.duration;
  return sum;
}

Result<Mp4Index> read_mp4_index(const fs::path& file) {
  std::error_code code;
  const uint64_t size = fs::file_size(file, code);
  std::ifstream in(file, std::ios::binary);
  if (code || !in) return base::internal("Cannot read " + file.string() + ".");
  RD_TRY(Front front, read_front(in, size));
  return std::move(front.index);
}

Result<void> extend_last_frame(const fs::path& file, double end_seconds, Mp4Index& index) {
  const double target = end_seconds * index.timescale;
  const uint64_t present = index.video_duration();
  if (!(target > static_cast<double>(present)) || target > 4e9 || index.fragments.empty()) {
    return {};
  }
  const auto more = static_cast<uint64_t>(std::llround(target)) - present;

  std::ifstream in(file, std::ios::binary);
  if (!in) return base::internal("Cannot read " + file.string() + ".");
  RD_TRY(Front front, read_front(in, index.size_bytes));
  auto& last = index.fragments.back();
  RD_TRY(std::string moof,
         read_bytes(in, last.offset, std::min<uint64_t>(last.size_bytes, kMoofBytesMax)));
  RD_TRY(auto frame, find_last_frame(moof, last.offset, front.video_track));
  if (!frame || more > UINT32_MAX - frame->duration || more > UINT32_MAX - last.duration) return {};

  RD_CHECK(overwrite(file, frame->field_offset, frame->duration + static_cast<uint32_t>(more)));
  last.duration += more;
  const uint64_t field = front.durations_offset + 12 * (index.fragments.size() - 1);
  RD_CHECK(overwrite(file, field, static_cast<uint32_t>(last.duration)));
  index.seconds = std::max(index.seconds, index.video_seconds());
  return {};
}

}  // namespace rondo::media
