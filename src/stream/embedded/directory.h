// Folders that survive power loss. Free functions: thread safe. Errors: unavailable.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace rondo::stream {

// With its missing parents; each entry is synced into the folder above it.
Result<void> make_directory(const std::filesystem::path& dir);
// Makes what was created, renamed or removed in `dir` durable.
Result<void> sync_directory(const std::filesystem::path& dir);

}  // namespace rondo::stream
