// Passwords: what may be one, and how it is stored (argon2id through libsodium, the encoded text
// holds salt and parameters).
//
// Thread safe. hash and verify take tens of milliseconds and `memory_bytes` of memory each: callers
// run them on a bounded pool.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rondo::accounts {

inline constexpr size_t kPasswordCharactersMin = 10;
inline constexpr size_t kPasswordCharactersMax = 200;

// 10..200 characters of UTF-8; not one of the passwords that everybody tries first, not one
// character again and again, not the handle. invalid, field "password", reason
// "password_too_short", "password_too_long" or "password_too_common".
Result<void> check_password(std::string_view password, std::string_view handle);

// OWASP's second choice for argon2id: t=2, m=19 MiB, p=1.
struct PasswordCost {
  uint64_t passes = 2;
  size_t memory_bytes = 19 << 20;
};

class PasswordHasher {
 public:
  // exhausted when the memory for one hash is not there.
  static Result<PasswordHasher> create(const PasswordCost& cost);

  PasswordHasher(PasswordHasher&& other) noexcept
      : cost_(other.cost_), decoy_(std::move(other.decoy_)) {}

  Result<std::string> hash(std::string_view password) const;
  bool verify(std::string_view password, const std::string& encoded) const;
  // Takes the time of verify and answers nothing: for names that do not exist.
  void verify_decoy(std::string_view password) const;

  uint64_t verifications() const { return verifications_.load(); }

 private:
  explicit PasswordHasher(const PasswordCost& cost) : cost_(cost) {}

  PasswordCost cost_;
  std::string decoy_;  // the hash of a random password that nobody knows
  mutable std::atomic<uint64_t> verifications_{0};
};

}  // namespace rondo::accounts
