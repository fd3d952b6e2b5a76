#include "catalogue/words.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "records/validate.h"

namespace rondo::catalogue {
namespace {

bool mutes(std::string_view phrase, std::string_view caption,
           const std::vector<std::string>& hashtags = {}) {
  auto read = read_phrase(phrase);
  EXPECT_TRUE(read.ok()) << phrase;
  const auto words = words_of_video(caption, hashtags);
  return std::includes(words.begin(), words.end(), read->words.begin(), read->words.end());
}

TEST(Words, WholeWordsInAnyCaseAndSpelling) {
  EXPECT_TRUE(mutes("Spoiler", "a SPOILER, really"));
  EXPECT_TRUE(mutes("été", "L'E\u0301TE\u0301 2026"));
  EXPECT_TRUE(mutes("ＡＢＣ", "abc"));
  EXPECT_TRUE(mutes("don't", "I DON'T"));
  EXPECT_FALSE(mutes("art", "a party"));
  EXPECT_FALSE(mutes("spoiler", "spoilers"));
}

TEST(Words, HashtagsCountAndUnderlinesDivide) {
  EXPECT_TRUE(mutes("#Clocks", "clocks"));
  EXPECT_TRUE(mutes("clocks", "", {"clocks"}));
  EXPECT_TRUE(mutes("new york", "see #new_york"));
}

TEST(Words, APhraseNeedsAllOfItsWords) {
  EXPECT_TRUE(mutes("final match", "the match: it is final"));
  EXPECT_FALSE(mutes("final match", "the final"));
}

TEST(Words, ScriptsWithoutBlanksAreFoundWithinASentence) {
  EXPECT_TRUE(mutes("原神", "今日も原神やる"));
  EXPECT_TRUE(mutes("日本語", "私は日本語が好き"));
  EXPECT_FALSE(mutes("日本語", "本日の語学"));
  EXPECT_TRUE(mutes("iPhone手机", "新的iphone手机!"));
  EXPECT_TRUE(mutes("雪", "雪 in Sapporo"));
  EXPECT_FALSE(mutes("雪", "雪山"));
}

TEST(Words, AreAscendingDistinctAndBounded) {
  std::string caption;
  for (int i = 0; i < 300; ++i) caption += "w" + std::to_string(i) + " again ";
  const auto words = words_of_video(caption, {});
  EXPECT_EQ(words.size(), kVideoWordsMax);
  EXPECT_TRUE(std::is_sorted(words.begin(), words.end()));
  EXPECT_EQ(std::adjacent_find(words.begin(), words.end()), words.end());
  // Hashtags come first: a long caption does not hide them.
  EXPECT_TRUE(mutes("zebra", caption, {"zebra"}));
}

TEST(Phrase, IsShownInLowerCaseWithSingleBlanks) {
  auto phrase = read_phrase("  #Don't \t PANIC\u3000now ");
  ASSERT_TRUE(phrase.ok());
  EXPECT_EQ(phrase->text, "don't panic now");
  EXPECT_EQ(phrase->words.size(), 4u);
  EXPECT_TRUE(records::is_normalised_phrase(phrase->text));
}

TEST(Phrase, SaysWhatIsWrong) {
  auto reason = [](std::string_view text) {
    auto read = read_phrase(text);
    return read.ok() ? std::string("none") : read.error().reason();
  };
  EXPECT_EQ(reason(""), "phrase_empty");
  EXPECT_EQ(reason("!? \U0001F600"), "phrase_empty");
  EXPECT_EQ(reason(std::string(65, 'a')), "phrase_too_long");
  EXPECT_EQ(reason(std::string(5000, ' ')), "phrase_too_long");
  EXPECT_EQ(reason("a b c d e f g h i j k l m n o p q"), "phrase_too_long");
  EXPECT_EQ(reason("a\xFF"), "phrase_not_text");
  EXPECT_EQ(reason("a\x7F"), "phrase_not_text");
  EXPECT_EQ(reason(std::string(64, 'a')), "none");
}

// The log keeps them: they never change.
TEST(Words, Golden) { EXPECT_EQ(words_of_video("Hello", {}), std::vector<uint32_t>{3125670444u}); }

}  // namespace
}  // namespace rondo::catalogue
