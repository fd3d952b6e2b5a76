// What the engine keeps of a viewer and of a video. Viewers of a full history come, until nothing
// of theirs is pending; then they are forgotten. What the allocator gets back was theirs, the set
// of what they have seen included (the bar leaves it out); the rest of what was resident before is
// the videos', with what all of them share.
#include <fmt/format.h>
#include <jemalloc/jemalloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "micro/warm_engine.h"
#include "support/options.h"
#include "support/report.h"

namespace rondo::bench {
namespace {

constexpr uint32_t kViewersAtOnce = 1'000;

double allocated_bytes() {
  uint64_t epoch = 1;
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
  size_t bytes = 0;
  size_t size = sizeof bytes;
  mallctl("stats.allocated", &bytes, &size, nullptr, 0);
  return static_cast<double>(bytes);
}

// After the allocator has given back what it holds free.
double resident_bytes() {
  mallctl(fmt::format("arena.{}.purge", MALLCTL_ARENAS_ALL).c_str(), nullptr, nullptr, nullptr, 0);
  std::ifstream statm("/proc/self/statm");
  double pages = 0, resident = 0;
  statm >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

Result<void> bench(const std::string& json, uint32_t viewers, uint32_t pages) {
  const NetworkOptions options;
  const double nothing = resident_bytes();
  RD_TRY(auto warm, WarmEngine::create(options));
  for (uint32_t come = 0; come < viewers; come += kViewersAtOnce) {
    RD_CHECK(warm.fold(warm.make_viewers(kViewersAtOnce)));
    for (uint32_t page = 1; page < pages; ++page) {
      RD_CHECK(warm.fold(warm.make_pages(kViewersAtOnce)));
    }
  }
  RD_CHECK(warm.settle());
  const double with_viewers = allocated_bytes();
  const double resident = resident_bytes() - nothing;
  RD_CHECK(warm.forget_viewers());
  const double of_viewers = with_viewers - allocated_bytes();
  const double viewer = of_viewers / warm.viewers();
  const double video = (resident - of_viewers) / options.videos;
  Report report(json);
  report.say(fmt::format("{} viewers of {} outcomes each, {} videos", warm.viewers(),
                         pages * options.slots, options.videos));
  RD_CHECK(report.add({"memory.viewer", viewer / 1024, "KiB", 3.0}));
  return report.add({"memory.video", video / 1024, "KiB", 1.5});
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  CLI::App app("What a viewer and a video take of memory");
  std::string json;
  uint32_t viewers = 4'000, pages = 50;
  app.add_option("--json", json, "file to append figures to, one JSON object a line");
  app.add_option("--viewers", viewers, "rounded up to a thousand")
      ->check(CLI::Range(1'000, 500'000))
      ->capture_default_str();
  app.add_option("--pages", pages, "of each, six slots a page")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return rondo::bench::run([&] { return rondo::bench::bench(json, viewers, pages); });
}
