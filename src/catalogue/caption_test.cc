#include "catalogue/caption.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "catalogue/unicode.h"
#include "records/validate.h"

namespace rondo::catalogue {
namespace {

using Tags = std::vector<std::string>;

TEST(Hashtag, OneTopicHoweverItIsTyped) {
  EXPECT_EQ(normalise_hashtag("#Fractals").value(), "fractals");
  EXPECT_EQ(normalise_hashtag("ÉTÉ").value(), "été");
  EXPECT_EQ(normalise_hashtag("E\xCC\x81te\xCC\x81").value(), "été") << "decomposed";
  EXPECT_EQ(normalise_hashtag("МОСКВА").value(), "москва");
  EXPECT_EQ(normalise_hashtag("и\xCC\x86од").value(), "йод");
  EXPECT_EQ(normalise_hashtag("ΟΔΟΣ").value(), normalise_hashtag("οδος").value());
  EXPECT_EQ(normalise_hashtag("ŁÓDŹ").value(), "łódź");
  EXPECT_EQ(normalise_hashtag("İstanbul").value(), "istanbul");
  EXPECT_EQ(normalise_hashtag("＃ＴＯＫＹＯ２").value(), "tokyo2");
  EXPECT_EQ(normalise_hashtag("東京").value(), "東京");
  EXPECT_EQ(normalise_hashtag("हिन्दी").value(), "हिन्दी");
  EXPECT_EQ(normalise_hashtag("top_10").value(), "top_10");
}

TEST(Hashtag, SaysWhatIsWrong) {
  struct Case {
    std::string tag;
    std::string reason;
  };
  for (const Case& c :
       {Case{"", "hashtag_empty"}, Case{"#", "hashtag_empty"}, Case{"##a", "hashtag_characters"},
        Case{"a b", "hashtag_characters"}, Case{"a-b", "hashtag_characters"},
        Case{"a\xC2\xA0"
             "b",
             "hashtag_characters"},
        Case{"2024", "hashtag_characters"}, Case{"__", "hashtag_characters"},
        Case{"\xF0\x9F\x98\x80", "hashtag_characters"}, Case{"a\xFF", "hashtag_characters"},
        Case{std::string(65, 'a'), "hashtag_too_long"}}) {
    auto result = normalise_hashtag(c.tag);
    ASSERT_FALSE(result.ok()) << c.tag;
    EXPECT_EQ(result.error().reason(), c.reason) << c.tag;
    EXPECT_EQ(result.error().field(), "hashtags");
  }
  EXPECT_EQ(normalise_hashtag(std::string(64, 'a')).value().size(), 64u);
}

TEST(Caption, TagsGivenApartComeFirstAndEachOnce) {
  const Tags given = {"Waves", "sea"};
  Caption caption = read_caption("Look: #SEA #calm,#blue!", given).value();
  EXPECT_EQ(caption.text, "Look: #SEA #calm,#blue!");
  EXPECT_EQ(caption.hashtags, (Tags{"waves", "sea", "calm", "blue"}));
}

TEST(Caption, KnowsWhatIsNoHashtag) {
  EXPECT_EQ(read_caption("a#b http://x/#c &#39; # d #1 #_ ##e #f#g", {}).value().hashtags,
            (Tags{"e", "f", "g"}));
  EXPECT_EQ(read_caption("#one\n#two.#three", {}).value().hashtags, (Tags{"one", "two", "three"}));
  EXPECT_EQ(read_caption("#café😀 #cafe\xCC\x81", {}).value().hashtags, (Tags{"café"}));
  EXPECT_TRUE(read_caption("", {}).value().hashtags.empty());
}

TEST(Caption, LineEndsBecomeOne) {
  EXPECT_EQ(read_caption("a\r\nb\rc\nd", {}).value().text, "a\nb\nc\nd");
}

TEST(Caption, SaysWhatIsWrong) {
  std::string longest;
  for (size_t i = 0; i < kCaptionCharactersMax; ++i) longest += "é";
  EXPECT_TRUE(read_caption(longest, {}).ok());
  EXPECT_EQ(read_caption(longest + "!", {}).error().reason(), "caption_too_long");
  EXPECT_EQ(read_caption(std::string(100000, '\x80'), {}).error().reason(), "caption_too_long");
  EXPECT_EQ(read_caption("a\x01", {}).error().reason(), "caption_not_text");
  EXPECT_EQ(read_caption("a\xC3", {}).error().reason(), "caption_not_text");
  EXPECT_EQ(read_caption("\xED\xA0\x80", {}).error().reason(), "caption_not_text");
  EXPECT_EQ(read_caption("\xC0\x80", {}).error().field(), "caption");

  auto nine = read_caption("#a #b #c #d #e #f #g #h #i", {});
  EXPECT_EQ(nine.error().reason(), "too_many_hashtags");
  EXPECT_NE(nine.error().message().find("9 hashtags"), std::string::npos);
  EXPECT_EQ(read_caption("#a #b #c #d #e #f #g #h #A", {}).value().hashtags.size(), 8u);

  auto long_tag = read_caption("#" + std::string(65, 'x'), {});
  EXPECT_EQ(long_tag.error().reason(), "hashtag_too_long");
  EXPECT_NE(long_tag.error().message().find("65 bytes"), std::string::npos);
}

TEST(Unicode, Utf8RoundTripsAndRefusesWhatIsMalformed) {
  for (char32_t c :
       {U'\0', U'a', U'\x7F', U'\x80', U'\x7FF', U'\x800', U'\xFFFF', U'\x10000', U'\x10FFFF'}) {
    std::string text;
    append_code_point(text, c);
    std::string_view rest = text;
    EXPECT_EQ(take_code_point(rest), c);
    EXPECT_TRUE(rest.empty());
  }
  for (std::string bad : {"\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xE2(\xA1"}) {
    std::string_view rest = bad;
    EXPECT_EQ(take_code_point(rest), kNotUtf8);
    EXPECT_EQ(rest.size(), bad.size());
  }
}

// Foreign bytes: never a crash, and what passes keeps the bounds of the record.
TEST(Caption, RandomBytesGiveValidTopicsOrAReason) {
  base::Rng rng(11);
  const std::string_view pieces[] = {"#",    "a", "É",           "e\xCC\x81", " ",
                                     "\xFF", "é", "京",          "\r\n",      "\xF0\x9F\x98\x80",
                                     "_",    "1", "\xE2\x80\x8D"};
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (uint64_t n = rng.below(60); n > 0; --n) {
      uint64_t which = rng.below(60);
      text += which < std::size(pieces) ? pieces[which]
              : which < 58              ? pieces[which % 4]
                                        : std::string(1, static_cast<char>(rng.next()));
    }
    auto caption = read_caption(text, {});
    if (!caption.ok()) {
      EXPECT_FALSE(caption.error().reason().empty());
      continue;
    }
    ++accepted;
    EXPECT_LE(caption->hashtags.size(), kHashtagsMax);
    for (const auto& tag : caption->hashtags) {
      EXPECT_TRUE(records::is_normalised_topic(tag)) << tag;
      EXPECT_EQ(normalise_hashtag(tag).value(), tag) << "normalising twice changes nothing";
    }
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace rondo::catalogue
