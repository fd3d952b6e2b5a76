// Conditional requests (RFC 9110, section 13): whether the client holds what it asks for already.
//
// A pure function; thread safe; no errors.
#pragma once

#include <string_view>

namespace rondo::api::http {

// Whether an If-None-Match header names `etag` (which is strong, in quotes). Proxies make
// validators weak when they compress, so the comparison is the weak one, as the RFC asks.
inline bool holds_already(std::string_view if_none_match, std::string_view etag) {
  constexpr std::string_view kBlank = " \t,";
  while (true) {
    auto begin = if_none_match.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return false;
    if_none_match.remove_prefix(begin);
    if (if_none_match.starts_with('*')) return true;
    if (if_none_match.starts_with("W/")) if_none_match.remove_prefix(2);
    // A tag goes to its closing quote: commas may be inside.
    if (!if_none_match.starts_with('"')) return false;
    auto end = if_none_match.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (if_none_match.substr(0, end + 1) == etag) return true;
    if_none_match.remove_prefix(end + 1);
  }
}

}  // namespace rondo::api::http
