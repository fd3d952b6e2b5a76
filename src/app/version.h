// What this program is.
#pragma once

#include <string_view>

namespace rondo::app {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace rondo::app
