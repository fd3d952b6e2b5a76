// From a swipe to the page that has learned from it: the time from sending an event batch (an
// impression and a watch) to having received a For You page that was ranked after it, over HTTP on
// loopback. Two group commits lie within: of the events, and of the page's own record.
//
// One viewer at a time, each fresh and anonymous, until it has seen nearly all: latency without
// load (feed_http has the load). Between swipes, the disk's own time for two appends is measured.
#include <fmt/format.h>

#include <chrono>

#include "support/disk_probe.h"
#include "support/options.h"
#include "support/report.h"
#include "support/viewer.h"

namespace rondo::bench {
namespace {

using std::chrono::steady_clock;

constexpr uint64_t kVideosPerViewer = 40;
constexpr size_t kProbeEvery = 3;  // swipes; a probe is two appends
constexpr size_t kReceiptEvery =
    50;  // swipes; the page's receipt has to say what it was ranked after
constexpr double kBarMs = 20;

struct Measured {
  Samples swipe, events, page;  // the whole, and its two exchanges
  Samples append, two_appends;
  size_t viewers = 0;
  size_t receipts = 0;
};

double ms_between(steady_clock::time_point from, steady_clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

// The log's own word that the page's state had folded the event at `offset`.
Result<void> check_receipt(HttpClient& client, const Viewer& viewer, int64_t offset) {
  RD_TRY(auto answer, client.get("/api/v1/feeds/pages/" + viewer.page_id(), viewer.token()));
  if (answer.status != 200) return unavailable("the page has no receipt: " + answer.body);
  constexpr std::string_view kField = "\"ranked_at_offset\":";
  size_t at = answer.body.find(kField);
  if (at == std::string::npos) return corrupt("the receipt has no ranked_at_offset");
  int64_t ranked_at = std::stoll(answer.body.substr(at + kField.size()));
  if (ranked_at <= offset) {
    return internal(
        fmt::format("a page was ranked at offset {}, before the event at {}", ranked_at, offset));
  }
  return {};
}

Result<void> watch_all(HttpClient& client, DiskProbe& disk, uint64_t seed, size_t samples,
                       Measured& out) {
  RD_TRY(auto viewer, Viewer::create(client, seed));
  RD_TRY(auto first, client.get(viewer.page_target(0), viewer.token()));
  RD_CHECK(viewer.take_page(first, 0));
  ++out.viewers;
  while (out.swipe.count() < samples && viewer.videos_watched() < kVideosPerViewer &&
         viewer.queued() > 0) {
    std::string batch = viewer.watch(1);
    auto start = steady_clock::now();
    RD_TRY(auto receipt, client.post("/api/v1/events", viewer.token(), batch));
    auto stored = steady_clock::now();
    RD_CHECK(viewer.take_receipt(receipt));
    int64_t event_offset = viewer.offset();
    auto asked = steady_clock::now();
    RD_TRY(auto page, client.get(viewer.page_target(1), viewer.token()));
    auto end = steady_clock::now();
    RD_CHECK(viewer.take_page(page, 1));
    out.swipe.add(ms_between(start, end));
    out.events.add(ms_between(start, stored));
    out.page.add(ms_between(asked, end));
    if (out.swipe.count() % kReceiptEvery == 0) {
      RD_CHECK(check_receipt(client, viewer, event_offset));
      ++out.receipts;
    }
    if (out.swipe.count() % kProbeEvery == 0) {
      RD_TRY(double one, disk.append());
      RD_TRY(double other, disk.append());
      out.append.add(one);
      out.append.add(other);
      out.two_appends.add(one + other);
    }
  }
  return {};
}

Result<void> bench(const Options& options, size_t samples) {
  RD_TRY(auto server, Server::start(options.server));
  RD_TRY(auto disk, DiskProbe::create(server.data()));
  RD_TRY(auto client, HttpClient::connect(server.port()));
  Measured warm_up, m;
  RD_CHECK(watch_all(client, disk, 1, 40, warm_up));
  for (uint64_t seed = 2; m.swipe.count() < samples; ++seed) {
    size_t before = m.swipe.count();
    RD_CHECK(watch_all(client, disk, seed, samples, m));
    if (m.swipe.count() == before) return unavailable("a new viewer's page is empty");
  }
  Report report(options.json);
  report.say(fmt::format(
      "{} swipes of {} fresh viewers, one after another; no fallback, none rejected; {} receipts "
      "say that the page was ranked after the event",
      m.swipe.count(), m.viewers, m.receipts));
  double p50 = m.swipe.percentile(0.5), p99 = m.swipe.percentile(0.99);
  double disk_p50 = m.two_appends.percentile(0.5), disk_p99 = m.two_appends.percentile(0.99);
  RD_CHECK(report.add({"swipe_to_page.p50", p50, "ms"}));
  RD_CHECK(report.add({"swipe_to_page.p99", p99, "ms", kBarMs}));
  RD_CHECK(report.add({"swipe_to_page.events.p50", m.events.percentile(0.5), "ms"}));
  RD_CHECK(report.add({"swipe_to_page.events.p99", m.events.percentile(0.99), "ms"}));
  RD_CHECK(report.add({"swipe_to_page.page.p50", m.page.percentile(0.5), "ms"}));
  RD_CHECK(report.add({"swipe_to_page.page.p99", m.page.percentile(0.99), "ms"}));
  report.say("the machine's limit in the same run: 4 KiB append + fdatasync; a swipe needs two");
  RD_CHECK(report.add({"swipe_to_page.limit.append.p50", m.append.percentile(0.5), "ms"}));
  RD_CHECK(report.add({"swipe_to_page.limit.append.p99", m.append.percentile(0.99), "ms"}));
  RD_CHECK(report.add({"swipe_to_page.limit.two.p50", disk_p50, "ms"}));
  RD_CHECK(report.add({"swipe_to_page.limit.two.p99", disk_p99, "ms"}));
  RD_CHECK(report.add({"swipe_to_page.p50_to_limit", p50 / disk_p50, "times"}));
  return report.add({"swipe_to_page.p99_to_limit", p99 / disk_p99, "times"});
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  CLI::App app("From a swipe to the page that has learned from it");
  rondo::bench::Options options;
  rondo::bench::add_options(app, options);
  size_t samples = 3000;
  app.add_option("--samples", samples, "swipes to measure")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return rondo::bench::run([&] { return rondo::bench::bench(options, samples); });
}
