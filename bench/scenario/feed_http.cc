// For You pages under load: 300 pages a second with 3,000 events a second beside them, open loop
// (support/load.h), latency from the time at which each page was due. Then the highest rate of
// pages, with ten events to each, that keeps the bar: a few steps up. Client and server share the
// machine.
#include <fmt/format.h>

#include "support/load.h"
#include "support/options.h"
#include "support/report.h"

namespace rondo::bench {
namespace {

constexpr double kBarMs = 15;
constexpr double kStep = 1.25;

struct Plan {
  int pages_per_second = 300;
  int seconds = 20;
  int step_seconds = 8;
  int steps = 6;
};

// Keeps the bar, at the rate that was asked for, without an error.
bool holds(const LoadResult& result, int rate) {
  return result.errors == 0 && result.unfinished == 0 &&
         result.page_ms.percentile(0.99) <= kBarMs && result.pages_per_second >= 0.98 * rate;
}

std::string told(const LoadResult& r) {
  return r.errors == 0 ? std::string() : "first: " + r.first_error;
}

// Up from the first rate while the bar is kept; down from it until it is.
Result<void> highest_rate(const LoadOptions& first, bool first_holds, const Plan& plan,
                          Report& report) {
  int best = first_holds ? first.pages_per_second : 0;
  double rate = first.pages_per_second;
  for (int step = 1; step <= plan.steps; ++step) {
    rate = first_holds ? rate * kStep : rate / kStep;
    LoadOptions load = first;
    load.pages_per_second = static_cast<int>(rate);
    load.measured = std::chrono::seconds(plan.step_seconds);
    load.seed = first.seed + static_cast<uint64_t>(step) * 1'000'000;
    RD_TRY(auto result, run_load(load));
    bool kept = holds(result, load.pages_per_second);
    report.say(fmt::format(
        "{} pages/s: p50 {:.2f} ms, p99 {:.2f} ms, p99.9 {:.2f} ms; achieved {:.0f} "
        "pages/s and {:.0f} events/s; {} errors{} {}",
        load.pages_per_second, result.page_ms.percentile(0.5), result.page_ms.percentile(0.99),
        result.page_ms.percentile(0.999), result.pages_per_second, result.events_per_second,
        result.errors + result.unfinished, kept ? "" : "; beyond the bar", told(result)));
    if (kept) best = load.pages_per_second;
    if (kept != first_holds) break;
  }
  return report.add({"feed_http.highest_rate", static_cast<double>(best), "pages/s", std::nullopt,
                     Bar::kAtLeast, fmt::format("with p99 <= {} ms; steps of x{}", kBarMs, kStep)});
}

Result<void> bench(const Options& options, const Plan& plan) {
  RD_TRY(auto server, Server::start(options.server));
  LoadOptions load;
  load.port = server.port();
  load.pages_per_second = plan.pages_per_second;
  load.measured = std::chrono::seconds(plan.seconds);
  RD_TRY(auto result, run_load(load));

  Report report(options.json);
  report.say(fmt::format("open loop for {} s: {} pages/s and {} events/s asked for", plan.seconds,
                         plan.pages_per_second, 10 * plan.pages_per_second));
  const Samples& page = result.page_ms;
  RD_CHECK(report.add({"feed_http.p50", page.percentile(0.5), "ms"}));
  RD_CHECK(report.add({"feed_http.p99", page.percentile(0.99), "ms", kBarMs}));
  RD_CHECK(report.add({"feed_http.p99.9", page.percentile(0.999), "ms"}));
  RD_CHECK(report.add({"feed_http.events.p50", result.batch_ms.percentile(0.5), "ms"}));
  RD_CHECK(report.add({"feed_http.events.p99", result.batch_ms.percentile(0.99), "ms"}));
  RD_CHECK(report.add({"feed_http.pages", result.pages_per_second, "pages/s",
                       0.98 * plan.pages_per_second, Bar::kAtLeast}));
  RD_CHECK(report.add({"feed_http.events", result.events_per_second, "events/s",
                       0.98 * 10 * plan.pages_per_second, Bar::kAtLeast}));
  RD_CHECK(report.add({"feed_http.errors", static_cast<double>(result.errors + result.unfinished),
                       "", 0, Bar::kAtMost, told(result)}));
  return highest_rate(load, holds(result, plan.pages_per_second), plan, report);
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  CLI::App app("For You pages under open-loop load, with events beside them");
  rondo::bench::Options options;
  rondo::bench::add_options(app, options);
  rondo::bench::Plan plan;
  app.add_option("--rate", plan.pages_per_second, "pages a second; ten times as many events")
      ->check(CLI::Range(10, 2000))
      ->capture_default_str();
  app.add_option("--seconds", plan.seconds)->check(CLI::Range(1, 600))->capture_default_str();
  app.add_option("--step-seconds", plan.step_seconds, "of each step up")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  app.add_option("--steps", plan.steps, "up, at most")
      ->check(CLI::Range(0, 20))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return rondo::bench::run([&] { return rondo::bench::bench(options, plan); });
}
