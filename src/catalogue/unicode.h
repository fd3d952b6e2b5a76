// The little of Unicode that captions and hashtags need, the same on every machine (no locale):
// UTF-8, lower case of the scripts that have it, composition of the usual accented letters, and
// what may stand in a hashtag. Not a full NFC: rare letters that come decomposed stay so.
// Free functions: thread safe.
#pragma once

#include <string>
#include <string_view>

namespace rondo::catalogue {

inline constexpr char32_t kNotUtf8 = 0xFFFFFFFF;

// Takes the first code point off `text`, which must not be empty; kNotUtf8, and nothing taken, when
// there is no well-formed sequence (RFC 3629).
char32_t take_code_point(std::string_view& text);
void append_code_point(std::string& out, char32_t c);

// Latin, Greek, Cyrillic and Armenian; every other code point is its own lower case.
char32_t to_lower(char32_t c);
// The letter that `base` (in lower case) and a combining `mark` make; 0 when none is known.
char32_t compose(char32_t base, char32_t mark);
// Letters, digits, '_' and combining marks; not punctuation, symbols, blanks, emoji.
bool is_tag_character(char32_t c);
// A tag character that is more than an ASCII digit or '_'.
bool is_tag_letter(char32_t c);

}  // namespace rondo::catalogue
