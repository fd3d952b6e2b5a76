#include "recommender/bundle.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace rondo::recommender {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string reason_of(const std::string& text) {
  auto parsed = Bundle::parse(text);
  return parsed.ok() ? "accepted" : parsed.error().describe();
}

TEST(Bundle, CanonicalTextReadsBackTheSame) {
  Bundle bundle = Bundle::defaults();
  bundle.training.embedding_rate = 0.1f / 3;  // not a short decimal
  bundle.rules.temperature = 1.17e-3f;
  auto parsed = Bundle::parse(bundle.canonical());
  ASSERT_TRUE(parsed.ok()) << parsed.error().describe();
  EXPECT_EQ(parsed->canonical(), bundle.canonical());
  EXPECT_EQ(parsed->training.embedding_rate, bundle.training.embedding_rate);
  EXPECT_EQ(parsed->sha256(), bundle.sha256());
}

TEST(Bundle, ShaNamesEveryValue) {
  Bundle bundle = Bundle::defaults();
  auto before = bundle.sha256();
  bundle.heads[2].features[5] += 0.001f;
  EXPECT_NE(bundle.sha256(), before);
}

// The defaults are part of what pages are reproduced from: a change here is a change of bundle.
TEST(Bundle, GoldenShaOfTheDefaults) {
  EXPECT_EQ(base::to_hex(base::as_bytes(Bundle::defaults().sha256())),
            "d53708d512241f198f73715c775e72231f35f0903147afb4bad7851193c2eea5");
}

TEST(Bundle, WhitespaceAndOrderDoNotMatter) {
  std::string text = Bundle::defaults().canonical();
  std::string dense;
  for (char c : text) {
    if (c != ' ' && c != '\n') dense.push_back(c);
  }
  auto parsed = Bundle::parse(dense);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->canonical(), text);
}

TEST(Bundle, RefusesWithTheExactReason) {
  std::string good = Bundle::defaults().canonical();
  EXPECT_NE(reason_of("[]").find("one JSON object"), std::string::npos);
  EXPECT_NE(reason_of("{").find("not JSON"), std::string::npos);
  EXPECT_NE(reason_of(replaced(good, "\"schema\": 1", "\"schema\": 2")).find("schema must be 1"),
            std::string::npos);
  EXPECT_NE(reason_of(replaced(good, "\"dimensions\": 16", "\"dimensions\": 24"))
                .find("model.dimensions is 24; it must be a multiple of 16"),
            std::string::npos);
  EXPECT_NE(reason_of(replaced(good, "\"dimensions\": 16", "\"dimensions\": 1e3"))
                .find("whole number from 16 to 128"),
            std::string::npos);
  EXPECT_NE(reason_of(replaced(good, "\"dimensions\": 16", "\"dimensions\": 4096"))
                .find("model.dimensions is 4096"),
            std::string::npos);
  EXPECT_NE(reason_of(replaced(good, "\"init_scale\": 0.1", "\"init_scale\": \"0.1\""))
                .find("model.init_scale is not a number"),
            std::string::npos);
  EXPECT_NE(reason_of(replaced(good, "\"init_scale\": 0.1", "\"init_scales\": 0.1"))
                .find("model.init_scale is missing"),
            std::string::npos);
  EXPECT_NE(reason_of(replaced(good, "\"init_scale\": 0.1", "\"init_scale\": 0.1, \"speed\": 1"))
                .find("model.speed is not a field"),
            std::string::npos);
  EXPECT_NE(
      reason_of(replaced(good, "\"stage_1\": 50", "\"stage_1\": 5000000")).find("must not fall"),
      std::string::npos);
  EXPECT_NE(reason_of(std::string(300 << 10, ' ')).find("at most"), std::string::npos);
}

// Whatever is cut or flipped: refused or valid, never a crash; and what is accepted is canonical.
TEST(Bundle, DamagedTextNeverCrashes) {
  std::string good = Bundle::defaults().canonical();
  for (size_t i = 0; i < good.size(); i += 7) {
    (void)reason_of(good.substr(0, i));
    std::string flipped = good;
    flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 7)));
    if (auto parsed = Bundle::parse(flipped); parsed.ok()) {
      auto again = Bundle::parse(parsed->canonical());
      ASSERT_TRUE(again.ok());
      EXPECT_EQ(again->sha256(), parsed->sha256());
    }
  }
}

}  // namespace
}  // namespace rondo::recommender
