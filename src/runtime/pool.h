// A named, bounded pool of threads for work that blocks: SQL, files, passwords.
//
// submit refuses (exhausted) when `queue_max` pieces of work wait already. The destructor finishes
// what was accepted. Thread safe. Work must not throw.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "runtime/task.h"

namespace rondo::runtime {

struct PoolOptions {
  std::string name;
  int threads = 4;
  size_t queue_max = 1024;
};

class Pool {
 public:
  explicit Pool(PoolOptions options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  Result<void> submit(std::function<void()> work);
  size_t waiting() const;

  // Awaits work(), which returns a Result, on the pool.
  template <typename Work, typename R = std::invoke_result_t<Work>>
  Task<R> run(Work work) {
    std::function<void(std::function<void(R)>)> start = [this, work](std::function<void(R)> done) {
      auto accepted = submit([work, done] { done(work()); });
      if (!accepted.ok()) done(std::move(accepted).error());
    };
    co_return co_await await_callback<R>(std::move(start));
  }

 private:
  void loop();

  const PoolOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace rondo::runtime
