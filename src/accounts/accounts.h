// Accounts: signing up and in, finding people, roles.
//
// Every account has two random engine ids (principal.h): `viewer` and `author`. Neither is derived
// from the account id, and nothing but this database links them.
//
// Thread safe. Calls block; sign_up, sign_in and create_user hash a password (tens of milliseconds,
// 19 MiB), so they belong on a small pool.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/password.h"
#include "accounts/principal.h"
#include "accounts/sessions.h"
#include "base/clock.h"
#include "base/random.h"
#include "runtime/rate_limit.h"
#include "storage/database.h"

namespace rondo::accounts {

struct Account {
  AccountId id;
  std::string handle;
  Role role = Role::kMember;
  std::string language;
  EngineId viewer;
  EngineId author;
  uint64_t created_us = 0;
  // Followers may be shown what it likes, without being told by whom. Likes are private else.
  bool shares_likes = false;
};

struct NewAccount {
  std::string handle;
  std::string password;
  std::string language;  // a BCP 47 tag, or empty
  // The engine id of the anonymous viewer who signs up: what For You has learned stays theirs. Its
  // anonymous sessions end. When that viewer is gone, the account begins anew.
  EngineId keep_viewer;
};

struct AccountOptions {
  PasswordCost password_cost;
  int sign_in_per_minute = 10;  // for each handle, and for each address
  size_t sign_in_keys_max = 65536;
};

class Accounts {
 public:
  static Result<std::unique_ptr<Accounts>> create(storage::Database& database, Sessions& sessions,
                                                  const base::Clock& clock,
                                                  base::SecureRandom& random,
                                                  const AccountOptions& options);

  // invalid with field and reason (handle.h, password.h, or "handle_reserved"); conflict
  // "handle_taken".
  Result<Account> sign_up(const NewAccount& wanted);
  // The same by whoever runs the network: reserved handles are theirs to give.
  Result<Account> create_user(std::string_view handle, std::string_view password, Role role);

  // To be asked before each sign_in, never blocks: 0 when it may be tried (and counts it), else the
  // seconds to wait (429, Retry-After). `address` is the client's, of IPv6 the /64.
  int admit_sign_in(std::string_view handle, std::string_view address);
  // denied "credentials_wrong", the same words and time whether handle or password is wrong.
  Result<Account> sign_in(std::string_view handle, std::string_view password);

  Result<Account> find(AccountId id) const;                    // not_found
  Result<Account> find_handle(std::string_view handle) const;  // not_found; capitals do not matter
  // Those of the (at most 100) ids that exist, in no order.
  Result<std::vector<Account>> find_many(std::span<const AccountId> ids) const;
  Result<std::vector<Account>> find_authors(std::span<const EngineId> authors) const;

  Result<Account> share_likes(AccountId id, bool shares);    // not_found
  Result<void> promote(std::string_view handle, Role role);  // not_found

  uint64_t password_verifications() const { return hasher_.verifications(); }

 private:
  Accounts(storage::Database& database, Sessions& sessions, const base::Clock& clock,
           base::SecureRandom& random, const AccountOptions& options, PasswordHasher hasher);

  Result<Account> create_account(const NewAccount& wanted, Role role);

  storage::Database& database_;
  Sessions& sessions_;
  const base::Clock& clock_;
  base::SecureRandom& random_;
  const PasswordHasher hasher_;
  runtime::RateLimit by_handle_;
  runtime::RateLimit by_address_;
};

}  // namespace rondo::accounts
