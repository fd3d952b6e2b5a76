// What every job queue must keep (jobs/job_queue.h), as tests. A backend's test includes this
// header and instantiates JobContract with a factory:
//
//   INSTANTIATE_TEST_SUITE_P(InProcess, JobContract, testing::Values(&make_in_process_fixture));
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "jobs/job_queue.h"

namespace rondo::jobs {

// A queue of a test's own, which is gone with it.
class JobFixture {
 public:
  virtual ~JobFixture() = default;
  // Another queue over the same jobs, as after a restart; the one before must be gone.
  virtual std::unique_ptr<JobQueue> make(int workers) = 0;
  // Lets the time pass that backoffs go by.
  virtual void pass(std::chrono::milliseconds time) = 0;
};

class JobContract : public testing::TestWithParam<std::unique_ptr<JobFixture> (*)()> {
 protected:
  void SetUp() override {
    fixture_ = GetParam()();
    remake(2);
  }
  void TearDown() override { queue_.reset(); }

  void remake(int workers) {
    queue_.reset();
    queue_ = fixture_->make(workers);
  }
  void start() {
    auto started = queue_->start();
    ASSERT_TRUE(started.ok()) << started.error().describe();
  }
  JobId enqueue(const std::string& kind, const std::string& key, const std::string& payload = "",
                uint64_t owner = 0) {
    auto id = queue_->enqueue(kind, key, payload, owner);
    EXPECT_TRUE(id.ok()) << id.error().describe();
    return id.ok() ? *id : JobId();
  }
  Job find(JobId id) {
    auto job = queue_->find(id);
    EXPECT_TRUE(job.ok()) << job.error().describe();
    return job.ok() ? *job : Job();
  }
  // Polls until it holds, while `step` of backoff time passes at each look.
  bool eventually(const std::function<bool()>& holds,
                  std::chrono::milliseconds step = std::chrono::milliseconds(0)) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      if (step.count() > 0) fixture_->pass(step);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  bool settles(JobId id, JobState state, std::chrono::milliseconds step) {
    return eventually([&] { return find(id).state == state; }, step);
  }
  static JobKind kind(const std::string& name, std::function<Result<void>(JobContext&)> run) {
    JobKind kind;
    kind.name = name;
    kind.run = std::move(run);
    kind.attempts_max = 3;
    kind.backoff_first = std::chrono::milliseconds(1000);
    kind.backoff_max = std::chrono::milliseconds(3000);
    return kind;
  }

  std::unique_ptr<JobFixture> fixture_;
  std::unique_ptr<JobQueue> queue_;
  std::chrono::milliseconds no_time_{0};
  std::chrono::milliseconds some_time_{200};
};

TEST_P(JobContract, RunsWhatWasEnqueued) {
  const std::string binary("\0\xff'\n", 4);
  std::atomic<int> runs{0};
  queue_->add_kind(kind("echo", [&](JobContext& context) -> Result<void> {
    ++runs;
    EXPECT_EQ(context.job().payload, binary);
    EXPECT_EQ(context.job().key, "k");
    EXPECT_EQ(context.job().attempts, 1);
    EXPECT_FALSE(context.stopping());
    return {};
  }));
  start();
  JobId id = enqueue("echo", "k", binary);
  ASSERT_TRUE(settles(id, JobState::kDone, no_time_));
  Job job = find(id);
  EXPECT_EQ(job.kind, "echo");
  EXPECT_EQ(job.payload, binary);
  EXPECT_EQ(job.attempts, 1);
  EXPECT_EQ(job.error, "");
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(queue_->find(JobId(999'999)).error().code(), ErrorCode::kNotFound);
}

TEST_P(JobContract, AKeyIsEnqueuedOnce) {
  std::atomic<int> runs{0};
  auto count = [&](JobContext&) -> Result<void> {
    ++runs;
    return {};
  };
  queue_->add_kind(kind("a", count));
  queue_->add_kind(kind("b", count));
  JobId first = enqueue("a", "k", "1");
  EXPECT_EQ(enqueue("a", "k", "2"), first);
  EXPECT_NE(enqueue("b", "k"), first);
  EXPECT_NE(enqueue("a", "l"), first);
  start();
  ASSERT_TRUE(settles(first, JobState::kDone, no_time_));
  EXPECT_EQ(enqueue("a", "k"), first);
  EXPECT_EQ(find(first).payload, "1");
  ASSERT_TRUE(eventually([&] { return runs == 3; }));
  remake(1);
  queue_->add_kind(kind("a", count));
  start();
  EXPECT_EQ(enqueue("a", "k"), first);
  EXPECT_EQ(find(first).state, JobState::kDone);
}

TEST_P(JobContract, RefusesWhatBreaksALimit) {
  queue_->add_kind(kind("a", [](JobContext&) -> Result<void> { return {}; }));
  EXPECT_EQ(queue_->enqueue("unknown", "k", "", 0).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(queue_->enqueue("a", "", "", 0).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(queue_->enqueue("a", std::string(201, 'k'), "", 0).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(queue_->enqueue("a", "k", std::string((64 << 10) + 1, 'x'), 0).error().code(),
            ErrorCode::kInvalid);
  EXPECT_TRUE(queue_->enqueue("a", "k", std::string(64 << 10, 'x'), 0).ok());
  start();
  EXPECT_FALSE(queue_->start().ok());
}

TEST_P(JobContract, RetriesAfterABackoffThatDoubles) {
  std::atomic<int> runs{0};
  queue_->add_kind(kind("flaky", [&](JobContext& context) -> Result<void> {
    ++runs;
    if (context.job().attempts < 3) return base::unavailable("not yet");
    return {};
  }));
  start();
  JobId id = enqueue("flaky", "k");
  ASSERT_TRUE(eventually([&] { return find(id).error == "not yet"; }));
  EXPECT_EQ(find(id).state, JobState::kQueued);
  EXPECT_EQ(find(id).attempts, 1);
  // Not before its time. A second job passes through, which shows that the queue has looked.
  fixture_->pass(std::chrono::milliseconds(900));
  queue_->stop();
  EXPECT_EQ(runs, 1);
  remake(1);
  std::atomic<int> later{0};
  queue_->add_kind(kind("flaky", [&](JobContext& context) -> Result<void> {
    ++later;
    if (context.job().attempts < 3) return base::unavailable("still not");
    return {};
  }));
  start();
  fixture_->pass(std::chrono::milliseconds(150));
  ASSERT_TRUE(eventually([&] { return find(id).error == "still not"; }));
  fixture_->pass(std::chrono::milliseconds(1900));
  JobId other = enqueue("flaky", "other");
  ASSERT_TRUE(eventually([&] { return find(other).error == "still not"; }));
  EXPECT_EQ(find(id).attempts, 2);
  fixture_->pass(std::chrono::milliseconds(150));
  ASSERT_TRUE(settles(id, JobState::kDone, no_time_));
  EXPECT_EQ(find(id).attempts, 3);
  EXPECT_EQ(find(id).error, "");
}

TEST_P(JobContract, StopsTryingAndSaysSo) {
  std::mutex mutex;
  std::vector<Job> told;
  auto failing = [&](const std::string& name, Error error, bool throws) {
    JobKind failing_kind = kind(name, [error, throws](JobContext&) -> Result<void> {
      if (throws) throw std::runtime_error("thrown");
      return error;
    });
    failing_kind.on_failed = [&](const Job& job) {
      std::lock_guard lock(mutex);
      told.push_back(job);
    };
    queue_->add_kind(std::move(failing_kind));
  };
  failing("hopeless", base::invalid("not a video"), false);
  failing("down", base::unavailable("down"), false);
  failing("throws", base::internal(""), true);
  start();
  JobId hopeless = enqueue("hopeless", "k", "p");
  JobId down = enqueue("down", "k");
  JobId throws = enqueue("throws", "k");
  for (JobId id : {hopeless, down, throws}) {
    ASSERT_TRUE(settles(id, JobState::kFailed, some_time_));
  }
  EXPECT_EQ(find(hopeless).attempts, 1);
  EXPECT_EQ(find(hopeless).error, "not a video");
  EXPECT_EQ(find(down).attempts, 3);
  EXPECT_NE(find(throws).error.find("thrown"), std::string::npos);
  ASSERT_TRUE(eventually([&] {
    std::lock_guard lock(mutex);
    return told.size() == 3;
  }));
  for (const Job& job : told) EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(queue_->list(JobState::kFailed, 2)->size(), 2u);
  EXPECT_EQ(queue_->list(JobState::kFailed, 10)->size(), 3u);
  // Never again by itself; enqueued again, it begins anew.
  fixture_->pass(std::chrono::hours(1));
  EXPECT_EQ(enqueue("hopeless", "k", "q"), hopeless);
  ASSERT_TRUE(eventually([&] {
    std::lock_guard lock(mutex);
    return told.size() == 4;
  }));
  EXPECT_EQ(told[3].payload, "q");
  EXPECT_EQ(told[3].attempts, 1);
}

TEST_P(JobContract, OldestFirstAndNoMoreThanTheWorkers) {
  remake(3);
  std::mutex mutex;
  std::vector<std::string> order;
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  queue_->add_kind(kind("a", [&](JobContext& context) -> Result<void> {
    int now = ++running;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    {
      std::lock_guard lock(mutex);
      order.push_back(context.job().key);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    --running;
    return {};
  }));
  std::vector<std::string> keys;
  for (int i = 0; i < 24; ++i) {
    keys.push_back("k" + std::to_string(i));
    enqueue("a", keys.back());
  }
  auto queued = queue_->list(JobState::kQueued, 5);
  ASSERT_EQ(queued->size(), 5u);
  EXPECT_EQ((*queued)[0].key, "k23");  // newest first
  start();
  ASSERT_TRUE(eventually([&] { return queue_->list(JobState::kDone, 100)->size() == 24; }));
  EXPECT_LE(most, 3);
  // Handlers that run together may overtake one another by so much.
  for (size_t i = 0; i < order.size(); ++i) {
    const auto at =
        static_cast<size_t>(std::find(keys.begin(), keys.end(), order[i]) - keys.begin());
    EXPECT_LE(at > i ? at - i : i - at, 3u);
  }
}

TEST_P(JobContract, ShowsWhatIsNotDoneInItsOrder) {
  remake(1);
  std::atomic<bool> go{false};
  queue_->add_kind(kind("a", [&](JobContext& context) -> Result<void> {
    if (context.job().key == "bad") return base::denied("never");
    while (context.job().key == "long" && !go && !context.stopping()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {};
  }));
  start();
  const JobId bad = enqueue("a", "bad", "", 1);
  ASSERT_TRUE(settles(bad, JobState::kFailed, no_time_));
  const JobId running = enqueue("a", "long", "", 1);
  ASSERT_TRUE(settles(running, JobState::kRunning, no_time_));
  for (const char* key : {"x1", "x2", "x3"}) enqueue("a", key, "", 1);
  enqueue("a", "y1", "", 2);
  const QueueView view = queue_->view(10).value();
  EXPECT_EQ(view.running, 1);
  EXPECT_EQ(view.queued, 4);
  EXPECT_EQ(view.failed, 1);
  std::string order;
  for (const Job& job : view.jobs) order += job.key + " ";
  EXPECT_EQ(order, "long x1 y1 x2 x3 bad ");
  EXPECT_EQ(view.jobs.back().error, "never");
  EXPECT_GT(view.jobs.front().due_us, 0u);
  EXPECT_EQ(queue_->view(2)->jobs.size(), 4u) << "bounded in each state";
  EXPECT_EQ(queue_->view(2)->queued, 4);
  EXPECT_EQ(queue_->retry(running).error().code(), ErrorCode::kConflict);
  go = true;
  ASSERT_TRUE(settles(running, JobState::kDone, no_time_));
  EXPECT_EQ(queue_->retry(running).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(queue_->retry(JobId(999'999)).error().code(), ErrorCode::kNotFound);
}

TEST_P(JobContract, RetryingNeedsNoPatienceAndBeginsFailedOnesAnew) {
  std::atomic<bool> mended{false};
  queue_->add_kind(kind("a", [&](JobContext& context) -> Result<void> {
    if (mended) return {};
    return context.job().key == "passes" ? base::unavailable("down") : base::denied("never");
  }));
  start();
  const JobId passes = enqueue("a", "passes");
  const JobId stays = enqueue("a", "stays");
  ASSERT_TRUE(eventually([&] { return find(passes).error == "down"; }));
  ASSERT_TRUE(settles(stays, JobState::kFailed, no_time_));
  EXPECT_GT(find(passes).due_us, find(stays).due_us) << "its next attempt is to come";
  mended = true;
  for (JobId id : {passes, stays}) {
    queue_->retry(id).value();
    ASSERT_TRUE(settles(id, JobState::kDone, no_time_)) << "no time has passed";
  }
  EXPECT_EQ(find(passes).attempts, 2);
  EXPECT_EQ(find(stays).attempts, 1);
}

TEST_P(JobContract, OwnersTakeTurns) {
  remake(1);
  std::mutex mutex;
  std::vector<std::string> order;
  queue_->add_kind(kind("a", [&](JobContext& context) -> Result<void> {
    std::lock_guard lock(mutex);
    order.push_back(context.job().key);
    return {};
  }));
  // Twenty of one, then one each of two others, then one more of the first.
  for (int i = 0; i < 20; ++i) enqueue("a", "many-" + std::to_string(i), "", 1);
  enqueue("a", "one", "", 2);
  enqueue("a", "other", "", 3);
  enqueue("a", "other again", "", 3);
  JobId last = enqueue("a", "many-20", "", 1);
  EXPECT_EQ(find(last).owner, 1u);
  start();
  ASSERT_TRUE(settles(last, JobState::kDone, no_time_));
  std::lock_guard lock(mutex);
  ASSERT_EQ(order.size(), 24u);
  order.resize(6);
  EXPECT_EQ(order, (std::vector<std::string>{"many-0", "one", "other", "many-1", "other again",
                                             "many-2"}));
}

// Who comes late waits for one round, however much is waiting and has been done.
TEST_P(JobContract, WhoComesLateHasTheNextTurn) {
  remake(1);
  std::mutex mutex;
  std::vector<std::string> order;
  queue_->add_kind(kind("a", [&](JobContext& context) -> Result<void> {
    const std::string key = context.job().key;
    if (key == "7") {
      EXPECT_TRUE(queue_->enqueue("a", "late", "", 2).ok());
    }
    std::lock_guard lock(mutex);
    order.push_back(key);
    return {};
  }));
  JobId last;
  for (int i = 0; i < 20; ++i) last = enqueue("a", std::to_string(i), "", 1);
  start();
  ASSERT_TRUE(settles(last, JobState::kDone, no_time_));
  std::lock_guard lock(mutex);
  ASSERT_EQ(order.size(), 21u);
  EXPECT_EQ(order.at(8), "8");
  EXPECT_EQ(order.at(9), "late");
}

// Nobody begins further back than what runs, though nothing else waits: who has had many turns
// would then wait until all of theirs are through.
TEST_P(JobContract, WhoHadManyTurnsIsNotPassedByAll) {
  remake(1);
  std::mutex mutex;
  std::vector<std::string> order;
  queue_->add_kind(kind("a", [&](JobContext& context) -> Result<void> {
    const std::string key = context.job().key;
    if (key == "many-9") {  // the last that waits
      for (const char* other : {"other-0", "other-1", "other-2"}) enqueue("a", other, "", 2);
      enqueue("a", "again", "", 1);
    }
    std::lock_guard lock(mutex);
    order.push_back(key);
    return {};
  }));
  for (int i = 0; i < 10; ++i) enqueue("a", "many-" + std::to_string(i), "", 1);
  start();
  ASSERT_TRUE(eventually([&] { return queue_->list(JobState::kDone, 100)->size() == 14; }));
  std::lock_guard lock(mutex);
  ASSERT_EQ(order.size(), 14u);
  order.erase(order.begin(), order.begin() + 10);
  EXPECT_EQ(order, (std::vector<std::string>{"other-0", "other-1", "again", "other-2"}));
}

TEST_P(JobContract, StoppingIsNoAttempt) {
  std::atomic<bool> entered{false};
  queue_->add_kind(kind("long", [&](JobContext& context) -> Result<void> {
    entered = true;
    while (!context.stopping()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return base::unavailable("the process ends");
  }));
  start();
  JobId id = enqueue("long", "k");
  JobId waiting = enqueue("long", "l");
  ASSERT_TRUE(eventually([&] { return entered.load(); }));
  queue_->stop();
  EXPECT_EQ(find(id).state, JobState::kQueued);
  EXPECT_EQ(find(id).attempts, 0);

  remake(1);
  queue_->add_kind(kind("long", [](JobContext&) -> Result<void> { return {}; }));
  start();
  ASSERT_TRUE(settles(id, JobState::kDone, no_time_));
  ASSERT_TRUE(settles(waiting, JobState::kDone, no_time_));
  EXPECT_EQ(find(id).attempts, 1);
}

// Jobs whose outcomes are drawn at random, beside what a simple count says must become of them,
// with restarts in between.
TEST_P(JobContract, EveryJobEndsAsItsOutcomesSay) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    base::Rng rng(seed);
    fixture_ = (queue_.reset(), GetParam()());
    struct Expected {
      JobState state = JobState::kFailed;
      int attempts = 3;
    };
    std::map<std::string, std::string> outcomes;  // of each attempt: o(k), r(etry), f(ail)
    std::map<std::string, Expected> expected;
    for (int i = 0; i < 20; ++i) {
      const std::string key = "k" + std::to_string(i);
      for (int attempt = 1; attempt <= 3; ++attempt) outcomes[key] += "orrf"[rng.below(4)];
      for (int attempt = 1; attempt <= 3; ++attempt) {
        const char outcome = outcomes[key][static_cast<size_t>(attempt - 1)];
        if (outcome == 'r') continue;
        expected[key] = {outcome == 'o' ? JobState::kDone : JobState::kFailed, attempt};
        break;
      }
      expected.try_emplace(key);
    }
    std::mutex mutex;
    std::map<std::string, int> told;
    std::map<std::string, JobId> ids;
    for (int restart = 0; restart < 3; ++restart) {
      remake(1 + static_cast<int>(rng.below(4)));
      JobKind scripted = kind("scripted", [&](JobContext& context) -> Result<void> {
        const Job& job = context.job();
        switch (outcomes.at(job.key)[static_cast<size_t>(job.attempts - 1)]) {
          case 'o':
            return {};
          case 'r':
            return base::exhausted("again");
          default:
            return base::denied("never");
        }
      });
      scripted.on_failed = [&](const Job& job) {
        std::lock_guard lock(mutex);
        ++told[job.key];
      };
      queue_->add_kind(std::move(scripted));
      start();
      for (const auto& [key, script] : outcomes) {
        if (restart == 0) ids[key] = enqueue("scripted", key, script);
      }
      if (restart < 2) fixture_->pass(std::chrono::milliseconds(rng.below(2000)));
    }
    for (const auto& [key, end] : expected) {
      ASSERT_TRUE(settles(ids[key], end.state, some_time_)) << key;
      EXPECT_EQ(find(ids[key]).attempts, end.attempts) << key << " " << outcomes[key];
    }
    queue_->stop();
    for (const auto& [key, end] : expected) {
      EXPECT_EQ(told[key], end.state == JobState::kFailed ? 1 : 0) << key;
    }
  }
}

}  // namespace rondo::jobs
