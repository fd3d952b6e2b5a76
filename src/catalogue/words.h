// The words of a text as muted words are held against them: hashes, made here for captions and for
// muted phrases alike, so that the two sides cannot disagree.
//
// A word is a run of letters, digits and combining marks (unicode.h), in lower case and composed;
// "#" and "_" only divide. Whole words count: "art" is not in "party". Scripts that are written
// without blanks (Han, kana, Thai, Lao, Burmese, Khmer) go by pairs of neighbouring characters
// instead, so that what is muted is found within a sentence; a single such character is found only
// where it stands alone. Free functions: thread safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rondo::catalogue {

inline constexpr size_t kVideoWordsMax = 128;
inline constexpr size_t kPhraseBytesMax = 64;
inline constexpr size_t kPhraseWordsMax = 16;

// Of a video, ascending, each once: of its hashtags, then of its caption; of a longer one the first
// kVideoWordsMax.
std::vector<uint32_t> words_of_video(std::string_view caption,
                                     std::span<const std::string> hashtags);

// A video is muted when it has all words of the phrase, in whatever order.
struct Phrase {
  std::string text;             // in lower case, a blank between two pieces
  std::vector<uint32_t> words;  // ascending
};
// invalid, reason "phrase_empty" (no word in it), "phrase_too_long" or "phrase_not_text".
Result<Phrase> read_phrase(std::string_view text);

}  // namespace rondo::catalogue
