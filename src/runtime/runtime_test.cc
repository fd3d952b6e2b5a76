#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runtime/pool.h"
#include "runtime/rate_limit.h"

namespace rondo::runtime {
namespace {

TEST(Pool, RefusesBeyondItsQueueAndFinishesWhatItAccepted) {
  std::atomic<int> done{0};
  std::atomic<bool> go{false};
  int accepted = 0;
  {
    Pool pool({.name = "test", .threads = 1, .queue_max = 4});
    for (int i = 0; i < 20; ++i) {
      auto result = pool.submit([&] {
        while (!go) std::this_thread::yield();
        ++done;
      });
      if (result.ok()) {
        ++accepted;
      } else {
        EXPECT_EQ(result.error().code(), ErrorCode::kExhausted);
      }
    }
    EXPECT_LE(accepted, 5);
    EXPECT_GE(accepted, 4);
    go = true;
  }
  EXPECT_EQ(done, accepted);
}

Task<void> square_on_pool(Pool& pool, int value, int& out) {
  auto work = [value]() -> Result<int> { return value * value; };
  auto result = co_await pool.run(work);
  out = result.value();
}

TEST(Pool, RunCanBeAwaited) {
  Pool pool({.name = "test", .threads = 2});
  asio::io_context io(1);
  int out = 0;
  asio::co_spawn(io.get_executor(), square_on_pool(pool, 7, out), asio::detached);
  io.run();
  EXPECT_EQ(out, 49);
}

TEST(RateLimit, RefillsAndSaysHowLongToWait) {
  RateLimit limit(2, 3, 100);
  uint64_t now = 1'000'000;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.take("a", 1, now), 0);
  EXPECT_EQ(limit.take("a", 1, now), 1);
  EXPECT_EQ(limit.take("b", 1, now), 0);
  EXPECT_EQ(limit.take("a", 3, now), 2);
  EXPECT_EQ(limit.take("a", 1, now + 500'000), 0);
}

TEST(RateLimit, StaysBoundedAndKeepsTheBusyOnes) {
  RateLimit limit(1, 10, 64);
  for (int i = 0; i < 10; ++i) limit.take("busy", 1, 0);
  for (int i = 0; i < 1000; ++i) limit.take("idle" + std::to_string(i), 1, 0);
  EXPECT_GT(limit.take("busy", 1, 0), 0);
}

}  // namespace
}  // namespace rondo::runtime
