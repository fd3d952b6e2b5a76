// Captions and hashtags: what may be written, and how a tag becomes a topic.
//
// A caption has at most 2,000 characters of UTF-8; line ends become '\n', other control characters
// are refused. A tag is 1..64 bytes of letters, digits and '_' with a letter in it, in lower case
// and composed, so that "#Été" is one topic however it was typed. A video has at most 8, those
// given apart first, then those in the caption, each once; the first is its main topic. Free
// functions: thread safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rondo::catalogue {

inline constexpr size_t kCaptionCharactersMax = 2000;
inline constexpr size_t kHashtagsMax = 8;
inline constexpr size_t kHashtagBytesMax = 64;

// `tag` with or without '#'. invalid, field "hashtags", reason "hashtag_empty", "hashtag_too_long"
// or "hashtag_characters".
Result<std::string> normalise_hashtag(std::string_view tag);

struct Caption {
  std::string text;
  std::vector<std::string> hashtags;
};

// invalid, field "caption" ("caption_too_long", "caption_not_text", "hashtag_too_long") or
// "hashtags" (as above, "too_many_hashtags").
Result<Caption> read_caption(std::string_view caption, std::span<const std::string> hashtags);

}  // namespace rondo::catalogue
