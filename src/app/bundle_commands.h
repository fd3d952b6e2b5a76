// `rondo bundle`: which algorithm the network ranks with. Each returns the exit status.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"

namespace rondo::app {

// The bundles kept, and which is active and was before. May run beside the server.
Result<int> list_bundles(const config::Config& config);
// Keeps a bundle without activating it. May run beside the server.
Result<int> add_bundle(const config::Config& config, const std::string& folder);
// Appends BundleActivated to every partition: the server has to be stopped (conflict), and goes on
// from there when it starts. `bundle` is the beginning of a kept one's name, a folder, a
// bundle.json, or "built-in". Refused, with nothing changed: what is damaged or does not exist, and
// what a set feed.bundle would undo.
Result<int> activate_bundle(const config::Config& config, const std::string& bundle);
// The one that was active before.
Result<int> roll_back_bundle(const config::Config& config);

}  // namespace rondo::app
