// The embedded log for reading alone, beside the process that writes it: for `rondo replay`.
//
// Sees what was durable when it was opened, and nothing that comes later. append, pin and enforce
// are refused (denied). Thread safe.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "stream/stream.h"

namespace rondo::stream {

// not_found when there is no log, corrupt when it is damaged.
Result<std::unique_ptr<Stream>> open_embedded_read_only(const std::filesystem::path& dir);

}  // namespace rondo::stream
