#include "catalogue/caption.h"

#include <algorithm>
#include <cstdint>

#include "catalogue/unicode.h"

namespace rondo::catalogue {

namespace {

constexpr char32_t kFullWidthNumberSign = 0xFF03;

Error wrong(std::string field, std::string reason, std::string message) {
  return invalid(std::move(message)).with_field(std::move(field)).with_reason(std::move(reason));
}

Error too_long(std::string field, const std::string& tag) {
  std::string begin;
  std::string_view rest = tag;
  for (int i = 0; i < 12; ++i) append_code_point(begin, take_code_point(rest));
  return wrong(std::move(field), "hashtag_too_long",
               "the hashtag #" + begin + "... has " + std::to_string(tag.size()) +
                   " bytes; at most 64 are allowed");
}

bool is_number_sign(char32_t c) { return c == '#' || c == kFullWidthNumberSign; }

// Collects a tag, lowered and composed.
class TagBuilder {
 public:
  void add(char32_t c) {
    const char32_t lower = to_lower(c);
    has_letter_ = has_letter_ || is_tag_letter(lower);
    if (const char32_t composed = last_ == 0 ? 0 : compose(last_, lower)) {
      last_ = composed;
      return;
    }
    flush();
    last_ = lower;
  }
  std::string take() {
    flush();
    has_letter_ = false;
    return std::move(text_);
  }
  bool empty() const { return text_.empty() && last_ == 0; }
  bool has_letter() const { return has_letter_; }

 private:
  void flush() {
    if (last_ != 0) append_code_point(text_, last_);
    last_ = 0;
  }

  std::string text_;
  char32_t last_ = 0;  // may still be composed with a mark
  bool has_letter_ = false;
};

void add_once(std::vector<std::string>& tags, std::string tag) {
  if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(std::move(tag));
}

}  // namespace

Result<std::string> normalise_hashtag(std::string_view tag) {
  TagBuilder builder;
  std::string_view rest = tag;
  bool first = true;
  while (!rest.empty()) {
    const char32_t c = take_code_point(rest);
    if (first && is_number_sign(c)) {
      first = false;
      continue;
    }
    first = false;
    if (c == kNotUtf8 || !is_tag_character(c)) {
      return wrong("hashtags", "hashtag_characters",
                   "a hashtag has only letters, digits and '_', without blanks");
    }
    builder.add(c);
  }
  if (builder.empty()) return wrong("hashtags", "hashtag_empty", "a hashtag must not be empty");
  if (!builder.has_letter()) {
    return wrong("hashtags", "hashtag_characters", "a hashtag has at least one letter");
  }
  std::string text = builder.take();
  if (text.size() > kHashtagBytesMax) return too_long("hashtags", text);
  return text;
}

Result<Caption> read_caption(std::string_view caption, std::span<const std::string> hashtags) {
  Caption result;
  for (const std::string& tag : hashtags) {
    RD_TRY(std::string normalised, normalise_hashtag(tag));
    add_once(result.hashtags, std::move(normalised));
  }

  const auto characters =
      static_cast<size_t>(std::count_if(caption.begin(), caption.end(), [](char c) {
        return (static_cast<uint8_t>(c) & 0xC0U) != 0x80;
      }));
  if (characters > kCaptionCharactersMax || caption.size() > 4 * kCaptionCharactersMax) {
    return wrong(
        "caption", "caption_too_long",
        "the caption has " + std::to_string(characters) + " characters; at most 2,000 are allowed");
  }

  TagBuilder builder;
  bool in_tag = false;
  bool may_begin = true;  // "a#b" and ".../#b" are no hashtags
  auto end_tag = [&]() -> Result<void> {
    const bool is_tag = in_tag && builder.has_letter();
    in_tag = false;
    std::string tag = builder.take();
    if (!is_tag) return {};
    if (tag.size() > kHashtagBytesMax) return too_long("caption", tag);
    add_once(result.hashtags, std::move(tag));
    return {};
  };
  for (std::string_view rest = caption; !rest.empty();) {
    char32_t c = take_code_point(rest);
    if (c == '\r') {
      if (!rest.empty() && rest.front() == '\n') rest.remove_prefix(1);
      c = '\n';
    }
    if (c == kNotUtf8 || (c < 0x20 && c != '\n') || (c >= 0x7F && c < 0xA0)) {
      return wrong("caption", "caption_not_text",
                   "the caption must be UTF-8 text without control characters");
    }
    append_code_point(result.text, c);
    if (in_tag && is_tag_character(c)) {
      builder.add(c);
      continue;
    }
    RD_CHECK(end_tag());
    in_tag = is_number_sign(c) && may_begin;
    may_begin = !is_tag_character(c) && c != '/' && c != '&';
  }
  RD_CHECK(end_tag());

  if (result.hashtags.size() > kHashtagsMax) {
    return wrong("hashtags", "too_many_hashtags",
                 "the video has " + std::to_string(result.hashtags.size()) +
                     " hashtags, those in the caption included; at most 8 are allowed");
  }
  return result;
}

}  // namespace rondo::catalogue
