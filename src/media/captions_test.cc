#include "media/captions.h"

#include <gtest/gtest.h>

namespace rondo::media {
namespace {

constexpr size_t kBytesMax = 512 << 10;

std::string rewritten(std::string_view bytes) {
  auto cues = read_captions(bytes, kBytesMax);
  EXPECT_TRUE(cues.ok()) << cues.error().describe();
  return cues.ok() ? write_captions(*cues) : "";
}
std::string words(std::string_view text) {
  return rewritten("WEBVTT\n\n00:01.000 --> 00:02.000\n" + std::string(text) + "\n")
      .substr(std::string_view("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n").size());
}
Error error_of(std::string_view bytes) {
  auto cues = read_captions(bytes, kBytesMax);
  EXPECT_FALSE(cues.ok());
  return cues.ok() ? base::internal("taken") : cues.error();
}

TEST(Captions, AreWrittenAnew) {
  EXPECT_EQ(rewritten("\xEF\xBB\xBFWEBVTT - some title\r\nKind: captions\r\n\r\n"
                      "NOTE a remark\r\nof two lines\r\n\r\n"
                      "STYLE\r\n::cue { background: url(https://example.org/) }\r\n\r\n"
                      "intro\r\n00:03.500 --> 00:04.000 align:start line:80% colour:red\r\n"
                      "Second\r\nof two lines\r\n\r\n\r\n"
                      "01:00.000-->01:00:00.001\rFirst, or <b>not\r"),
            "WEBVTT\n\n00:00:03.500 --> 00:00:04.000 align:start line:80%\nSecond\nof two lines\n"
            "\n00:01:00.000 --> 01:00:00.001\nFirst, or <b>not</b>\n");
}

TEST(Captions, CuesAreInOrder) {
  const auto cues =
      read_captions("WEBVTT\n\n00:05.000 --> 00:06.000\nlate\n\n00:01.000 --> 00:09.000\nearly",
                    kBytesMax)
          .value();
  ASSERT_EQ(cues.size(), 2u);
  EXPECT_EQ(cues[0].text, "early");
  EXPECT_EQ(cues[0].start_ms, 1000u);
  EXPECT_EQ(cues[0].end_ms, 9000u);
}

TEST(Captions, KeepWordsAndFewTags) {
  EXPECT_EQ(words("a < b & c &amp; d &lt;i&gt; &copy;"),
            "a &lt; b &amp; c &amp; d &lt;i&gt; &amp;copy;\n");
  EXPECT_EQ(words("<v.loud Mary Ann>Hi <i.x>there"), "<v Mary Ann>Hi <i>there</i></v>\n");
  EXPECT_EQ(words("<v A>one<v B &amp; C>two"), "<v A>one</v><v B &amp; C>two</v>\n");
  EXPECT_EQ(words("<v Ada --\x01>x<v --\x01>y"), "<v Ada>x</v><v>y</v>\n");
  EXPECT_EQ(words("<b><i>crossed</b> over</i>"), "<b><i>crossed</i></b> over\n");
  EXPECT_EQ(words("<script>alert(1)</script><img src=x onerror=y>"), "alert(1)\n");
  EXPECT_EQ(words("<c.red></c>\nseen\n\x01\n<ruby>k<rt>x</rt></ruby>"), "seen\nkx\n");
  EXPECT_EQ(words("<00:01.500>karaoke"), "karaoke\n");
}

TEST(Captions, SayTheLineThatIsWrong) {
  struct Case {
    std::string bytes, reason, message;
  };
  const std::string head = "WEBVTT\n\n";
  const Case cases[] = {
      {"", "not_webvtt", "Line 1 of the captions: it has to be \"WEBVTT\"."},
      {"WEBVTTX\n", "not_webvtt", "Line 1"},
      {"1\n00:00:01,000 --> 00:00:02,000\nSubRip\n", "not_webvtt", "Export the captions as WebVTT"},
      {"WEBVTT\n", "no_cues", "there is no cue"},
      {"WEBVTT\n00:01.000 --> 00:02.000\nx", "cue_time",
       "Line 2 of the captions: an empty line has to come between the header and a cue."},
      {head + "00:01.000 --> 00:02.000\nfine\n\nlone words\n\n", "cue_time",
       "Line 7 of the captions: a cue needs its times here"},
      {head + "00:01.000 --> 2.5\nx", "cue_time", "Line 3 of the captions: \"2.5\" is not a time."},
      {head + "00:61.000 --> 02:00.000\nx", "cue_time", "\"00:61.000\" is not a time"},
      {head + "99:00:01.000 --> 99:00:02.000\nx", "cue_time", "is not a time"},
      {head + "00:02.000 --> 00:02.000\nx", "cue_order",
       "ends at 00:00:02.000, which is not after its start at 00:00:02.000"},
      {head + "00:01.000 --> 00:02.000\nx\n00:03.000 --> 00:04.000\ny", "cue_time",
       "Line 5 of the captions: an empty line has to come between two cues."},
      {head + "00:01.000 --> 00:02.000\nna\xEFve", "not_text",
       "Line 4 of the captions: it is not UTF-8."},
      {head + "00:01.000 --> 00:02.000\n" + std::string(1, '\0'), "not_text", "Line 4"},
      {head + "00:01.000 --> 00:02.000\n" + std::string(2001, 'x'), "cue_too_long",
       "2001 bytes; the limit is 2000"},
      {std::string((512 << 10) + 1, ' '), "too_large", "limit here is"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.bytes.substr(0, 60));
    const Error error = error_of(c.bytes);
    EXPECT_EQ(error.reason(), c.reason);
    EXPECT_EQ(error.field(), "captions");
    EXPECT_NE(error.message().find(c.message), std::string::npos) << error.message();
  }
}

// Thousands of openings without an end, each of which is looked for an end.
TEST(Captions, TakeBoundedTime) {
  const std::string head = "WEBVTT\n\n00:01.000 --> 00:02.000\n";
  EXPECT_EQ(error_of(head + std::string(400 << 10, '<')).reason(), "cue_too_long");
  std::string deep = head;
  for (int i = 0; i < 5000; ++i) deep += "<b>";
  EXPECT_EQ(error_of(deep + "x").reason(), "cue_too_long");
}

TEST(Captions, AreBoundedInNumber) {
  std::string many = "WEBVTT\n";
  for (size_t i = 0; i < kCuesMax; ++i) many += "\n00:01.000 --> 00:02.000\nx\n";
  EXPECT_EQ(read_captions(many, kBytesMax).value().size(), kCuesMax);
  EXPECT_EQ(error_of(many + "\n00:01.000 --> 00:02.000\nx\n").reason(), "too_many_cues");
}

TEST(Captions, WhatIsWrittenReadsTheSame) {
  for (const char* text : {"a &amp;amp; b", "<v Ada -- --\x01>x", "<v ----\x01>x", "<v  x >y",
                           "<v \x01 x>y", "<b></b>", " \n lead", "<i>\n\n</i>z"}) {
    SCOPED_TRACE(text);
    auto cues = read_captions("WEBVTT\n\n00:01.000 --> 00:02.000\n" + std::string(text), kBytesMax);
    if (!cues.ok()) continue;
    EXPECT_EQ(read_captions(write_captions(*cues), kBytesMax).value(), *cues);
  }
}

}  // namespace
}  // namespace rondo::media
