#include "media/traces.h"

#include "base/bytes.h"
#include "media/placeholder.h"
#include "media/transcode.h"

namespace rondo::media {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kHashBytes = 33;
constexpr size_t kItemBytes = 4;

}  // namespace

std::string pack_look(std::span<const FrameHash> look) {
  std::string out;
  base::ByteWriter writer(out);
  for (const FrameHash& hash : look) {
    for (uint64_t word : hash.bits) writer.put(word);
    writer.put(static_cast<uint8_t>(hash.quality));
  }
  return out;
}

Result<std::vector<FrameHash>> unpack_look(std::string_view bytes) {
  if (bytes.size() % kHashBytes != 0 || bytes.size() / kHashBytes > kHashedFramesMax) {
    return base::corrupt("a look of " + std::to_string(bytes.size()) + " bytes is none");
  }
  std::vector<FrameHash> look(bytes.size() / kHashBytes);
  base::ByteReader reader(bytes);
  for (FrameHash& hash : look) {
    for (uint64_t& word : hash.bits) {
      RD_TRY(word, reader.get<uint64_t>());
    }
    RD_TRY(const uint8_t quality, reader.get<uint8_t>());
    hash.quality = quality;
  }
  return look;
}

std::string pack_fingerprint(std::span<const uint32_t> items) {
  std::string out;
  base::ByteWriter writer(out);
  for (uint32_t item : items) writer.put(item);
  return out;
}

Result<std::vector<uint32_t>> unpack_fingerprint(std::string_view bytes) {
  if (bytes.size() % kItemBytes != 0 || bytes.size() / kItemBytes > kFingerprintItemsMax) {
    return base::corrupt("a fingerprint of " + std::to_string(bytes.size()) + " bytes is none");
  }
  std::vector<uint32_t> items(bytes.size() / kItemBytes);
  base::ByteReader reader(bytes);
  for (uint32_t& item : items) {
    RD_TRY(item, reader.get<uint32_t>());
  }
  return items;
}

std::string pack(const Traces& traces) {
  std::string out;
  base::ByteWriter writer(out);
  writer.put(kVersion);
  writer.put_string(traces.placeholder);
  writer.put_string(traces.sound.waveform);
  writer.put_string(pack_look(traces.look));
  writer.put_string(pack_fingerprint(traces.sound.fingerprint));
  return out;
}

Result<Traces> unpack_traces(std::string_view bytes) {
  base::ByteReader reader(bytes);
  RD_TRY(const uint8_t version, reader.get<uint8_t>());
  if (version != kVersion) return base::corrupt("traces of another version");
  Traces traces;
  RD_TRY(traces.placeholder, reader.get_string(kPlaceholderBytesMax));
  RD_TRY(traces.sound.waveform, reader.get_string(kWaveformPeaks));
  RD_TRY(const std::string_view look, reader.get_string(kHashBytes * kHashedFramesMax));
  RD_TRY(traces.look, unpack_look(look));
  RD_TRY(const std::string_view items, reader.get_string(kItemBytes * kFingerprintItemsMax));
  RD_TRY(traces.sound.fingerprint, unpack_fingerprint(items));
  if (!reader.empty()) return base::corrupt("something follows the traces");
  return traces;
}

}  // namespace rondo::media
