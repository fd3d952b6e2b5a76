// What a handle may be: 3..24 of a-z, 0-9, '_' and '.', beginning with a letter or digit, not
// ending with '.', and none of the names that the network keeps for itself. Capitals are accepted
// and lowered, so a handle is one name however it is typed. Free functions: thread safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rondo::accounts {

inline constexpr size_t kHandleCharactersMin = 3;
inline constexpr size_t kHandleCharactersMax = 24;

// The handle in lower case. invalid, field "handle", reason "handle_too_short", "handle_too_long"
// or "handle_characters".
Result<std::string> normalise_handle(std::string_view handle);

// True for names that would pass for the network itself, or that stand in paths of the API.
bool is_reserved_handle(std::string_view normalised);

}  // namespace rondo::accounts
