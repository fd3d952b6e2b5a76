#include "media/text_language.h"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>  // the header of CLD2 needs it
#include <optional>

namespace rondo::media {
namespace {

constexpr size_t kTextBytesMax = 64 << 10;
// Of letters: a handful of words, or eight Chinese characters. CLD2 takes less for reliable, but
// also "Parkour in Paris" for English.
constexpr int kLettersBytesMin = 24;
constexpr int kSharePercentMin = 70;
// To contradict somebody takes more.
constexpr int kPlainLettersBytesMin = 120;
constexpr int kPlainSharePercentMin = 90;

// What CLD2 knows well, of those that are written in one script.
constexpr std::string_view kKnown =
    " af ar be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gd gl gu hi hr ht hu hy id is it "
    "he "
    "ja ka km kn ko lo lt lv mg mk ml mr ms mt my ne nl no pa pl pt ro ru rw si sk sl sq sr sv sw "
    "ta "
    "te th tl tr uk ur vi yi zh ";
// Told apart by a few words only.
constexpr std::array<std::string_view, 4> kAlike = {" bs hr sr ", " id ms ", " da nb nn no ",
                                                    " cs sk "};

bool has(std::string_view list, const std::string& tag) {
  return list.find(" " + tag + " ") != std::string_view::npos;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// "https://a.example/b", "a.example", "film.mp4", "#tag", "@name".
bool is_no_word(std::string_view word) {
  if (word.starts_with('#') || word.starts_with('@')) return true;
  for (size_t i = 1; i + 1 < word.size(); ++i) {
    if (word[i] == '/') return true;
    if (word[i] == '.' && std::isalnum(static_cast<unsigned char>(word[i + 1])) != 0) return true;
  }
  return false;
}

std::string words_of(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    size_t end = kTextBytesMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
    text = text.substr(0, end);
  }
  std::string words;
  while (!text.empty()) {
    const auto size =
        static_cast<size_t>(std::find_if(text.begin(), text.end(), is_space) - text.begin());
    const std::string_view word = text.substr(0, size);
    if (!is_no_word(word)) {
      words += word;
      words += ' ';
    }
    text.remove_prefix(std::min(text.size(), size + 1));
  }
  return words;
}

std::string primary(std::string_view tag) {
  std::string out(tag.substr(0, tag.find('-')));
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (out == "iw") return "he";  // the names of before 1989
  if (out == "in") return "id";
  if (out == "ji") return "yi";
  if (out == "jw") return "jv";
  return out;
}

struct Found {
  std::string language;
  int letters_bytes = 0;
  int share_percent = 0;
};

std::optional<Found> find(std::string_view text, const std::string& hint) {
  const std::string words = words_of(text);
  const CLD2::CLDHints hints{hint.empty() ? nullptr : hint.c_str(), nullptr, CLD2::UNKNOWN_ENCODING,
                             CLD2::UNKNOWN_LANGUAGE};
  std::array<CLD2::Language, 3> languages{};
  std::array<int, 3> percents{};
  std::array<double, 3> scores{};
  int letters_bytes = 0;
  int valid_bytes = 0;
  bool reliable = false;
  CLD2::ExtDetectLanguageSummaryCheckUTF8(words.data(), static_cast<int>(words.size()),
                                          /*is_plain_text=*/true, &hints, /*flags=*/0,
                                          languages.data(), percents.data(), scores.data(), nullptr,
                                          &letters_bytes, &reliable, &valid_bytes);
  Found found{primary(CLD2::LanguageCode(languages[0])), letters_bytes, percents[0]};
  // Neither "un" nor "xx-Goth", nor the jokes ("zzp").
  const bool named = found.language.size() == 2 && found.language != "un" && found.language != "xx";
  if (!reliable || !named || static_cast<size_t>(valid_bytes) != words.size()) return std::nullopt;
  return found;
}

}  // namespace

std::string dominant_language(std::string_view text) {
  auto found = find(text, "");
  if (!found || found->letters_bytes < kLettersBytesMin ||
      found->share_percent < kSharePercentMin) {
    return "";
  }
  return std::move(found->language);
}

std::string other_language(std::string_view text, std::string_view tag) {
  std::string said = primary(tag);
  if (said == "nb" || said == "nn") said = "no";
  if (!has(kKnown, said)) return "";
  // Told what it should be, CLD2 finds that wherever the text allows it.
  auto found = find(text, said);
  if (!found || found->letters_bytes < kPlainLettersBytesMin ||
      found->share_percent < kPlainSharePercentMin || found->language == said) {
    return "";
  }
  for (std::string_view alike : kAlike) {
    if (has(alike, said) && has(alike, found->language)) return "";
  }
  return std::move(found->language);
}

}  // namespace rondo::media
