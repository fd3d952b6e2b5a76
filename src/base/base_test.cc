#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"

namespace rondo::base {
namespace {

Result<int> half(int x) {
  if (x % 2 != 0) return invalid("odd").with_field("x");
  return x / 2;
}
Result<int> quarter(int x) {
  RD_TRY(int h, half(x));
  RD_TRY(int q, half(h));
  return q;
}

TEST(Result, PropagatesByDeclaration) {
  EXPECT_EQ(quarter(12).value(), 3);
  auto failed = quarter(6);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(failed.error().field(), "x");
  EXPECT_EQ(std::move(failed).error().with_context("b").with_context("a").describe(), "a: b: odd");
}

TEST(Ids, TextRoundTripsAndRefusesWhatIsNotAnId) {
  Rng rng(1);
  for (int i = 0; i < 1000; ++i) {
    uint64_t value = rng.next();
    EXPECT_EQ(id_from_text(id_to_text(value)).value(), value);
  }
  EXPECT_EQ(id_to_text(~uint64_t{0}).size(), 13u);
  for (auto text : {"", "0", "0000000000000u", "000000000000u", "zzzzzzzzzzzzz", "000000000000/"}) {
    EXPECT_FALSE(id_from_text(text).ok()) << text;
  }
}

TEST(Hash, KnownAnswers) {
  EXPECT_EQ(to_hex(as_bytes(sha256("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(crc32c("123456789", 0), 0xE3069283u);
  EXPECT_EQ(crc32c("6789", crc32c("12345", 0)), 0xE3069283u);
}

TEST(Bytes, TextCodecsRoundTrip) {
  Rng rng(2);
  for (size_t n = 0; n < 70; ++n) {
    std::string bytes;
    for (size_t i = 0; i < n; ++i) bytes.push_back(static_cast<char>(rng.next()));
    EXPECT_EQ(from_hex(to_hex(bytes)).value(), bytes);
    EXPECT_EQ(from_base64(to_base64url(bytes)).value(), bytes);
  }
  EXPECT_EQ(from_base64("aGk=").value(), "hi");
  EXPECT_FALSE(from_base64("a").ok());
  EXPECT_FALSE(from_base64("a*==").ok());
  EXPECT_FALSE(from_hex("0").ok());
}

TEST(Bytes, ReaderStopsAtTheEnd) {
  std::string out;
  ByteWriter writer(out);
  writer.put<uint32_t>(7);
  writer.put_string("abc");
  ByteReader reader(out);
  EXPECT_EQ(reader.get<uint32_t>().value(), 7u);
  EXPECT_EQ(reader.get_string(3).value(), "abc");
  EXPECT_EQ(reader.get<uint8_t>().error().code(), ErrorCode::kCorrupt);
  ByteReader bounded(std::string_view(out).substr(4));
  EXPECT_FALSE(bounded.get_string(2).ok());
}

TEST(Clock, TextRoundTrips) {
  auto time = from_rfc3339("2026-01-31T12:34:56.789Z");
  ASSERT_TRUE(time.ok());
  EXPECT_EQ(to_rfc3339(*time), "2026-01-31T12:34:56.789Z");
  EXPECT_FALSE(from_rfc3339("2026-02-31T12:34:56Z").ok());
  EXPECT_FALSE(from_rfc3339("yesterday").ok());
}

TEST(Rng, SequenceIsPartOfTheContract) {
  Rng rng(42);
  uint64_t first = rng.next();
  EXPECT_EQ(first, Rng(42).next());
  EXPECT_NE(first, Rng(43).next());
  for (int i = 0; i < 10000; ++i) {
    float u = rng.uniform();
    ASSERT_TRUE(u >= 0.0f && u < 1.0f);
    ASSERT_LT(rng.below(7), 7u);
  }
}

}  // namespace
}  // namespace rondo::base
