#include "accounts/handle.h"

#include <gtest/gtest.h>

#include "accounts/password.h"
#include "accounts/principal.h"

namespace rondo::accounts {
namespace {

TEST(Handle, LowersCapitals) {
  EXPECT_EQ(normalise_handle("Ada.Lovelace_1").value(), "ada.lovelace_1");
  EXPECT_EQ(normalise_handle("abc").value(), "abc");
  EXPECT_EQ(normalise_handle(std::string(24, 'z')).value(), std::string(24, 'z'));
}

TEST(Handle, SaysWhatIsWrong) {
  struct Case {
    std::string handle;
    std::string reason;
  };
  for (const Case& c :
       {Case{"", "handle_too_short"}, Case{"ab", "handle_too_short"},
        Case{std::string(25, 'a'), "handle_too_long"},
        Case{std::string(100000, 'a'), "handle_too_long"}, Case{"a b c", "handle_characters"},
        Case{"ad\xC3\xA9", "handle_characters"}, Case{"a/b", "handle_characters"},
        Case{"..a", "handle_characters"}, Case{"_abc", "handle_characters"},
        Case{"abc.", "handle_characters"}, Case{std::string("ab\0c", 4), "handle_characters"}}) {
    auto result = normalise_handle(c.handle);
    ASSERT_FALSE(result.ok()) << c.handle;
    EXPECT_EQ(result.error().code(), ErrorCode::kInvalid);
    EXPECT_EQ(result.error().field(), "handle");
    EXPECT_EQ(result.error().reason(), c.reason) << c.handle;
  }
}

TEST(Handle, NamesOfTheNetworkAreReserved) {
  for (auto name : {"admin", "me", "api", "rondo", "for_you", "moderator"}) {
    EXPECT_TRUE(is_reserved_handle(name)) << name;
  }
  EXPECT_FALSE(is_reserved_handle("administer"));
}

TEST(Password, SaysWhatIsWrong) {
  EXPECT_TRUE(check_password("four unrelated words", "ada").ok());
  EXPECT_EQ(check_password(std::string(200, 'a'), "ada").error().reason(), "password_too_common");
  EXPECT_EQ(check_password("123456789", "ada").error().reason(), "password_too_short");
  EXPECT_EQ(check_password(std::string(100, 'a') + std::string(101, 'b'), "ada").error().reason(),
            "password_too_long");
  EXPECT_EQ(check_password("Password123", "ada").error().reason(), "password_too_common");
  EXPECT_EQ(check_password("Ada.Lovelace", "ada.lovelace").error().reason(), "password_too_common");
  EXPECT_EQ(check_password("123456789", "ada").error().field(), "password");
  // Characters, not bytes: ten of two bytes each are enough, nine are not, 200 of four bytes fit.
  EXPECT_TRUE(check_password("éàéàéàéàéà", "ada").ok());
  EXPECT_EQ(check_password("éàéàéàéàé", "ada").error().reason(), "password_too_short");
  std::string emoji;
  for (int i = 0; i < 200; ++i) emoji += i % 2 == 0 ? "\xF0\x9F\x8C\x80" : "\xF0\x9F\x8C\x81";
  EXPECT_TRUE(check_password(emoji, "ada").ok());
  EXPECT_EQ(check_password("0123456789" + std::string(100000, '\x80'), "ada").error().reason(),
            "password_too_long");
}

TEST(Password, DefaultCostIsArgon2idWithTwoPassesAndNineteenMebibytes) {
  auto hasher = PasswordHasher::create({}).value();
  std::string encoded = hasher.hash("four unrelated words").value();
  EXPECT_EQ(encoded.substr(0, 31), "$argon2id$v=19$m=19456,t=2,p=1$");
  EXPECT_TRUE(hasher.verify("four unrelated words", encoded));
  EXPECT_FALSE(hasher.verify("four unrelated word", encoded));
  EXPECT_NE(hasher.hash("four unrelated words").value(), encoded) << "salted";
}

TEST(Language, KeepsThePrimaryTag) {
  EXPECT_EQ(primary_language("").value(), "");
  EXPECT_EQ(primary_language("fr-CA").value(), "fr");
  EXPECT_EQ(primary_language("EN").value(), "en");
  for (auto tag : {"e", "e1", "-", "-en", "abcdefghi", "en_GB", "\xC3\xA9n"}) {
    EXPECT_EQ(primary_language(tag).error().field(), "language") << tag;
  }
}

TEST(Role, RoundTrips) {
  EXPECT_EQ(role_from_text("admin").value(), Role::kAdmin);
  EXPECT_EQ(role_from_text(to_string(Role::kMember)).value(), Role::kMember);
  EXPECT_EQ(role_from_text("owner").error().field(), "role");
}

}  // namespace
}  // namespace rondo::accounts
