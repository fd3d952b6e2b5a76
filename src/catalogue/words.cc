#include "catalogue/words.h"

#include <algorithm>
#include <functional>

#include "base/hash.h"
#include "catalogue/unicode.h"

namespace rondo::catalogue {

namespace {

bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

// Of a script without blanks between words.
bool is_unspaced(char32_t c) {
  return within(c, 0xE01, 0xE4E) || within(c, 0xE81, 0xEDF) || within(c, 0x1000, 0x109F) ||
         within(c, 0x1780, 0x17D3) || within(c, 0x3005, 0x3007) || within(c, 0x3041, 0x30FF) ||
         within(c, 0x31F0, 0x31FF) || within(c, 0x3400, 0x9FFF) || within(c, 0xF900, 0xFAFF) ||
         within(c, 0xFF66, 0xFF9F) || within(c, 0x20000, 0x3FFFF);
}

bool is_word_character(char32_t c) { return c != '_' && is_tag_character(c); }

bool is_blank(char32_t c) {
  return c <= 0x20 || c == 0x85 || c == 0xA0 || within(c, 0x2000, 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

// In lower case and composed; ends where it is not UTF-8.
std::u32string folded(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const char32_t c = to_lower(take_code_point(text));
    if (c == kNotUtf8) break;
    const char32_t composed = out.empty() ? 0 : compose(out.back(), c);
    if (composed != 0) {
      out.back() = composed;
    } else {
      out.push_back(c);
    }
  }
  return out;
}

uint32_t hash_of(std::u32string_view word) {
  std::string bytes;
  for (char32_t c : word) append_code_point(bytes, c);
  return static_cast<uint32_t>(base::stable_hash64(bytes));
}

// Calls `take` with each word of the text, in order, until it says false.
void for_words(std::u32string_view text, const std::function<bool(std::u32string_view)>& take) {
  for (size_t from = 0; from < text.size();) {
    if (!is_word_character(text[from])) {
      ++from;
      continue;
    }
    const bool unspaced = is_unspaced(text[from]);
    size_t to = from;
    while (to < text.size() && is_word_character(text[to]) && is_unspaced(text[to]) == unspaced) {
      ++to;
    }
    if (!unspaced || to - from == 1) {
      if (!take(text.substr(from, to - from))) return;
    } else {
      for (size_t at = from; at + 1 < to; ++at) {
        if (!take(text.substr(at, 2))) return;
      }
    }
    from = to;
  }
}

// The first `count_max` different words, ascending.
class Words {
 public:
  explicit Words(size_t count_max) : count_max_(count_max) {}

  // False when there was no room.
  bool add(std::u32string_view word) {
    const uint32_t hash = hash_of(word);
    const auto at = std::lower_bound(hashes_.begin(), hashes_.end(), hash);
    if (at != hashes_.end() && *at == hash) return true;
    if (hashes_.size() == count_max_) return false;
    hashes_.insert(at, hash);
    return true;
  }
  std::vector<uint32_t> take() { return std::move(hashes_); }

 private:
  const size_t count_max_;
  std::vector<uint32_t> hashes_;
};

Error wrong(std::string reason, std::string message) {
  return invalid(std::move(message)).with_field("mute").with_reason(std::move(reason));
}

Error too_long() {
  return wrong("phrase_too_long", "what is muted has at most " + std::to_string(kPhraseBytesMax) +
                                      " bytes and " + std::to_string(kPhraseWordsMax) +
                                      " different words; mute a part of it");
}

}  // namespace

std::vector<uint32_t> words_of_video(std::string_view caption,
                                     std::span<const std::string> hashtags) {
  Words words(kVideoWordsMax);
  const auto add = [&words](std::u32string_view word) { return words.add(word); };
  for (const std::string& tag : hashtags) for_words(folded(tag), add);
  for_words(folded(caption), add);
  return words.take();
}

Result<Phrase> read_phrase(std::string_view text) {
  if (text.size() > 4 * kPhraseBytesMax) return too_long();
  for (std::string_view rest = text; !rest.empty();) {
    const char32_t c = take_code_point(rest);
    if (c == kNotUtf8 || (is_blank(c) ? false : c < 0xA0 && c >= 0x7F)) {
      return wrong("phrase_not_text",
                   "what is muted must be UTF-8 text without control characters");
    }
  }
  const std::u32string folded_text = folded(text);
  Phrase phrase;
  bool gap = false;
  for (char32_t c : folded_text) {
    if (is_blank(c) || c == '#' || c == 0xFF03) {
      gap = true;
      continue;
    }
    if (gap && !phrase.text.empty()) phrase.text += ' ';
    gap = false;
    append_code_point(phrase.text, c);
  }
  Words words(kPhraseWordsMax);
  bool all = true;
  for_words(folded_text, [&](std::u32string_view word) { return all = words.add(word); });
  phrase.words = words.take();
  if (phrase.text.size() > kPhraseBytesMax || !all) return too_long();
  if (phrase.words.empty()) {
    return wrong("phrase_empty", "what is muted has at least one letter or digit");
  }
  return phrase;
}

}  // namespace rondo::catalogue
