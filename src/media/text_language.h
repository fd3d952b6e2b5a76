// What language words are in, by CLD2 (docs/decisions/0156-languages-by-cld2.md): tags are BCP 47
// primary tags in lower case ("de", "ja"); a language is never guessed. Addresses, #hashtags,
// @names and file names are no words. Text is foreign: with a word that is not UTF-8 it is in no
// language. Of a long text the first 64 KiB count.
//
// Pure functions; thread safe; no errors.
#pragma once

#include <string>
#include <string_view>

namespace rondo::media {

// Of most of the text; "" when it is too short, too mixed, or like several languages.
std::string dominant_language(std::string_view text);

// What the text is in when that is plainly not what `tag` (BCP 47) says; else "". Of languages that
// are hard to tell apart, and of those that CLD2 does not know, nothing is said.
std::string other_language(std::string_view text, std::string_view tag);

}  // namespace rondo::media
