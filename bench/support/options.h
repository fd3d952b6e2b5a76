// The options that every scenario has; bench/run gives them.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>

#include "base/result.h"
#include "support/server.h"

namespace rondo::bench {

struct Options {
  ServerOptions server;
  std::string json;  // figures are appended here; empty: not
};

// Adds them to `app`, with standard values for a start in the project's folder.
inline void add_options(CLI::App& app, Options& options) {
  options.server = {
      .binary = "build/release/bin/rondo", .world = "build/test/world", .scratch = "build/bench"};
  app.add_option("--rondo", options.server.binary, "the server's program")->capture_default_str();
  app.add_option("--world", options.server.world, "a demo world's data folder; made when missing")
      ->capture_default_str();
  app.add_option("--scratch", options.server.scratch, "folder on the disk to measure")
      ->capture_default_str();
  app.add_option("--json", options.json, "file to append figures to, one JSON object a line");
}

// The exit status of a bench: 0 when it ran, whether bars hold or not.
inline int run(const std::function<Result<void>()>& bench) {
  try {
    auto done = bench();
    if (done.ok()) return 0;
    std::fprintf(stderr, "bench: %s\n", done.error().describe().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
  }
  return 1;
}

}  // namespace rondo::bench
