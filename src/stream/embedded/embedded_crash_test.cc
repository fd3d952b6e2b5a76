// Kills a process that appends, and looks whether anything acknowledged is gone.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <semaphore>
#include <thread>

#include "base/failpoint.h"
#include "base/random.h"
#include "base/testing/child_process.h"
#include "stream/embedded/embedded_stream.h"

namespace rondo::stream {
namespace {

constexpr uint32_t kPartitions = 2;

EmbeddedOptions options_for(const std::string& dir) {
  return {.dir = dir, .partitions = kPartitions, .dedupe_window_messages = 1000};
}

// What the message must hold, so that the parent can tell.
std::string payload_of(const std::string& id) {
  base::Rng rng(base::stable_hash64(id));
  return std::string(1 + rng.below(2000), static_cast<char>('a' + rng.below(26))) + id;
}

// The child: appends without end, prints "partition offset id" for what was acknowledged, and
// "failed CODE" for what was not.
// arguments: directory, prefix of the ids, file size limit (0: none)
int append_for_ever(const std::string& dir, const std::string& prefix, rlim_t file_bytes_max) {
  base::arm_failpoints_from_environment();
  if (file_bytes_max > 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{file_bytes_max, file_bytes_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
  static const base::SystemClock clock;
  auto opened = open_embedded(options_for(dir), clock);
  if (!opened.ok()) {
    std::printf("error %s\n", opened.error().describe().c_str());
    return 1;
  }
  std::puts("open");
  Stream& log = **opened;
  std::counting_semaphore<64> in_flight(64);
  for (int i = 0;; ++i) {
    in_flight.acquire();
    const PartitionId partition(static_cast<uint64_t>(i) % kPartitions);
    std::vector<Message> batch;
    std::vector<std::string> ids;
    for (int j = 0; j <= i % 3; ++j) {
      ids.push_back(prefix + "/" + std::to_string(i) + "/" + std::to_string(j));
      batch.push_back({ids.back(), payload_of(ids.back())});
    }
    log.append(partition, std::move(batch), [&, partition, ids](auto result) {
      if (!result.ok()) {
        std::printf("failed %s\n", std::string(to_string(result.error().code())).c_str());
      } else {
        for (size_t k = 0; k < ids.size(); ++k) {
          std::printf("%d %llu %s\n", static_cast<int>(partition.value()),
                      static_cast<unsigned long long>((*result)[k].offset.value()), ids[k].c_str());
        }
      }
      in_flight.release();
    });
  }
}

class EmbeddedCrashTest : public testing::Test {
 protected:
  EmbeddedCrashTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rondo_crash_XXXXXX").string();
    RD_ASSERT(::mkdtemp(name.data()) != nullptr);
    dir_ = name;
  }
  ~EmbeddedCrashTest() override { std::filesystem::remove_all(dir_); }

  static std::chrono::steady_clock::time_point soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(20);
  }

  // Takes note of a line; true when it is an acknowledgement.
  bool note(const std::string& line) {
    unsigned partition = 0;
    unsigned long long offset = 0;
    char id[80];
    if (std::sscanf(line.c_str(), "%u %llu %79s", &partition, &offset, id) != 3) return false;
    auto [it, fresh] = acknowledged_[partition].emplace(offset, id);
    EXPECT_TRUE(fresh || it->second == id) << "offset " << offset << " was given twice";
    return true;
  }

  // Opens the log, reads all of it, and finds every acknowledged message in its place.
  void check_nothing_is_lost() {
    base::SystemClock clock;
    auto opened = open_embedded(options_for(dir_), clock);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    for (uint64_t p = 0; p < kPartitions; ++p) {
      std::vector<std::string> ids;
      const uint64_t end = (*opened)->state(PartitionId(p))->end.value();
      while (ids.size() < end) {
        auto messages = (*opened)->read(PartitionId(p), Offset(ids.size()), {});
        ASSERT_TRUE(messages.ok()) << messages.error().describe();
        for (const StoredMessage& message : *messages) {
          ASSERT_EQ(message.payload, payload_of(message.id));
          ids.push_back(message.id);
        }
      }
      for (const auto& [offset, id] : acknowledged_[p]) {
        ASSERT_LT(offset, end) << "partition " << p << " has lost " << id;
        ASSERT_EQ(ids[offset], id);
      }
    }
  }

  size_t acknowledged() const {
    size_t count = 0;
    for (const auto& partition : acknowledged_) count += partition.size();
    return count;
  }

  std::string dir_;
  std::map<uint64_t, std::string> acknowledged_[kPartitions];
};

TEST_F(EmbeddedCrashTest, NothingAcknowledgedIsLostWhenKilled) {
  base::Rng rng(7);
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    base::testing::ChildProcess child({dir_, "r" + std::to_string(round), "0"}, {});
    auto line = child.read_line(soon());
    ASSERT_EQ(line, "open");
    // A moment that depends on progress and on time: the child goes on while this thread reads.
    for (uint64_t left = rng.below(400); left > 0; --left) {
      line = child.read_line(soon());
      ASSERT_TRUE(line && note(*line)) << line.value_or("nothing came");
    }
    std::this_thread::sleep_for(std::chrono::microseconds(rng.below(20'000)));
    child.kill();
    while ((line = child.read_line(soon()))) note(*line);
    EXPECT_EQ(child.wait(), 128 + SIGKILL);
    check_nothing_is_lost();
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(acknowledged(), 1000u);
}

TEST_F(EmbeddedCrashTest, NothingAcknowledgedIsLostAtAnyStepOfACommit) {
  int round = 0;
  for (const char* point : {"stream.before_sync", "stream.after_sync", "stream.before_ack"}) {
    for (int hit : {1, 2, 17}) {
      SCOPED_TRACE(std::string(point) + "=" + std::to_string(hit));
      const size_t before = acknowledged();
      base::testing::ChildProcess child(
          {dir_, "f" + std::to_string(round++), "0"},
          {std::string("RONDO_FAILPOINTS=") + point + "=" + std::to_string(hit)});
      while (auto line = child.read_line(soon())) note(*line);
      EXPECT_EQ(child.wait(), 77);
      if (hit == 1) {
        EXPECT_EQ(acknowledged(), before);
      } else {
        EXPECT_GT(acknowledged(), before);
      }
      check_nothing_is_lost();
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(EmbeddedCrashTest, AfterAFailedWriteNothingIsTakenUntilItIsOpenedAnew) {
  base::testing::ChildProcess child({dir_, "full", "2000000"}, {});
  int failed = 0;
  bool acknowledged_after = false;
  while (failed < 100) {
    auto line = child.read_line(soon());
    ASSERT_TRUE(line.has_value());
    if (*line == "open") continue;
    if (line->starts_with("failed")) {
      EXPECT_EQ(*line, "failed unavailable");
      ++failed;
    } else {
      ASSERT_TRUE(note(*line)) << *line;
      acknowledged_after = acknowledged_after || failed > 0;
    }
  }
  child.kill();
  EXPECT_EQ(child.wait(), 128 + SIGKILL);
  EXPECT_FALSE(acknowledged_after);
  EXPECT_GT(acknowledged(), 100u);
  check_nothing_is_lost();
}

}  // namespace
}  // namespace rondo::stream

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "child") {
    return rondo::stream::append_for_ever(argv[2], argv[3], std::stoul(argv[4]));
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
