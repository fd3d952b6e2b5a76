// Records folded by one thread in process, training included, into a warm state of 50,000 videos.
// The figure counts engagements alone; their pages and impressions are folded in the same time.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "micro/warm_engine.h"
#include "support/options.h"
#include "support/report.h"

namespace rondo::bench {
namespace {

constexpr uint32_t kViewersAtOnce = 1'000;  // 6,000 engagements

uint64_t engagements_of(const std::vector<WarmEngine::Made>& records) {
  uint64_t count = 0;
  for (const auto& made : records) count += made.record.has_engagement() ? 1 : 0;
  return count;
}

Result<void> bench(const std::string& json, uint32_t warm_viewers, uint32_t viewers) {
  RD_TRY(auto warm, WarmEngine::create({}));
  while (warm.viewers() < warm_viewers) {
    RD_CHECK(warm.fold(warm.make_viewers(std::min(kViewersAtOnce, warm_viewers - warm.viewers()))));
  }
  auto before = warm.engine().stats();
  double seconds = 0, cpu_seconds = 0;
  uint64_t engagements = 0, records = 0;
  while (warm.viewers() < warm_viewers + viewers) {
    auto made = warm.make_viewers(kViewersAtOnce);
    engagements += engagements_of(made);
    records += made.size();
    double cpu_start = thread_cpu_seconds();
    auto start = std::chrono::steady_clock::now();
    RD_CHECK(warm.fold(made));
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    cpu_seconds += thread_cpu_seconds() - cpu_start;
  }
  auto after = warm.engine().stats();
  if (after.outcomes_unmatched != before.outcomes_unmatched) {
    return internal("engagements of the bench did not match their pages");
  }
  Report report(json);
  report.say(
      fmt::format("{} records folded in {:.2f} s, {} of them engagements; {} examples "
                  "trained; {} viewers at the end; bar / {}",
                  records, seconds, engagements, after.examples_trained - before.examples_trained,
                  after.viewers, time_allowance()));
  RD_CHECK(report.add({"fold.engagements", static_cast<double>(engagements) / seconds, "a second",
                       50'000 / time_allowance(), Bar::kAtLeast}));
  RD_CHECK(report.add(
      {"fold.engagements.cpu", static_cast<double>(engagements) / cpu_seconds, "a CPU s"}));
  return report.add({"fold.records", static_cast<double>(records) / seconds, "a second"});
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  CLI::App app("Records folded, in process");
  std::string json;
  uint32_t warm_viewers = 50'000, viewers = 50'000;
  app.add_option("--json", json, "file to append figures to, one JSON object a line");
  app.add_option("--warm-viewers", warm_viewers)
      ->check(CLI::Range(0, 900'000))
      ->capture_default_str();
  app.add_option("--viewers", viewers, "folded in the measured time")
      ->check(CLI::Range(1'000, 900'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return rondo::bench::run([&] { return rondo::bench::bench(json, warm_viewers, viewers); });
}
