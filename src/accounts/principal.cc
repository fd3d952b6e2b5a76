#include "accounts/principal.h"

namespace rondo::accounts {

std::string_view to_string(Role role) { return role == Role::kAdmin ? "admin" : "member"; }

Result<Role> role_from_text(std::string_view text) {
  if (text == "member") return Role::kMember;
  if (text == "admin") return Role::kAdmin;
  return invalid("\"" + std::string(text) + "\" is not a role; the roles are member and admin")
      .with_field("role")
      .with_reason("role_unknown");
}

Result<std::string> primary_language(std::string_view tag) {
  std::string primary;
  for (char c : tag.substr(0, tag.find('-'))) {
    bool upper = c >= 'A' && c <= 'Z';
    if (!upper && !(c >= 'a' && c <= 'z')) {
      primary.clear();
      break;
    }
    primary.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
  }
  if (tag.empty() || (primary.size() >= 2 && primary.size() <= 8)) return primary;
  return invalid("a language is a BCP 47 tag such as \"en\" or \"fr-CA\"")
      .with_field("language")
      .with_reason("language_malformed");
}

}  // namespace rondo::accounts
