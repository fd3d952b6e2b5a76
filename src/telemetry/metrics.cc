#include "telemetry/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace rondo::telemetry {

Metrics::Metrics() : registry_(std::make_unique<prometheus::Registry>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return prometheus::BuildCounter()
      .Name("rondo_" + name)
      .Help(help)
      .Register(*registry_)
      .Add(labels);
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return prometheus::BuildGauge().Name("rondo_" + name).Help(help).Register(*registry_).Add(labels);
}

Histogram& Metrics::seconds(const std::string& name, const std::string& help,
                            const Labels& labels) {
  static const prometheus::Histogram::BucketBoundaries kBuckets = {
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
      0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  return prometheus::BuildHistogram()
      .Name("rondo_" + name)
      .Help(help)
      .Register(*registry_)
      .Add(labels, kBuckets);
}

void Metrics::on_render(std::function<void()> update) {
  std::lock_guard lock(mutex_);
  updates_.push_back(std::move(update));
}

std::string Metrics::render() {
  std::vector<std::function<void()>> updates;
  {
    std::lock_guard lock(mutex_);
    updates = updates_;
  }
  for (const auto& update : updates) update();
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace rondo::telemetry
