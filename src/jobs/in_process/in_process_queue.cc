#include "jobs/in_process/in_process_queue.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "jobs/in_process/job_table.h"

namespace rondo::jobs {

namespace {

constexpr size_t kPayloadBytesMax = 64 << 10;
constexpr size_t kKeyBytesMax = 200;
constexpr size_t kErrorBytesMax = 2'000;
constexpr int kListMax = 1'000;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

bool may_pass(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kInternal ||
         code == ErrorCode::kExhausted;
}

std::chrono::milliseconds backoff(const JobKind& kind, int attempts) {
  std::chrono::milliseconds wait = kind.backoff_first;
  for (int i = 1; i < attempts && wait < kind.backoff_max; ++i) wait *= 2;
  return std::min(wait, kind.backoff_max);
}

class InProcessQueue final : public JobQueue {
 public:
  InProcessQueue(storage::Database& db, const base::Clock& clock, const InProcessOptions& options)
      : clock_(clock), options_(options), table_(db) {
    RD_ASSERT(options.workers >= 1 && options.workers <= 64);
  }
  ~InProcessQueue() override { stop(); }

  void add_kind(JobKind kind) override {
    RD_ASSERT(workers_.empty());
    RD_ASSERT(is_name(kind.name) && find_kind(kind.name) == nullptr);
    RD_ASSERT(kind.run && kind.attempts_max >= 1);
    kinds_.push_back(std::move(kind));
  }

  Result<void> start() override {
    if (stopping_ || !workers_.empty()) return base::conflict("the job queue was started before");
    RD_CHECK(table_.free_leases(kinds_, clock_.now_us()));
    RD_TRY(auto untold, table_.untold());
    untold_.assign(std::make_move_iterator(untold.begin()), std::make_move_iterator(untold.end()));
    for (int i = 0; i < options_.workers; ++i) workers_.emplace_back([this] { work(); });
    return {};
  }

  void stop() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& worker : workers_) {
      if (worker.joinable()) worker.join();
    }
  }

  Result<JobId> enqueue(std::string_view kind, std::string_view key, std::string_view payload,
                        uint64_t owner) override {
    if (find_kind(kind) == nullptr) {
      return base::invalid("there is no kind of job '" + std::string(kind) + "'");
    }
    if (key.empty() || key.size() > kKeyBytesMax) {
      return base::invalid("a job's key of " + std::to_string(key.size()) +
                           " bytes is not within 1.." + std::to_string(kKeyBytesMax));
    }
    if (payload.size() > kPayloadBytesMax) {
      return base::invalid("a job's payload of " + std::to_string(payload.size()) +
                           " bytes is over the limit of " + std::to_string(kPayloadBytesMax));
    }
    RD_TRY(JobTable::Enqueued enqueued,
           table_.enqueue(std::string(kind), std::string(key), payload, owner, clock_.now_us()));
    if (enqueued.fresh) wake();
    return enqueued.id;
  }

  Result<Job> find(JobId id) const override { return table_.find(id); }

  Result<std::vector<Job>> list(JobState state, int count_max) const override {
    return table_.list(state, std::clamp(count_max, 1, kListMax));
  }

  Result<QueueView> view(int each_max) const override {
    return table_.view(std::clamp(each_max, 1, kListMax));
  }

  Result<void> retry(JobId id) override {
    RD_CHECK(table_.retry(id, clock_.now_us()));
    wake();
    return {};
  }

 private:
  const JobKind* find_kind(std::string_view name) const {
    for (const JobKind& kind : kinds_) {
      if (kind.name == name) return &kind;
    }
    return nullptr;
  }

  void wake() {
    {
      std::lock_guard lock(mutex_);
      ++changes_;
    }
    changed_.notify_all();
  }

  // A worker's thread.
  void work() {
    while (!stopping_) {
      uint64_t seen = 0;
      std::optional<Job> untold;
      {
        std::lock_guard lock(mutex_);
        seen = changes_;
        if (!untold_.empty()) {
          untold = std::move(untold_.front());
          untold_.pop_front();
        }
      }
      if (untold) {
        tell(*untold);
        continue;
      }
      auto job = table_.lease(kinds_, clock_.now_us());
      if (job.ok() && job->has_value()) {
        run(**job);
      } else {
        // Nothing to do, or the database does not answer: either way, look again later.
        wait(seen, idle_time());
      }
    }
  }

  std::chrono::milliseconds idle_time() const {
    auto due = table_.next_due_us(kinds_);
    if (!due.ok() || !*due) return options_.poll_interval;
    const uint64_t now = clock_.now_us();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::microseconds(**due > now ? **due - now : 0));
    return std::clamp(left, std::chrono::milliseconds(1), options_.poll_interval);
  }

  // Until something is enqueued beyond what was `seen`, the queue stops, or the time is over.
  void wait(uint64_t seen, std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [&] { return stopping_ || changes_ != seen; });
  }

  void run(Job& job) {
    const JobKind& kind = *find_kind(job.kind);
    auto result = call(kind, job);
    job.error = result.ok() ? "" : result.error().describe().substr(0, kErrorBytesMax);
    if (result.ok()) {
      job.state = JobState::kDone;
      persist([&] {
        const uint64_t now = clock_.now_us();
        const auto keep =
            static_cast<uint64_t>(std::chrono::microseconds(options_.keep_done).count());
        return table_.set_done(job, now, now - std::min(now, keep));
      });
    } else if (stopping_ && result.error().code() == ErrorCode::kUnavailable) {
      --job.attempts;  // the process ends; that is not the job's fault
      put_back(job, std::chrono::milliseconds(0));
    } else if (may_pass(result.error().code()) && job.attempts < kind.attempts_max) {
      put_back(job, backoff(kind, job.attempts));
    } else {
      job.state = JobState::kFailed;
      if (persist([&] { return table_.set_failed(job, clock_.now_us()); })) tell(job);
    }
    if (options_.on_attempt) options_.on_attempt(job);
  }

  void put_back(Job& job, std::chrono::milliseconds after) {
    job.state = JobState::kQueued;
    const auto wait_us = static_cast<uint64_t>(std::chrono::microseconds(after).count());
    persist([&] { return table_.set_queued(job, clock_.now_us() + wait_us); });
  }

  Result<void> call(const JobKind& kind, const Job& job) {
    JobContext context(job, stopping_);
    try {
      return kind.run(context);
    } catch (const std::exception& error) {
      return base::internal(std::string("the job threw an exception: ") + error.what());
    }
  }

  // Tries until it is stored. When the queue stops first, the job stays leased, and the next start
  // takes it for interrupted: it is run again, which handlers bear.
  template <typename Store>
  bool persist(const Store& store) {
    for (;;) {
      if (store().ok()) return true;
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, options_.poll_interval, [&] { return stopping_.load(); })) {
        lock.unlock();
        return store().ok();
      }
    }
  }

  // Calls on_failed and takes note of it.
  void tell(const Job& job) {
    const JobKind* kind = find_kind(job.kind);
    if (kind == nullptr) return;
    // It may have been enqueued anew since it was noted.
    auto present = table_.find(job.id);
    if (!present.ok() || present->state != JobState::kFailed) return;
    try {
      if (kind->on_failed) kind->on_failed(*present);
    } catch (const std::exception&) {
      return;  // not told: again at the next start
    }
    persist([&] { return table_.set_told(job.id); });
  }

  // Constant after start().
  const base::Clock& clock_;
  const InProcessOptions options_;
  std::vector<JobKind> kinds_;
  std::vector<std::thread> workers_;

  JobTable table_;
  std::atomic<bool> stopping_{false};  // set under mutex_, so that no wait misses it

  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t changes_ = 0;    // guarded by mutex_
  std::deque<Job> untold_;  // guarded by mutex_; left over from a crash
};

}  // namespace

std::unique_ptr<JobQueue> make_in_process_queue(storage::Database& db, const base::Clock& clock,
                                                const InProcessOptions& options) {
  return std::make_unique<InProcessQueue>(db, clock, options);
}

}  // namespace rondo::jobs
