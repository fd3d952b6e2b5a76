#include "accounts/handle.h"

#include <algorithm>
#include <iterator>

namespace rondo::accounts {

namespace {

constexpr std::string_view kReserved[] = {
    "about",     "abuse",    "account",  "accounts",  "admin",    "administrator",
    "anonymous", "api",      "app",      "assets",    "contact",  "demo",
    "everyone",  "feed",     "feeds",    "following", "for_you",  "healthz",
    "help",      "host",     "info",     "latest",    "legal",    "login",
    "logout",    "mail",     "me",       "media",     "metrics",  "moderator",
    "network",   "nobody",   "null",     "official",  "owner",    "postmaster",
    "privacy",   "readyz",   "report",   "rondo",     "root",     "safety",
    "search",    "security", "sessions", "settings",  "sign_in",  "sign_up",
    "signin",    "signup",   "staff",    "static",    "status",   "support",
    "system",    "team",     "terms",    "trending",  "trust",    "undefined",
    "upload",    "uploads",  "user",     "users",     "verified", "video",
    "videos",    "viewer",   "viewers",  "webmaster", "www",
};

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

Error wrong(std::string reason, std::string message) {
  return invalid(std::move(message)).with_field("handle").with_reason(std::move(reason));
}

}  // namespace

Result<std::string> normalise_handle(std::string_view handle) {
  std::string lowered(handle.substr(0, kHandleCharactersMax + 1));
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  // Characters first: of a name in another script, the length in bytes would mean nothing.
  bool known = std::all_of(lowered.begin(), lowered.end(),
                           [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.'; });
  if (!known) {
    return wrong("handle_characters", "a handle has only the letters a to z, digits, '_' and '.'");
  }
  if (handle.size() < kHandleCharactersMin) {
    return wrong("handle_too_short", "the handle has " + std::to_string(handle.size()) +
                                         " characters; at least 3 are needed");
  }
  if (handle.size() > kHandleCharactersMax) {
    return wrong("handle_too_long", "the handle has " + std::to_string(handle.size()) +
                                        " characters; at most 24 are allowed");
  }
  if (!is_letter_or_digit(lowered.front()) || lowered.back() == '.') {
    return wrong("handle_characters",
                 "a handle begins with a letter or a digit and does not end with '.'");
  }
  return lowered;
}

bool is_reserved_handle(std::string_view normalised) {
  return std::find(std::begin(kReserved), std::end(kReserved), normalised) != std::end(kReserved);
}

}  // namespace rondo::accounts
