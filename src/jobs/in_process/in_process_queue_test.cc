#include "jobs/in_process/in_process_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/testing/child_process.h"
#include "jobs/job_contract.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/storage_migrations.h"

namespace rondo::jobs {
namespace {

std::unique_ptr<storage::Database> open_database(const std::string& folder) {
  auto db = storage::open_sqlite({.path = folder + "/jobs.db"});
  RD_ASSERT(db.ok());
  RD_ASSERT((*db)->migrate(storage::storage_migrations()).ok());
  RD_ASSERT((*db)->migrate(job_migrations()).ok());
  return std::move(*db);
}

class InProcessFixture final : public JobFixture {
 public:
  InProcessFixture() {
    folder_ = (std::filesystem::temp_directory_path() / "rondo_jobs_XXXXXX").string();
    RD_ASSERT(::mkdtemp(folder_.data()) != nullptr);
    db_ = open_database(folder_);
  }
  ~InProcessFixture() override {
    db_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::unique_ptr<JobQueue> make(int workers) override {
    options.workers = workers;
    options.poll_interval = std::chrono::milliseconds(5);
    return make_in_process_queue(*db_, clock_, options);
  }
  void pass(std::chrono::milliseconds time) override { clock_.advance(time); }
  const std::string& folder() const { return folder_; }

  InProcessOptions options;

 private:
  std::string folder_;
  std::unique_ptr<storage::Database> db_;
  base::ManualClock clock_{base::WallTime(std::chrono::hours(24 * 20'000))};
};

std::unique_ptr<JobFixture> make_in_process() { return std::make_unique<InProcessFixture>(); }

INSTANTIATE_TEST_SUITE_P(InProcess, JobContract, testing::Values(&make_in_process));

bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

TEST(InProcessQueue, ForgetsDoneJobsAfterAWhile) {
  InProcessFixture fixture;
  fixture.options.keep_done = std::chrono::hours(10);
  auto queue = fixture.make(1);
  queue->add_kind({.name = "a", .run = [](JobContext&) -> Result<void> { return {}; }});
  ASSERT_TRUE(queue->start().ok());
  JobId old = *queue->enqueue("a", "old", "", 0);
  ASSERT_TRUE(eventually([&] { return queue->find(old)->state == JobState::kDone; }));
  fixture.pass(std::chrono::hours(11));
  JobId fresh = *queue->enqueue("a", "fresh", "", 0);
  ASSERT_TRUE(eventually([&] { return queue->find(fresh)->state == JobState::kDone; }));
  EXPECT_EQ(queue->find(old).error().code(), ErrorCode::kNotFound);
  EXPECT_NE(*queue->enqueue("a", "old", "", 0), old);
}

TEST(InProcessQueue, TellsOfEveryAttempt) {
  InProcessFixture fixture;
  std::mutex mutex;
  std::vector<JobState> states;
  fixture.options.on_attempt = [&](const Job& job) {
    std::lock_guard lock(mutex);
    states.push_back(job.state);
  };
  auto queue = fixture.make(1);
  queue->add_kind({.name = "a",
                   .run = [](JobContext&) -> Result<void> { return base::unavailable("x"); },
                   .on_failed = {},
                   .attempts_max = 2,
                   .backoff_first = std::chrono::milliseconds(0)});
  ASSERT_TRUE(queue->start().ok());
  ASSERT_TRUE(queue->enqueue("a", "k", "", 0).ok());
  ASSERT_TRUE(eventually([&] {
    std::lock_guard lock(mutex);
    return states.size() == 2;
  }));
  EXPECT_EQ(states, (std::vector{JobState::kQueued, JobState::kFailed}));
}

// The child: a job that kills the process while `deadly`, and one that works.
// Prints what happens; ends by itself once both are settled.
int run_jobs(const std::string& folder, bool deadly) {
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
  auto db = open_database(folder);
  base::SystemClock clock;
  auto queue = make_in_process_queue(*db, clock, {.workers = 1});
  JobKind poison{
      .name = "poison",
      .run = [&](JobContext& context) -> Result<void> {
        std::printf("attempt %d\n", context.job().attempts);
        if (deadly) _exit(77);
        return {};
      },
      .on_failed = [](const Job& job) { std::printf("failed: %s\n", job.error.c_str()); },
      .attempts_max = 3};
  queue->add_kind(std::move(poison));
  queue->add_kind({.name = "good", .run = [](JobContext&) -> Result<void> {
                     std::puts("good");
                     return {};
                   }});
  JobId first = *queue->enqueue("poison", "k", "", 0);
  JobId second = *queue->enqueue("good", "k", "", 0);
  if (!queue->start().ok()) return 1;
  auto settled = [&](JobId id) {
    JobState state = queue->find(id)->state;
    return state == JobState::kDone || state == JobState::kFailed;
  };
  if (!eventually([&] { return settled(first) && settled(second); })) return 1;
  queue->stop();
  std::printf("attempts %d\n", queue->find(first)->attempts);
  return 0;
}

std::vector<std::string> lines_of(base::testing::ChildProcess& child) {
  const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::vector<std::string> lines;
  while (auto line = child.read_line(soon)) lines.push_back(*line);
  return lines;
}

TEST(InProcessQueueCrash, APoisonedJobStopsAndTheOthersGoOn) {
  InProcessFixture fixture;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    base::testing::ChildProcess child({fixture.folder(), "deadly"}, {});
    EXPECT_EQ(lines_of(child), std::vector{"attempt " + std::to_string(attempt)});
    ASSERT_EQ(child.wait(), 77);
  }
  base::testing::ChildProcess child({fixture.folder(), "deadly"}, {});
  EXPECT_EQ(lines_of(child),
            (std::vector<std::string>{"failed: the process died during the last of 3 attempts",
                                      "good", "attempts 3"}));
  EXPECT_EQ(child.wait(), 0);
}

TEST(InProcessQueueCrash, AnInterruptedJobIsRunAgain) {
  InProcessFixture fixture;
  {
    base::testing::ChildProcess child({fixture.folder(), "deadly"}, {});
    lines_of(child);
    ASSERT_EQ(child.wait(), 77);
  }
  base::testing::ChildProcess child({fixture.folder(), "harmless"}, {});
  EXPECT_EQ(lines_of(child), (std::vector<std::string>{"attempt 2", "good", "attempts 2"}));
  EXPECT_EQ(child.wait(), 0);
}

}  // namespace
}  // namespace rondo::jobs

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "child") {
    return rondo::jobs::run_jobs(argv[2], std::string_view(argv[3]) == "deadly");
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
