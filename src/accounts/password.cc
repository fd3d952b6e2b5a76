#include "accounts/password.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/random.h"

namespace rondo::accounts {

namespace {

// Of the lists of leaked passwords, the most frequent ones of at least ten characters, lowered.
constexpr std::string_view kCommon[] = {
    "0123456789",    "0987654321",   "1234567890",   "12345678900",      "123456789a",
    "1234567891",    "12345678910",  "1q2w3e4r5t",   "1q2w3e4r5t6y",     "1qaz2wsx3edc",
    "123123123123",  "a123456789",   "abc1234567",   "abcd123456",       "abcdefghij",
    "administrator", "asdfghjkl;",   "azertyuiop",   "basketball",       "bismillah1",
    "changeme123",   "changemenow",  "chocolate1",   "computer123",      "football123",
    "g_czechout",    "iloveyou123",  "iloveyou12",   "iloveyou1234",     "internet123",
    "jordan2323",    "letmein123",   "letmein1234",  "liverpool1",       "manchester",
    "michelle123",   "minecraft1",   "motdepasse",   "motdepasse1",      "newpassword",
    "p@ssw0rd123",   "pa55word123",  "passw0rd123",  "password01",       "password11",
    "password12",    "password123",  "password123!", "password1234",     "password12345",
    "password2024",  "password2025", "password2026", "passwordpassword", "poiuytrewq",
    "princess123",   "q1w2e3r4t5",   "q1w2e3r4t5y6", "qazwsxedcrfv",     "qwer123456",
    "qwerty12345",   "qwerty123456", "qwertyuiop",   "qwertyuiop1",      "qwertyuiop123",
    "starwars123",   "sunshine123",  "superman123",  "trustno1trustno1", "unknown123",
    "welcome123",    "welcome1234",  "whatever123",  "youtube123",       "zxcvbnm123",
    "zxcvbnm,./",
};

Error wrong(std::string reason, std::string message) {
  return invalid(std::move(message)).with_field("password").with_reason(std::move(reason));
}

// Code points; every byte that does not continue one begins one.
size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool is_one_character_repeated(std::string_view text) {
  return text.find_first_not_of(text.front()) == std::string_view::npos;
}

}  // namespace

Result<void> check_password(std::string_view password, std::string_view handle) {
  size_t characters = count_characters(password);
  if (characters < kPasswordCharactersMin) {
    return wrong("password_too_short", "the password has " + std::to_string(characters) +
                                           " characters; at least 10 are needed");
  }
  // Four bytes a character at most: stray continuation bytes must not get around the limit.
  if (characters > kPasswordCharactersMax || password.size() > 4 * kPasswordCharactersMax) {
    return wrong("password_too_long", "the password has " + std::to_string(characters) +
                                          " characters; at most 200 are allowed");
  }
  std::string lowered(password);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  bool common = std::find(std::begin(kCommon), std::end(kCommon), lowered) != std::end(kCommon);
  if (common || is_one_character_repeated(lowered) || lowered == handle) {
    return wrong("password_too_common",
                 "this password is among the first that anybody would try; choose another, for "
                 "example four words that do not belong together");
  }
  return {};
}

Result<PasswordHasher> PasswordHasher::create(const PasswordCost& cost) {
  base::SecureRandom random;  // also initialises libsodium
  PasswordHasher hasher(cost);
  RD_TRY(hasher.decoy_, hasher.hash(random.bytes(32)));
  return hasher;
}

Result<std::string> PasswordHasher::hash(std::string_view password) const {
  std::array<char, crypto_pwhash_STRBYTES> encoded{};
  int done = crypto_pwhash_str_alg(encoded.data(), password.data(), password.size(), cost_.passes,
                                   cost_.memory_bytes, crypto_pwhash_ALG_ARGON2ID13);
  if (done != 0) {
    return exhausted("there is no memory for hashing a password (" +
                     std::to_string(cost_.memory_bytes >> 20) + " MiB are needed); try again");
  }
  return std::string(encoded.data());
}

bool PasswordHasher::verify(std::string_view password, const std::string& encoded) const {
  verifications_.fetch_add(1);
  return crypto_pwhash_str_verify(encoded.c_str(), password.data(), password.size()) == 0;
}

void PasswordHasher::verify_decoy(std::string_view password) const {
  static_cast<void>(verify(password, decoy_));
}

}  // namespace rondo::accounts
