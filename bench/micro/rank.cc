// One page ranked, by one thread in process: about 500 scored candidates, warm state of 100,000
// viewers and 50,000 videos.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "micro/warm_engine.h"
#include "support/options.h"
#include "support/report.h"

namespace rondo::bench {
namespace {

constexpr uint32_t kViewersAtOnce = 5'000;

Result<void> bench(const std::string& json, uint32_t viewers, uint32_t pages) {
  RD_TRY(auto warm, WarmEngine::create({}));
  while (warm.viewers() < viewers) {
    RD_CHECK(warm.fold(warm.make_viewers(std::min(kViewersAtOnce, viewers - warm.viewers()))));
  }
  Samples ms, cpu_ms, candidates;
  for (uint32_t i = 0; i < pages; ++i) {
    auto request = warm.request_of_random_viewer();
    double cpu_start = thread_cpu_seconds();
    auto start = std::chrono::steady_clock::now();
    auto page = warm.engine().rank(request);
    auto end = std::chrono::steady_clock::now();
    double cpu_end = thread_cpu_seconds();
    RD_CHECK(page);
    if (page->slots_size() != static_cast<int>(request.limit())) {
      return internal("a page of the bench is not full");
    }
    ms.add(std::chrono::duration<double, std::milli>(end - start).count());
    cpu_ms.add(1000 * (cpu_end - cpu_start));
    candidates.add(page->candidates());
  }
  Report report(json);
  auto stats = warm.engine().stats();
  report.say(fmt::format("{} pages; state of {} viewers, {} videos, {} examples trained; bars x{}",
                         pages, stats.viewers, stats.videos, stats.examples_trained,
                         time_allowance()));
  RD_CHECK(report.add({"rank.p50", ms.percentile(0.5), "ms", 1.5 * time_allowance()}));
  RD_CHECK(report.add({"rank.p99", ms.percentile(0.99), "ms", 4 * time_allowance()}));
  RD_CHECK(report.add({"rank.cpu.p50", cpu_ms.percentile(0.5), "ms"}));
  RD_CHECK(report.add({"rank.cpu.p99", cpu_ms.percentile(0.99), "ms"}));
  return report.add({"rank.candidates.mean", candidates.mean(), "scored"});
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  CLI::App app("One page ranked, in process");
  std::string json;
  uint32_t viewers = 100'000, pages = 3'000;
  app.add_option("--json", json, "file to append figures to, one JSON object a line");
  app.add_option("--viewers", viewers)->check(CLI::Range(1, 1'900'000))->capture_default_str();
  app.add_option("--pages", pages)->check(CLI::Range(1, 10'000'000))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return rondo::bench::run([&] { return rondo::bench::bench(json, viewers, pages); });
}
