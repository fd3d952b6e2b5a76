#include "media/sound_trace.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>

namespace rondo::media {
namespace {

constexpr double kShareMin = 0.75;
// Of the sample clips, one sound in other codings differs in 0.14 at most, others in 0.25 at least.
constexpr double kDifferenceMax = 0.16;
// A few items tell whether a shift is worth all of them.
constexpr ptrdiff_t kGlanceItems = 8;
constexpr double kGlanceDifferenceMax = 0.36;

bool is_varied(std::vector<uint32_t> items) {
  const size_t count = items.size();
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return items.size() * 2 >= count;
}

Result<std::ifstream> open(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in.is_open()) return base::internal("Cannot read " + file.string() + ".");
  return in;
}

}  // namespace

Result<std::vector<uint32_t>> read_fingerprint(const std::filesystem::path& file) {
  RD_TRY(std::ifstream in, open(file));
  std::vector<uint32_t> items;
  std::array<unsigned char, 4> bytes{};
  while (items.size() < kFingerprintItemsMax &&
         in.read(reinterpret_cast<char*>(bytes.data()), bytes.size())) {
    items.push_back(static_cast<uint32_t>(bytes[0]) | static_cast<uint32_t>(bytes[1]) << 8 |
                    static_cast<uint32_t>(bytes[2]) << 16 | static_cast<uint32_t>(bytes[3]) << 24);
  }
  if (items.size() < kFingerprintItemsMin || !is_varied(items)) items.clear();
  return items;
}

Result<std::string> read_waveform(const std::filesystem::path& file) {
  std::error_code code;
  const uint64_t samples = std::filesystem::file_size(file, code) / 2;
  if (code) return base::internal("Cannot read " + file.string() + ": " + code.message() + ".");
  if (samples == 0) return std::string();
  RD_TRY(std::ifstream in, open(file));
  std::array<int, kWaveformPeaks> peaks{};
  std::vector<unsigned char> bytes(1 << 16);
  uint64_t at = 0;
  while (at < samples && (in.read(reinterpret_cast<char*>(bytes.data()),
                                  static_cast<std::streamsize>(bytes.size())),
                          in.gcount() > 1)) {
    for (std::streamsize i = 0; i + 1 < in.gcount() && at < samples; i += 2, ++at) {
      const auto sample =
          static_cast<int16_t>(static_cast<uint16_t>(bytes[static_cast<size_t>(i)]) |
                               static_cast<uint16_t>(bytes[static_cast<size_t>(i) + 1]) << 8);
      int& peak = peaks[at * kWaveformPeaks / samples];
      peak = std::max(peak, std::abs(static_cast<int>(sample)));
    }
  }
  const int loudest = *std::max_element(peaks.begin(), peaks.end());
  if (loudest == 0) return std::string();
  std::string out;
  for (int peak : peaks) out.push_back(static_cast<char>(peak * 255 / loudest));
  return out;
}

SoundMatch compare_sounds(std::span<const uint32_t> a, std::span<const uint32_t> b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (b.empty()) return {};
  const auto longer = static_cast<ptrdiff_t>(a.size()), shorter = static_cast<ptrdiff_t>(b.size());
  const auto least = static_cast<ptrdiff_t>(std::ceil(kShareMin * static_cast<double>(shorter)));
  SoundMatch best;
  // b starts `shift` items behind the start of a.
  for (ptrdiff_t shift = least - shorter; shift <= longer - least; ++shift) {
    const ptrdiff_t first = std::max<ptrdiff_t>(0, -shift);
    const ptrdiff_t last = std::min(shorter, longer - shift);
    auto difference_of = [&](ptrdiff_t step) {
      int bits = 0, items = 0;
      for (ptrdiff_t i = first; i < last; i += step, ++items) {
        bits += std::popcount(a[static_cast<size_t>(i + shift)] ^ b[static_cast<size_t>(i)]);
      }
      return bits / (32.0 * items);
    };
    const ptrdiff_t step = std::max<ptrdiff_t>(1, (last - first) / kGlanceItems);
    if (difference_of(step) > kGlanceDifferenceMax) continue;
    const double difference = difference_of(1);
    if (difference < best.difference) {
      best = {static_cast<double>(last - first) / static_cast<double>(shorter), difference};
    }
  }
  return best;
}

bool same_sound(std::span<const uint32_t> a, std::span<const uint32_t> b) {
  if (std::min(a.size(), b.size()) < kFingerprintItemsMin) return false;
  return compare_sounds(a, b).difference <= kDifferenceMax;
}

}  // namespace rondo::media
