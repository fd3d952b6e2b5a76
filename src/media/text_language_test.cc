#include "media/text_language.h"

#include <gtest/gtest.h>

#include "media/captions.h"

namespace rondo::media {
namespace {

struct Sentence {
  const char *language, *text;
};
constexpr Sentence kSentences[] = {
    {"en", "Morning run along the river, the light was unreal today"},
    {"es", "Mi gato volvió a hacerlo otra vez, no lo puedo creer"},
    {"de", "Heute backen wir gemeinsam ein Brot mit Sauerteig und ein wenig Geduld"},
    {"fr", "Aujourd'hui on fait du pain au levain avec les enfants"},
    {"ja", "今日は川沿いを走りました。光がとてもきれいでした。"},
    {"zh", "今天早上我在河边跑步"},
    {"zh", "今天早上我在河邊跑步，光線非常漂亮"},
    {"ko", "오늘은 강을 따라 달렸어요"},
    {"ru", "Сегодня утром я бегал вдоль реки"},
    {"ar", "اليوم نخبز الخبز معا في المطبخ"},
    {"hi", "हम आज रोटी बना रहे हैं"},
    {"he", "הבוקר רצתי לאורך הנהר והאור היה נפלא"},
    {"pt", "hoje vamos fazer pão com fermento natural"},
    {"tr", "bugün ekşi mayalı ekmek yapıyoruz"},
};

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text + "\n";
  return out;
}

TEST(TextLanguage, IsTold) {
  for (const auto& [language, text] : kSentences) {
    EXPECT_EQ(dominant_language(text), language) << text;
  }
}

TEST(TextLanguage, IsNeverGuessed) {
  for (const char* text :
       {"", "lol", "OMG 😂😂😂", "猫", "Bonjour", "pizza time", "Parkour in Paris",
        "12345 67890 12345 67890", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "#fyp #foryou #viral #dance #satisfying",
        "https://example.org/what-a-wonderful-day-in-the-park",
        "@somebody_with_a_long_english_name", "holiday-in-the-mountains.final.version.mp4",
        "xkcd qwrt plmk zxcv bnmk wqrt hjkl vbnm"}) {
    EXPECT_EQ(dominant_language(text), "") << text;
  }
  const std::string mixed = std::string(kSentences[0].text) + " " + kSentences[8].text;
  EXPECT_EQ(dominant_language(mixed), "") << "half of it each";
}

TEST(TextLanguage, TagsAndAddressesDoNotCount) {
  EXPECT_EQ(dominant_language("Heute backen wir gemeinsam ein Brot #thebestbreadintheworld "
                              "https://example.org/how-to-bake-the-best-bread-in-the-world"),
            "de");
}

TEST(TextLanguage, ForeignBytesAreInNoLanguage) {
  std::string text = kSentences[2].text;
  for (const char* wrong : {"\xC3", "\xFF", "\xED\xA0\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_EQ(dominant_language(text + wrong), "");
    EXPECT_EQ(dominant_language(wrong + text), "");
  }
  EXPECT_EQ(dominant_language(std::string(1000, '\0')), "");
}

TEST(TextLanguage, OnlyTheStartOfALongTextCounts) {
  const std::string japanese = repeated(kSentences[4].text, 1000);  // 76 kB
  EXPECT_EQ(dominant_language(japanese + repeated(kSentences[2].text, 20'000)), "ja");
  // Cut between characters, wherever the limit falls.
  for (size_t shift = 0; shift < 4; ++shift) {
    EXPECT_EQ(dominant_language(std::string(shift, ' ') + japanese), "ja");
  }
  std::string unbroken;
  for (int i = 0; i < 40'000; ++i) unbroken += "川";
  dominant_language(unbroken);  // one word of 120 kB
}

TEST(TextLanguage, AnotherLanguageIsToldOnlyWhenItIsPlain) {
  const std::string german = repeated(kSentences[2].text, 3);
  EXPECT_EQ(other_language(german, "de"), "");
  EXPECT_EQ(other_language(german, "de-at"), "");
  EXPECT_EQ(other_language(german, "en"), "de");
  EXPECT_EQ(other_language(german, "EN-gb"), "de");
  EXPECT_EQ(other_language(german, "ja"), "de");
  EXPECT_EQ(other_language(kSentences[2].text, "en"), "") << "too short to contradict";
  EXPECT_EQ(other_language(german, "deu"), "") << "nothing is known of tags of three letters";
  EXPECT_EQ(other_language(german, "yo"), "") << "CLD2 does not know Yoruba";
  EXPECT_EQ(other_language(german, ""), "");
  EXPECT_EQ(other_language(german + repeated(kSentences[8].text, 3), "en"), "") << "mixed";
  const std::string chinese = repeated(kSentences[6].text, 6);
  EXPECT_EQ(other_language(chinese, "zh-hant-tw"), "");
  EXPECT_EQ(other_language(chinese, "ja"), "zh");
  EXPECT_EQ(other_language(repeated(kSentences[11].text, 4), "iw"), "") << "Hebrew's former tag";
}

TEST(TextLanguage, OfLanguagesThatAreAlikeNothingIsSaid) {
  const std::string croatian =
      repeated("Dobar dan, danas pravimo kruh s kvasom i malo strpljenja", 4);
  const std::string norwegian = repeated("I dag baker vi brød med surdeig og litt tålmodighet", 4);
  for (const char* tag : {"hr", "bs", "sr"}) EXPECT_EQ(other_language(croatian, tag), "") << tag;
  for (const char* tag : {"no", "nb", "nn", "da"})
    EXPECT_EQ(other_language(norwegian, tag), "") << tag;
  EXPECT_EQ(other_language(norwegian, "en"), "no");
}

TEST(TextLanguage, CaptionsAreReadWithoutTagsAndTimes) {
  auto cues = read_captions(
      "WEBVTT\n\n00:01.000 --> 00:02.000\n<v The Narrator of this English film>Heute "
      "<b>backen</b>\nwir "
      "Brot &amp; Kuchen &lt;3\n\n00:03.000 --> 00:04.000\n- mit viel Geduld.\n",
      1 << 16);
  ASSERT_TRUE(cues.ok()) << cues.error().describe();
  EXPECT_EQ(spoken_words(*cues), "Heute backen\nwir Brot & Kuchen <3\n- mit viel Geduld.\n");
  EXPECT_EQ(dominant_language(spoken_words(*cues)), "de");
}

}  // namespace
}  // namespace rondo::media
