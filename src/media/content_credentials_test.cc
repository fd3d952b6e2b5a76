#include "media/content_credentials.h"

#include <gtest/gtest.h>

#include <sstream>

#include "media/test_support.h"

namespace rondo::media {
namespace {

bool carries(const std::string& bytes) {
  std::istringstream in(bytes);
  return carries_credentials(in);
}

TEST(ContentCredentials, OfRealFiles) {
  RONDO_CLIP(with, "c2pa-video1-signed.mp4");
  RONDO_CLIP(without, "c2pa-video1-unsigned.mp4");
  RONDO_CLIP(webm, "mdn-frog.webm");
  EXPECT_TRUE(carries(read_file(with)));
  EXPECT_FALSE(carries(read_file(without)));
  EXPECT_FALSE(carries(read_file(webm)));
}

TEST(ContentCredentials, AreFoundBehindOtherBoxesAndNowhereElse) {
  auto box = [](const std::string& type, const std::string& body) {
    std::string out = {0, 0, 0, static_cast<char>(8 + body.size())};
    return out + type + body;
  };
  const std::string id = "\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81";
  const std::string flags(4, '\0'), end(1, '\0');
  const std::string manifest = box("uuid", id + flags + "manifest" + end + "jumb");
  EXPECT_TRUE(carries(manifest));
  EXPECT_TRUE(carries(box("ftyp", "isom") + manifest + box("mdat", "xyz")));
  // A box of 64 bits' length before it.
  const std::string wide =
      std::string{0, 0, 0, 1} + "free" + std::string(7, '\0') + '\x14' + "1234";
  EXPECT_TRUE(carries(wide + manifest));
  EXPECT_FALSE(carries(box("ftyp", "isom") + box("free", manifest))) << "inside another box";
  EXPECT_FALSE(carries(box("uuid", id + flags + "merkle" + end + "jumb")));
  std::string other = id;
  other[3] ^= 1;
  EXPECT_FALSE(carries(box("uuid", other + flags + "manifest" + end + "jumb")));
  EXPECT_FALSE(carries(manifest.substr(0, 30)));
  EXPECT_FALSE(carries(""));
  // Lengths that go nowhere, or round and round.
  EXPECT_FALSE(carries(std::string(4, '\0') + "free" + manifest));
  EXPECT_FALSE(carries(std::string{0, 0, 0, 3} + "free" + manifest));
  EXPECT_FALSE(carries(std::string{0, 0, 0, 1} + "free" + std::string(8, '\xff') + manifest));
}

}  // namespace
}  // namespace rondo::media
