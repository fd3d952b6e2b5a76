// Who asks. The only header of accounts that other domain modules may include.
//
// An account has two engine ids, both random: `viewer` in what it watches, and the author's (see
// accounts.h) in what it publishes. So the log does not say that the two are one person. Plain
// values: thread safe.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace rondo::accounts {

enum class Role { kMember, kAdmin };

std::string_view to_string(Role role);  // "member", "admin"
// invalid, with the roles that there are.
Result<Role> role_from_text(std::string_view text);

struct Principal {
  enum class Kind { kAnonymous, kAccount };

  Kind kind = Kind::kAnonymous;
  AccountId account;  // zero when anonymous
  EngineId viewer;    // as the log and the engine know this viewer
  Role role = Role::kMember;
  std::string language;  // BCP 47 primary tag in lower case; empty: unknown

  bool is_account() const { return kind == Kind::kAccount; }
  bool is_admin() const { return is_account() && role == Role::kAdmin; }
};

// The primary tag of a BCP 47 tag, in lower case: "fr-CA" -> "fr"; "" stays "". invalid (field
// "language") when it is none.
Result<std::string> primary_language(std::string_view tag);

}  // namespace rondo::accounts
