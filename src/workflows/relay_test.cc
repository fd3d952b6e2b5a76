#include "workflows/relay.h"

#include <sys/wait.h>

#include <atomic>
#include <cstdlib>

#include "base/failpoint.h"
#include "workflows/workflows_fixture.h"

namespace rondo::workflows {
namespace {

using Epochs = std::vector<uint64_t>;

class RelayTest : public WorkflowsFixture {};

// Refuses the next appends to one partition, then behaves.
class FlakyStream : public stream::Stream {
 public:
  explicit FlakyStream(stream::Stream& inner) : inner_(inner) {}
  uint32_t partition_count() const override { return inner_.partition_count(); }
  void append(PartitionId partition, std::vector<stream::Message> batch,
              stream::AppendHandler done) override {
    if (partition == bad_partition && failures_left.fetch_sub(1) > 0) {
      done(unavailable("the log is broken for now"));
      return;
    }
    inner_.append(partition, std::move(batch), std::move(done));
  }
  Result<std::vector<stream::StoredMessage>> read(PartitionId partition, Offset from,
                                                  stream::ReadLimits limits) const override {
    return inner_.read(partition, from, limits);
  }
  Result<stream::PartitionState> state(PartitionId partition) const override {
    return inner_.state(partition);
  }
  Result<Offset> wait_beyond(PartitionId partition, Offset seen,
                             base::Deadline deadline) const override {
    return inner_.wait_beyond(partition, seen, deadline);
  }
  Result<void> pin(PartitionId partition, Offset from) override {
    return inner_.pin(partition, from);
  }
  Result<Offset> enforce(PartitionId partition, const stream::Retention& retention) override {
    return inner_.enforce(partition, retention);
  }

  PartitionId bad_partition{1};
  std::atomic<int> failures_left{0};

 private:
  stream::Stream& inner_;
};

TEST_F(RelayTest, BringsMessagesToTheirDestinationsInOrder) {
  open();
  put("a", std::nullopt, 1);
  put("b", PartitionId(1), 2);
  put("c", std::nullopt, 3);
  Relay relay(*database_, *stream_, {});
  EXPECT_EQ(relay.relay_batch().value(), 3u);
  EXPECT_EQ(epochs(0), (Epochs{1, 3}));
  EXPECT_EQ(epochs(1), (Epochs{1, 2, 3}));
  EXPECT_EQ(epochs(2), (Epochs{1, 3}));
  EXPECT_EQ(outbox_size(), 0u);
  EXPECT_EQ(relay.relay_batch().value(), 0u);
}

TEST_F(RelayTest, WorksInBoundedBatches) {
  open();
  for (uint64_t i = 1; i <= 10; ++i) put("m" + std::to_string(i), PartitionId(0), i);
  RelayOptions options;
  options.batch_messages_max = 4;
  Relay by_number(*database_, *stream_, options);
  EXPECT_EQ(by_number.relay_batch().value(), 4u);
  options.batch_messages_max = 100;
  options.batch_bytes_max = 1;
  Relay by_bytes(*database_, *stream_, options);
  EXPECT_EQ(by_bytes.relay_batch().value(), 1u) << "one is taken all the same";
  Relay rest(*database_, *stream_, {});
  EXPECT_EQ(rest.relay_batch().value(), 5u);
  EXPECT_EQ(epochs(0), (Epochs{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST_F(RelayTest, ANotificationWakesIt) {
  open();
  RelayOptions options;
  options.poll_every = std::chrono::hours(1);
  Relay relay(*database_, *stream_, options);
  relay.start();
  for (uint64_t i = 1; i <= 20; ++i) {
    put("m" + std::to_string(i), PartitionId(i % 3), i);
    relay.notify();
    ASSERT_TRUE(relay.wait_empty(in_seconds(10)).ok());
  }
  relay.stop();
  EXPECT_EQ(relay.stats().relayed, 20u);
  EXPECT_EQ(epochs(1), (Epochs{1, 4, 7, 10, 13, 16, 19}));
}

TEST_F(RelayTest, FindsByItselfWhatNobodyTold) {
  open();
  RelayOptions options;
  options.poll_every = std::chrono::milliseconds(5);
  Relay relay(*database_, *stream_, options);
  relay.start();
  put("a", std::nullopt, 1);
  EXPECT_TRUE(relay.wait_empty(in_seconds(10)).ok());
}

TEST_F(RelayTest, WhatFailsIsTriedAgainAndNothingOvertakes) {
  open();
  FlakyStream flaky(*stream_);
  flaky.failures_left = 3;
  RelayOptions options;
  options.poll_every = std::chrono::milliseconds(5);
  options.backoff_first = std::chrono::milliseconds(1);
  Relay relay(*database_, flaky, options);
  for (uint64_t i = 1; i <= 5; ++i) put("m" + std::to_string(i), std::nullopt, i);
  relay.start();
  ASSERT_TRUE(relay.wait_empty(in_seconds(10)).ok());
  relay.stop();
  EXPECT_EQ(relay.stats().failures, 3u);
  for (uint64_t p = 0; p < kPartitions; ++p) EXPECT_EQ(epochs(p), (Epochs{1, 2, 3, 4, 5})) << p;
}

TEST_F(RelayTest, WhatCannotBeRelayedStaysAndIsSaid) {
  open();
  FlakyStream flaky(*stream_);
  flaky.failures_left = 1'000'000;
  Relay relay(*database_, flaky, {});
  put("a", PartitionId(1), 1);
  auto failed = relay.relay_batch();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().describe(), "partition 1: the log is broken for now");
  EXPECT_EQ(outbox_size(), 1u);
  relay.start();
  EXPECT_EQ(relay.wait_empty(in_seconds(0)).error().code(), ErrorCode::kUnavailable);
  relay.stop();
}

// The process dies at a failpoint; the next one finishes the work, and the log has it once.
class RelayCrash : public WorkflowsFixture, public testing::WithParamInterface<const char*> {};

TEST_P(RelayCrash, NothingIsLostOrDoubled) {
  open_database();
  put("a", std::nullopt, 1);
  put("b", PartitionId(2), 2);
  put("c", std::nullopt, 3);
  close();

  pid_t child = ::fork();
  if (child == 0) {
    ::setenv("RONDO_FAILPOINTS", GetParam(), 1);
    base::arm_failpoints_from_environment();
    open();
    Relay relay(*database_, *stream_, {});
    static_cast<void>(relay.relay_batch());
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 77);

  open();
  EXPECT_EQ(outbox_size(), 3u);
  Relay relay(*database_, *stream_, {});
  EXPECT_EQ(relay.relay_batch().value(), 3u);
  EXPECT_EQ(outbox_size(), 0u);
  EXPECT_EQ(epochs(0), (Epochs{1, 3}));
  EXPECT_EQ(epochs(1), (Epochs{1, 3}));
  EXPECT_EQ(epochs(2), (Epochs{1, 2, 3}));
}

INSTANTIATE_TEST_SUITE_P(Failpoints, RelayCrash,
                         testing::Values("outbox.before_append=1", "outbox.after_append=1"));

}  // namespace
}  // namespace rondo::workflows
