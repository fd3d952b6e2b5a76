// Prometheus metrics. A metric is made once, by whoever owns it, and kept by reference; names are
// snake_case with the unit last ("feed_rank_seconds"), prefixed "rondo_" here.
//
// Thread safe. Label values must come from a small fixed set, never from a user.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace prometheus {
class Registry;
}

namespace rondo::telemetry {

using Counter = prometheus::Counter;
using Gauge = prometheus::Gauge;
using Histogram = prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

class Metrics {
 public:
  Metrics();
  ~Metrics();

  Counter& counter(const std::string& name, const std::string& help, const Labels& labels);
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels);
  // Buckets from 0.1 ms to 10 s, for durations in seconds.
  Histogram& seconds(const std::string& name, const std::string& help, const Labels& labels);

  // Called before every render, to set gauges from state that is kept elsewhere.
  void on_render(std::function<void()> update);

  // The text exposition format, version 0.0.4.
  std::string render();

 private:
  std::unique_ptr<prometheus::Registry> registry_;
  std::mutex mutex_;
  std::vector<std::function<void()>> updates_;  // guarded by mutex_
};

}  // namespace rondo::telemetry
