// What a sound is, beside its loudness, read from what FFmpeg leaves of the one decoding that
// measures it: the fingerprint (Chromaprint's raw items, eight a second) and the waveform (the
// peaks of even parts of it).
//
// Two fingerprints are of one sound when, laid over one another at the best shift, most of their
// bits agree for most of the shorter one. Coding, loudness and container change few bits.
//
// The files come out of the sandbox, so their bytes are foreign: any are read, in bounded time.
// Pure functions but for reading; thread safe. Errors: internal (a file cannot be read).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace rondo::media {

inline constexpr size_t kWaveformPeaks = 100;
inline constexpr int kWaveformRate = 8000;           // samples a second that the file holds
inline constexpr size_t kFingerprintItemsMax = 970;  // two minutes
// Shorter ones say too little to be told apart: less than four seconds of sound.
inline constexpr size_t kFingerprintItemsMin = 10;

struct SoundTrace {
  std::vector<uint32_t> fingerprint;  // empty: silent, too short, or one tone all along
  std::string waveform;               // kWaveformPeaks bytes, 255 the loudest; empty: silent
};

Result<std::vector<uint32_t>> read_fingerprint(const std::filesystem::path& file);
// 16-bit little-endian samples of one channel.
Result<std::string> read_waveform(const std::filesystem::path& file);

struct SoundMatch {
  double share = 0;       // of the shorter one's items that lie over the other's
  double difference = 1;  // share of the bits there that differ: 0.5 is chance
};
SoundMatch compare_sounds(std::span<const uint32_t> a, std::span<const uint32_t> b);
bool same_sound(std::span<const uint32_t> a, std::span<const uint32_t> b);

}  // namespace rondo::media
