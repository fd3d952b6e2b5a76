// Records folded by one thread in process, training included, into a warm state of 50,000 videos.
// The figures count engagements alone; their pages and impressions are folded in the same time.
// First those of people who come, then of people with full histories, each of whom has watched 300
// videos within minutes.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "micro/warm_engine.h"
#include "support/options.h"
#include "support/report.h"

namespace rondo::bench {
namespace {

constexpr uint32_t kViewersAtOnce = 1'000;  // 6,000 engagements
constexpr int kPages = 50;

uint64_t engagements_of(const std::vector<WarmEngine::Made>& records) {
  uint64_t count = 0;
  for (const auto& made : records) count += made.record.has_engagement() ? 1 : 0;
  return count;
}

struct Folded {
  double seconds = 0, cpu_seconds = 0;
  uint64_t engagements = 0, records = 0;
};

Result<void> fold(WarmEngine& warm, const std::vector<WarmEngine::Made>& made, Folded& sum) {
  const auto before = warm.engine().stats();
  const double cpu_start = thread_cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  RD_CHECK(warm.fold(made));
  sum.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  sum.cpu_seconds += thread_cpu_seconds() - cpu_start;
  sum.engagements += engagements_of(made);
  sum.records += made.size();
  if (warm.engine().stats().outcomes_unmatched != before.outcomes_unmatched) {
    return internal("engagements of the bench did not match their pages");
  }
  return {};
}

Result<void> bench(const std::string& json, uint32_t warm_viewers, uint32_t viewers) {
  RD_TRY(auto warm, WarmEngine::create({}));
  while (warm.viewers() < warm_viewers) {
    RD_CHECK(warm.fold(warm.make_viewers(std::min(kViewersAtOnce, warm_viewers - warm.viewers()))));
  }
  const auto before = warm.engine().stats();
  Folded come;
  while (warm.viewers() < warm_viewers + viewers) {
    RD_CHECK(fold(warm, warm.make_viewers(kViewersAtOnce), come));
  }
  const auto after = warm.engine().stats();
  for (int page = 1; page < kPages; ++page) RD_CHECK(warm.fold(warm.make_pages(kViewersAtOnce)));
  Folded stay;
  for (int page = 0; page < kPages; ++page) {
    RD_CHECK(fold(warm, warm.make_pages(kViewersAtOnce), stay));
  }
  Report report(json);
  report.say(fmt::format(
      "{} records folded in {:.2f} s, {} of them engagements; {} examples "
      "trained; {} viewers at the end; bar / {}",
      come.records, come.seconds, come.engagements,
      after.examples_trained - before.examples_trained, after.viewers, time_allowance()));
  RD_CHECK(report.add({"fold.engagements", static_cast<double>(come.engagements) / come.seconds,
                       "a second", 50'000 / time_allowance(), Bar::kAtLeast}));
  RD_CHECK(report.add({"fold.engagements.cpu",
                       static_cast<double>(come.engagements) / come.cpu_seconds, "a CPU s"}));
  RD_CHECK(
      report.add({"fold.records", static_cast<double>(come.records) / come.seconds, "a second"}));
  RD_CHECK(report.add({"fold.engagements.full_histories",
                       static_cast<double>(stay.engagements) / stay.seconds, "a second"}));
  return report.add({"fold.engagements.full_histories.cpu",
                     static_cast<double>(stay.engagements) / stay.cpu_seconds, "a CPU s"});
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
