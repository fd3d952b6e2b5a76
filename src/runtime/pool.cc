#include "runtime/pool.h"

#include <pthread.h>

namespace rondo::runtime {

Pool::Pool(PoolOptions options) : options_(std::move(options)) {
  RD_ASSERT(options_.threads > 0);
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { loop(); });
    pthread_setname_np(threads_.back().native_handle(), options_.name.substr(0, 15).c_str());
  }
}

Pool::~Pool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

Result<void> Pool::submit(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return unavailable("the server is stopping; try again in a moment");
    if (queue_.size() >= options_.queue_max) {
      return exhausted("the server is overloaded (" + options_.name + "); try again in a moment");
    }
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
  return {};
}

size_t Pool::waiting() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

void Pool::loop() {
  while (true) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace rondo::runtime
