#include "support/load.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "support/http_client.h"
#include "support/viewer.h"

namespace rondo::bench {
namespace {

using std::chrono::steady_clock;
using Time = steady_clock::time_point;

constexpr int kPagesPerViewer = 8;  // five videos each: within a demo world of 48
constexpr std::chrono::nanoseconds kPeriod = std::chrono::seconds(1);  // fine: it is divided
constexpr auto kGrace = std::chrono::seconds(3);                       // for what is due at the end

// Viewers made before the run, handed out during it. Thread safe.
class Pool {
 public:
  void add(Viewer viewer) {
    std::lock_guard lock(mutex_);
    viewers_.push_back(std::move(viewer));
  }
  std::optional<Viewer> take() {
    std::lock_guard lock(mutex_);
    if (viewers_.empty()) return std::nullopt;
    std::optional<Viewer> viewer(std::move(viewers_.front()));
    viewers_.pop_front();
    return viewer;
  }

 private:
  std::mutex mutex_;
  std::deque<Viewer> viewers_;
};

Result<void> fill(Pool& pool, const LoadOptions& options, size_t count) {
  constexpr size_t kMakers = 4;
  std::vector<Result<void>> results(kMakers);
  std::vector<std::thread> makers;
  for (size_t m = 0; m < kMakers; ++m) {
    makers.emplace_back([&, m] {
      results[m] = [&]() -> Result<void> {
        RD_TRY(auto client, HttpClient::connect(options.port));
        for (size_t i = m; i < count; i += kMakers) {
          RD_TRY(auto viewer, Viewer::create(client, options.seed + i));
          pool.add(std::move(viewer));
        }
        return {};
      }();
    });
  }
  for (auto& maker : makers) maker.join();
  for (auto& result : results) RD_CHECK(result);
  return {};
}

struct Schedule {
  Time start;         // of the warm-up
  Time counted, end;  // of the measured time
  bool counts(Time due) const { return due >= counted && due < end; }
};

class Seat {
 public:
  Seat(const LoadOptions& options, const Schedule& schedule, Pool& pool, int number)
      : options_(options), schedule_(schedule), pool_(pool), number_(number) {
    page_ms.reserve(64);
    batch_ms.reserve(64);
  }

  // Until the end of the schedule. Runs on the seat's own thread.
  void run() {
    ::prctl(PR_SET_TIMERSLACK, 1'000UL);  // nanoseconds: to wake when due
    // The first viewer leaves early, by the seat's number: so that at any time all ages are there.
    int pages_left = kPagesPerViewer - number_ % kPagesPerViewer;
    Time page_due = schedule_.start + kPeriod * number_ / options_.pages_per_second;
    for (; page_due < schedule_.end; page_due += kPeriod) {
      if (pages_left == 0 || !viewer_) {
        viewer_ = pool_.take();
        pages_left = kPagesPerViewer;
      }
      if (!viewer_) return fail(internal("the bench ran out of viewers"));
      --pages_left;
      exchange(page_due, page_ms, pages_done, [&] { return ask(); });
      exchange(page_due + kPeriod / 2, batch_ms, batches_done, [&] { return tell(); });
    }
  }

  Samples page_ms, batch_ms;
  uint64_t pages_done = 0, batches_done = 0, events_done = 0, errors = 0, unfinished = 0;
  std::string first_error;

 private:
  // An answer that is yet to be read: reading it is not part of what is timed.
  template <typename Send>
  void exchange(Time due, Samples& samples, uint64_t& done, Send send) {
    std::this_thread::sleep_until(due);
    auto now = steady_clock::now();
    bool counts = schedule_.counts(due);
    if (now > schedule_.end + kGrace) {  // hopelessly late: known to be at least this
      if (counts) samples.add(ms(due, now));
      ++unfinished;
      return;
    }
    answered_ = {};
    auto result = send();
    Time end = answered_ == Time{} ? steady_clock::now() : answered_;
    if (counts) samples.add(ms(due, end));
    if (!result.ok()) return fail(result.error());
    if (schedule_.counts(end)) ++done;
  }

  Result<void> ask() {
    if (!client_) {
      RD_TRY(client_, HttpClient::connect(options_.port));
    }
    RD_TRY(auto page, client_->get(viewer_->page_target(held()), viewer_->token()));
    answered_ = steady_clock::now();
    return viewer_->take_page(page, held());
  }

  Result<void> tell() {
    if (!client_) return unavailable("no connection");
    auto videos = static_cast<size_t>(options_.videos_per_batch);
    if (viewer_->queued() < videos) {
      return internal(fmt::format("a page brought only {} videos", viewer_->queued()));
    }
    RD_TRY(auto receipt, client_->post("/api/v1/events", viewer_->token(), viewer_->watch(videos)));
    answered_ = steady_clock::now();
    if (schedule_.counts(answered_)) events_done += 2 * videos;
    return viewer_->take_receipt(receipt);
  }

  // What the client is committed to of the page before: its last video.
  size_t held() const { return viewer_->queued() > 0 ? 1 : 0; }

  void fail(const Error& error) {
    ++errors;
    if (first_error.empty()) first_error = error.describe();
    client_.reset();
    viewer_.reset();
  }

  static double ms(Time from, Time to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
  }

  const LoadOptions& options_;
  const Schedule& schedule_;
  Pool& pool_;
  const int number_;
  std::optional<HttpClient> client_;
  std::optional<Viewer> viewer_;
  Time answered_;
};

}  // namespace

Result<LoadResult> run_load(const LoadOptions& options) {
  Pool pool;
  auto seconds = static_cast<size_t>((options.warm_up + options.measured).count());
  auto seats_count = static_cast<size_t>(options.pages_per_second);
  RD_CHECK(fill(pool, options, seats_count * (seconds / kPagesPerViewer + 2)));

  Schedule schedule;
  schedule.start = steady_clock::now() + std::chrono::milliseconds(500);
  schedule.counted = schedule.start + options.warm_up;
  schedule.end = schedule.counted + options.measured;
  std::vector<std::unique_ptr<Seat>> seats;
  std::vector<std::thread> threads;
  for (int i = 0; i < options.pages_per_second; ++i) {
    seats.push_back(std::make_unique<Seat>(options, schedule, pool, i));
    threads.emplace_back([seat = seats.back().get()] { seat->run(); });
  }
  for (auto& thread : threads) thread.join();

  LoadResult result;
  uint64_t pages = 0, events = 0;
  for (const auto& seat : seats) {
    result.page_ms.add(seat->page_ms);
    result.batch_ms.add(seat->batch_ms);
    result.errors += seat->errors;
    result.unfinished += seat->unfinished;
    if (result.first_error.empty()) result.first_error = seat->first_error;
    pages += seat->pages_done;
    events += seat->events_done;
  }
  auto measured = static_cast<double>(options.measured.count());
  result.pages_per_second = static_cast<double>(pages) / measured;
  result.events_per_second = static_cast<double>(events) / measured;
  return result;
}

}  // namespace rondo::bench
