// Files that commands write because they were asked to.
#pragma once

#include <string>

#include "base/result.h"

namespace rondo::app {

// Says so on standard error. Nothing when `file` is empty; unavailable, with the file, when it
// could not be written.
Result<void> write_file(const std::string& file, const std::string& text);

}  // namespace rondo::app
