// The rules for keys (blob/blob_store.h), which every backend applies. Free functions: thread safe.
#pragma once

#include <string_view>

#include "base/result.h"

namespace rondo::blob {

inline constexpr size_t kKeyBytesMax = 200;

// invalid, with what is wrong, unless `key` may name an object.
Result<void> check_key(std::string_view key);
// The same for the beginning of keys: it may be empty and may end anywhere.
Result<void> check_prefix(std::string_view prefix);

}  // namespace rondo::blob
