#include "media/content_credentials.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace rondo::media {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kC2pa =
    "\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81"sv;
constexpr std::string_view kPurpose = "manifest\0"sv;
// Versions and flags stand between the id and the purpose.
constexpr size_t kFlagBytes = 4;
constexpr int kBoxesMax = 256;

bool read(std::istream& file, uint64_t at, char* out, size_t size) {
  file.clear();
  file.seekg(static_cast<std::streamoff>(at));
  file.read(out, static_cast<std::streamsize>(size));
  return file.gcount() == static_cast<std::streamsize>(size);
}

}  // namespace

bool carries_credentials(std::istream& file) {
  constexpr uint64_t kOffsetMax = 1ull << 62;
  uint64_t at = 0;
  for (int i = 0; i < kBoxesMax && at < kOffsetMax; ++i) {
    std::array<char, 16> head{};
    if (!read(file, at, head.data(), 8)) return false;
    uint64_t size = base::read_be64(head.data()) >> 32;
    uint64_t header_bytes = 8;
    if (size == 1) {
      if (!read(file, at, head.data(), 16)) return false;
      size = base::read_be64(head.data() + 8);
      header_bytes = 16;
    }
    if (std::string_view(head.data() + 4, 4) == "uuid") {
      std::array<char, kC2pa.size() + kFlagBytes + kPurpose.size()> body{};
      if (read(file, at + header_bytes, body.data(), body.size())) {
        const std::string_view bytes(body.data(), body.size());
        if (bytes.starts_with(kC2pa) && bytes.ends_with(kPurpose)) return true;
      }
    }
    // 0: to the end of the file.
    if (size < header_bytes || size > kOffsetMax) return false;
    at += size;
  }
  return false;
}

}  // namespace rondo::media
