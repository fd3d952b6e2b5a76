// WebVTT captions: read strictly, and written anew rather than kept as they came, so that what is
// served is what this file says and nothing else.
//
// Taken: a WEBVTT header, cues with or without a name, cue settings, NOTE blocks. Kept of it: the
// times, the settings align, line, position and size where they are well-formed, the words, <b>,
// <i>, <u> and <v Name>. STYLE and REGION blocks, classes, ruby and unknown tags go; how captions
// look is the player's. Cues are put in the order of their times.
//
// Pure functions; thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rondo::media {

inline constexpr size_t kCuesMax = 10'000;
inline constexpr size_t kCueBytesMax = 2'000;  // of one cue's words

struct Cue {
  uint32_t start_ms = 0;
  uint32_t end_ms = 0;   // later
  std::string settings;  // "align:start line:80%"; may be empty
  std::string text;      // lines parted by '\n', escaped, tags closed

  bool operator==(const Cue&) const = default;
};

// invalid, field "captions", with a reason and the number of the line in the message: "not_webvtt",
// "not_text", "too_large", "cue_time", "cue_order", "cue_too_long", "too_many_cues", "no_cues".
Result<std::vector<Cue>> read_captions(std::string_view bytes, size_t bytes_max);

// read_captions() of what this writes gives the same cues.
std::string write_captions(const std::vector<Cue>& cues);

// The words alone, a cue a line: without tags, not escaped.
std::string spoken_words(const std::vector<Cue>& cues);

}  // namespace rondo::media
