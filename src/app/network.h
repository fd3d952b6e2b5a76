// A whole network in one process: opens what is kept, starts what runs, and stops it in order.
//
// Order matters and is all here: storage and log first, then the domain, then what moves data
// between them (relay, projector, engines, jobs), then the door (HTTP), then the demo world. stop
// goes the other way: nobody comes in, requests end, work is put down, engines write their last
// checkpoint.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/openapi.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "config/config.h"
#include "recommender/bundle.h"

namespace rondo::app {

enum class Demo { kIfEmpty, kYes, kNo };

struct NetworkOptions {
  config::Config config;
  Demo demo = Demo::kIfEmpty;
};

class Network {
 public:
  // Errors say what cannot be opened and what to do.
  static Result<std::unique_ptr<Network>> start(const NetworkOptions& options);
  ~Network();

  uint16_t port() const;
  // Drains: within server.drain_seconds_max and a moment.
  void stop();

 private:
  struct Impl;
  explicit Network(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo::app
