// `rondo doctor`: whether what videos need is there and works on this machine, one line each with
// what to do where it does not.
//
// Blocks for as long as a sandbox takes to start. Changes nothing.
#pragma once

#include "base/result.h"
#include "config/config.h"

namespace rondo::app {

// The exit code: 0 when all is well.
Result<int> doctor(const config::Config& config);

}  // namespace rondo::app
