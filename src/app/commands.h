// What the commands of `rondo` do; main.cc reads their arguments. Each returns the exit status.
#pragma once

#include <string>

#include "app/network.h"
#include "base/result.h"
#include "config/config.h"

namespace rondo::app {

// Until SIGINT or SIGTERM; then drains.
Result<int> serve(const NetworkOptions& options);

// May run beside the server.
Result<int> create_user(const config::Config& config, const std::string& handle,
                        const std::string& password, const std::string& role);
Result<int> promote(const config::Config& config, const std::string& handle,
                    const std::string& role);

// 0: the page is equal, byte for byte; 1: it is not, and the differences are printed. May run
// beside the server: reads the log and the checkpoints only.
Result<int> replay(const config::Config& config, const std::string& page_id);

// 0: recovery gives the state of an uninterrupted fold, in every partition; 1: it does not. May run
// beside the server.
Result<int> verify(const config::Config& config);

// Folds the log of this network `epochs` times over, and writes the bundle that it ranks with now,
// with what was learned as its starting weights, into the folder `out`. May run beside the server.
Result<int> train(const config::Config& config, int epochs, const std::string& out);

int print_openapi();

}  // namespace rondo::app
