#include <gtest/gtest.h>

#include "api/http/message.h"
#include "api/http/ranges.h"
#include "api/route.h"

namespace rondo::api::http {
namespace {

std::string range(std::string_view header, uint64_t size) {
  auto parsed = parse_range(header, size);
  switch (parsed.kind) {
    case RangeRequest::Kind::kWhole:
      return "whole";
    case RangeRequest::Kind::kUnsatisfiable:
      return "unsatisfiable";
    case RangeRequest::Kind::kPart:
      break;
  }
  return std::to_string(parsed.range.first) + "+" + std::to_string(parsed.range.length);
}

TEST(Ranges, AsTheRfcSays) {
  EXPECT_EQ(range("bytes=0-0", 10), "0+1");
  EXPECT_EQ(range("bytes=2-", 10), "2+8");
  EXPECT_EQ(range("bytes=2-99", 10), "2+8");
  EXPECT_EQ(range("bytes=-3", 10), "7+3");
  EXPECT_EQ(range("bytes=-30", 10), "0+10");
  EXPECT_EQ(range("bytes=10-", 10), "unsatisfiable");
  EXPECT_EQ(range("bytes=-0", 10), "unsatisfiable");
  EXPECT_EQ(range("bytes=0-", 0), "unsatisfiable");
  for (auto odd : {"", "bytes", "bytes=", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4", "items=0-1",
                   "bytes=99999999999999999999-"}) {
    EXPECT_EQ(range(odd, 10), "whole") << odd;
  }
}

TEST(PercentDecode, RefusesBrokenEscapesAndNul) {
  EXPECT_EQ(percent_decode("a%20b+c", false).value(), "a b+c");
  EXPECT_EQ(percent_decode("a%20b+c", true).value(), "a b c");
  for (auto bad : {"%", "%1", "%zz", "%00"}) EXPECT_FALSE(percent_decode(bad, false).ok()) << bad;
}

struct Query {
  std::optional<int> limit;
  std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(Query, (), (limit, cursor))

TEST(Query, ReadsItsParametersAndRefusesOthers) {
  auto query = read_query<Query>("limit=5&cursor=a%26b");
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->limit, 5);
  EXPECT_EQ(query->cursor, "a&b");
  EXPECT_EQ(read_query<Query>("limit=many").error().reason(), "wrong_type");
  EXPECT_EQ(read_query<Query>("page=2").error().field(), "page");
  EXPECT_TRUE(read_query<Query>("").ok());
}

}  // namespace
}  // namespace rondo::api::http
