// What every log backend must keep (stream/stream.h), as tests. A backend's test includes this
// header and instantiates StreamContract with a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Embedded, StreamContract, testing::Values(&make_embedded_fixture));
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "stream/stream.h"

namespace rondo::stream {

// A log of a test's own, which is gone with it.
class StreamFixture {
 public:
  virtual ~StreamFixture() = default;
  // The same log again, after closing it. The dedupe window covers at least 10,000 messages; the
  // queue takes about 2 MiB.
  virtual Result<std::unique_ptr<Stream>> open() = 0;
  virtual base::ManualClock& clock() = 0;  // what messages are stamped by
  static constexpr uint32_t kPartitions = 3;
};

class StreamContract : public testing::TestWithParam<std::unique_ptr<StreamFixture> (*)()> {
 protected:
  void SetUp() override {
    fixture_ = GetParam()();
    reopen();
  }

  void reopen() {
    log_.reset();
    auto opened = fixture_->open();
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    log_ = std::move(*opened);
  }

  static base::Deadline soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(20);
  }

  std::vector<Appended> append(uint64_t partition, std::vector<Message> batch) {
    auto done = append_and_wait(*log_, PartitionId(partition), std::move(batch), soon());
    EXPECT_TRUE(done.ok()) << done.error().describe();
    return done.ok() ? *done : std::vector<Appended>();
  }
  std::vector<StoredMessage> read(uint64_t partition, uint64_t from, ReadLimits limits = {}) {
    auto messages = log_->read(PartitionId(partition), Offset(from), limits);
    EXPECT_TRUE(messages.ok()) << messages.error().describe();
    return messages.ok() ? std::move(*messages) : std::vector<StoredMessage>();
  }
  PartitionState state(uint64_t partition) { return *log_->state(PartitionId(partition)); }

  static std::vector<Message> numbered(int from, int count) {
    std::vector<Message> batch;
    for (int i = from; i < from + count; ++i) {
      batch.push_back({"id/" + std::to_string(i), "payload " + std::to_string(i)});
    }
    return batch;
  }

  std::unique_ptr<StreamFixture> fixture_;
  std::unique_ptr<Stream> log_;
};

TEST_P(StreamContract, OffsetsCountFromZeroInEachPartition) {
  EXPECT_EQ(log_->partition_count(), StreamFixture::kPartitions);
  EXPECT_EQ(state(0).end, Offset(0));
  auto first = append(0, numbered(0, 3));
  ASSERT_EQ(first.size(), 3u);
  for (uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(first[i].offset, Offset(i));
    EXPECT_FALSE(first[i].duplicate);
  }
  EXPECT_EQ(append(1, numbered(0, 1))[0].offset, Offset(0));
  EXPECT_EQ(append(0, numbered(3, 1))[0].offset, Offset(3));
  EXPECT_EQ(state(0).end, Offset(4));
  EXPECT_EQ(state(0).bytes, 4 * std::string("payload 0").size());
  EXPECT_EQ(state(2).end, Offset(0));
}

TEST_P(StreamContract, ReadsBackWhatWasAppendedAlsoAfterReopening) {
  const std::string binary("\0\xff\n", 3);
  fixture_->clock().advance(std::chrono::seconds(5));
  const uint64_t stamp = fixture_->clock().now_us();
  append(0, {{"a", binary}, {"b", ""}, {std::string(kMessageIdBytesMax, 'i'), "c"}});
  for (int round = 0; round < 2; ++round) {
    auto messages = read(0, 0);
    ASSERT_EQ(messages.size(), 3u);
    EXPECT_EQ(messages[0].payload, binary);
    EXPECT_EQ(messages[0].id, "a");
    EXPECT_EQ(messages[0].appended_us, stamp);
    EXPECT_EQ(messages[1].payload, "");
    EXPECT_EQ(messages[2].id, std::string(kMessageIdBytesMax, 'i'));
    EXPECT_EQ(messages[2].offset, Offset(2));
    EXPECT_EQ(read(0, 2).size(), 1u);
    EXPECT_TRUE(read(0, 3).empty());
    EXPECT_TRUE(read(1, 0).empty());
    EXPECT_EQ(log_->read(PartitionId(0), Offset(4), {}).error().code(), ErrorCode::kInvalid);
    reopen();
  }
}

TEST_P(StreamContract, TheLargestMessageFits) {
  const std::string large(kMessageBytesMax, 'x');
  append(0, {{"a", large}, {"b", "small"}});
  EXPECT_EQ(read(0, 0)[0].payload, large);
  // The limit is below one message; one comes all the same.
  EXPECT_EQ(read(0, 0, {.messages_max = 10, .bytes_max = 1}).size(), 1u);
  EXPECT_EQ(read(0, 0, {.messages_max = 1}).size(), 1u);
  EXPECT_EQ(read(0, 0, {.messages_max = 10, .bytes_max = kMessageBytesMax + 5}).size(), 2u);
}

TEST_P(StreamContract, RefusesWhatBreaksALimit) {
  auto refused = [&](uint64_t partition, std::vector<Message> batch) {
    bool same_thread = false;
    ErrorCode code = ErrorCode::kInternal;
    log_->append(PartitionId(partition), std::move(batch), [&](auto result) {
      same_thread = true;
      ASSERT_FALSE(result.ok());
      code = result.error().code();
    });
    EXPECT_TRUE(same_thread);
    return code;
  };
  EXPECT_EQ(refused(0, {}), ErrorCode::kInvalid);
  EXPECT_EQ(refused(0, {{"", "x"}}), ErrorCode::kInvalid);
  EXPECT_EQ(refused(0, {{"ok", "x"}, {std::string(kMessageIdBytesMax + 1, 'i'), "x"}}),
            ErrorCode::kInvalid);
  EXPECT_EQ(refused(0, {{"a", std::string(kMessageBytesMax + 1, 'x')}}), ErrorCode::kInvalid);
  EXPECT_EQ(refused(StreamFixture::kPartitions, {{"a", "x"}}), ErrorCode::kInvalid);
  EXPECT_EQ(log_->state(PartitionId(99)).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(log_->read(PartitionId(99), Offset(0), {}).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(state(0).end, Offset(0));
}

TEST_P(StreamContract, AMessageIdIsStoredOnce) {
  append(0, numbered(0, 5));
  // New and old mixed, one twice within the batch.
  auto mixed = append(0, {{"id/3", "changed"}, {"new", "n"}, {"id/0", "x"}, {"new", "again"}});
  ASSERT_EQ(mixed.size(), 4u);
  EXPECT_EQ(mixed[0].offset, Offset(3));
  EXPECT_TRUE(mixed[0].duplicate);
  EXPECT_EQ(mixed[1].offset, Offset(5));
  EXPECT_FALSE(mixed[1].duplicate);
  EXPECT_EQ(mixed[2].offset, Offset(0));
  EXPECT_EQ(mixed[3].offset, Offset(5));
  EXPECT_TRUE(mixed[3].duplicate);
  EXPECT_EQ(read(0, 0).size(), 6u);
  EXPECT_EQ(read(0, 3)[0].payload, "payload 3");  // the first wins
  // Ids are a partition's own.
  EXPECT_FALSE(append(1, numbered(0, 1))[0].duplicate);
  reopen();
  EXPECT_TRUE(append(0, numbered(4, 1))[0].duplicate);
  EXPECT_EQ(state(0).end, Offset(6));
}

TEST_P(StreamContract, ConcurrentAppendersKeepTheirOwnOrder) {
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  std::atomic<int> acknowledged{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          std::string id = std::to_string(t) + "/" + std::to_string(i);
          log_->append(PartitionId(0), {{id, id}}, [&](auto result) {
            ASSERT_TRUE(result.ok());
            ++acknowledged;
          });
        }
      });
    }
  }
  Offset end;
  while (end < Offset(kThreads * kEach)) {
    auto waited = log_->wait_beyond(PartitionId(0), end, soon());
    ASSERT_TRUE(waited.ok());
    ASSERT_GT(*waited, end) << "the appends did not come through in time";
    end = *waited;
  }
  std::vector<int> next(kThreads, 0);
  for (const StoredMessage& message : read(0, 0)) {
    size_t slash = message.payload.find('/');
    int thread = std::stoi(message.payload.substr(0, slash));
    EXPECT_EQ(std::stoi(message.payload.substr(slash + 1)), next[static_cast<size_t>(thread)]++);
  }
  log_.reset();  // waits for the handlers
  EXPECT_EQ(acknowledged, kThreads * kEach);
}

TEST_P(StreamContract, ClosingCommitsWhatIsQueued) {
  std::atomic<int> acknowledged{0};
  for (int i = 0; i < 500; ++i) {
    log_->append(PartitionId(i % 3), numbered(i, 1), [&](auto result) {
      if (result.ok()) ++acknowledged;
    });
  }
  reopen();
  EXPECT_EQ(acknowledged, 500);
  EXPECT_EQ(state(0).end.value() + state(1).end.value() + state(2).end.value(), 500u);
}

TEST_P(StreamContract, TheQueueIsBounded) {
  // The handler holds the log's thread, so that the queue fills.
  std::promise<void> release;
  std::promise<void> held;
  log_->append(PartitionId(0), {{"hold", ""}}, [&](auto) {
    held.set_value();
    release.get_future().wait();
  });
  ASSERT_EQ(held.get_future().wait_until(soon()), std::future_status::ready);
  std::atomic<int> stored{0};
  std::optional<Error> refusal;
  int sent = 0;
  for (; !refusal && sent < 1000; ++sent) {
    log_->append(PartitionId(0), {{"id/" + std::to_string(sent), std::string(100'000, 'x')}},
                 [&](auto result) {
                   if (result.ok()) {
                     ++stored;
                   } else {
                     refusal = result.error();
                   }
                 });
  }
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code(), ErrorCode::kExhausted);
  release.set_value();
  log_.reset();
  EXPECT_EQ(stored, sent - 1);
  reopen();
  EXPECT_EQ(state(0).end, Offset(static_cast<uint64_t>(sent)));  // with "hold"
}

TEST_P(StreamContract, WaitsForTheEndToMove) {
  auto past = std::chrono::steady_clock::now();
  EXPECT_EQ(*log_->wait_beyond(PartitionId(0), Offset(0), past), Offset(0));
  auto waiting = std::async(std::launch::async,
                            [&] { return log_->wait_beyond(PartitionId(0), Offset(1), soon()); });
  append(1, numbered(0, 5));
  append(0, numbered(0, 1));
  append(0, numbered(1, 1));
  auto end = waiting.get();
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(*end, Offset(2));
  EXPECT_EQ(*log_->wait_beyond(PartitionId(0), Offset(1), past), Offset(2));
}

TEST_P(StreamContract, RetentionRemovesPrefixesBelowThePin) {
  append(0, numbered(0, 10));                                              // 9 bytes each
  EXPECT_EQ(*log_->enforce(PartitionId(0), {.bytes_max = 1}), Offset(0));  // nothing pinned yet
  ASSERT_TRUE(log_->pin(PartitionId(0), Offset(6)).ok());
  EXPECT_EQ(log_->pin(PartitionId(0), Offset(5)).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(log_->pin(PartitionId(0), Offset(11)).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(*log_->enforce(PartitionId(0), {}), Offset(0));  // no limit
  EXPECT_EQ(*log_->enforce(PartitionId(0), {.bytes_max = 7 * 9}), Offset(3));
  EXPECT_EQ(*log_->enforce(PartitionId(0), {.bytes_max = 1}), Offset(6));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(state(0).first, Offset(6));
    EXPECT_EQ(state(0).bytes, 4 * 9u);
    auto gone = log_->read(PartitionId(0), Offset(5), {});
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().code(), ErrorCode::kNotFound);
    EXPECT_NE(gone.error().message().find("6"), std::string::npos);
    EXPECT_EQ(read(0, 6).size(), 4u);
    reopen();
  }
  // All may go: the end stays.
  ASSERT_TRUE(log_->pin(PartitionId(0), Offset(10)).ok());
  EXPECT_EQ(*log_->enforce(PartitionId(0), {.bytes_max = 1}), Offset(10));
  reopen();
  EXPECT_EQ(state(0).first, Offset(10));
  EXPECT_EQ(append(0, numbered(10, 1))[0].offset, Offset(10));
  EXPECT_EQ(state(1).end, Offset(0));
}

TEST_P(StreamContract, RetentionByAge) {
  append(0, numbered(0, 2));
  fixture_->clock().advance(std::chrono::hours(1));
  append(0, numbered(2, 2));
  ASSERT_TRUE(log_->pin(PartitionId(0), Offset(4)).ok());
  EXPECT_EQ(*log_->enforce(PartitionId(0), {.age_max = std::chrono::hours(2)}), Offset(0));
  fixture_->clock().advance(std::chrono::minutes(70));
  EXPECT_EQ(*log_->enforce(PartitionId(0), {.age_max = std::chrono::hours(2)}), Offset(2));
  fixture_->clock().advance(std::chrono::hours(3));
  EXPECT_EQ(*log_->enforce(PartitionId(0), {.age_max = std::chrono::hours(2)}), Offset(4));
}

TEST_P(StreamContract, ReadersAndRetentionDoNotDisturbOneAnother) {
  for (int i = 0; i < 20; ++i) append(0, numbered(i * 100, 100));
  std::atomic<bool> done{false};
  std::jthread reader([&] {
    while (!done) {
      Offset from = log_->state(PartitionId(0))->first;
      auto messages = log_->read(PartitionId(0), from, {.messages_max = 50});
      if (messages.ok()) {
        for (size_t i = 0; i < messages->size(); ++i) {
          EXPECT_EQ((*messages)[i].offset.value(), from.value() + i);
        }
      } else {
        EXPECT_EQ(messages.error().code(), ErrorCode::kNotFound) << messages.error().describe();
      }
    }
  });
  for (uint64_t keep = 0; keep <= 2000; keep += 40) {
    ASSERT_TRUE(log_->pin(PartitionId(0), Offset(keep)).ok());
    ASSERT_TRUE(log_->enforce(PartitionId(0), {.bytes_max = 1}).ok());
  }
  done = true;
}

// The real thing beside a list of messages, under random operations.
TEST_P(StreamContract, BehavesLikeAListOfMessages) {
  struct Model {
    std::vector<Message> messages;
    std::map<std::string, uint64_t> offsets;
    uint64_t first = 0;
    uint64_t pin = 0;
  };
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    log_.reset();
    fixture_ = GetParam()();
    reopen();
    base::Rng rng(seed);
    std::vector<Model> models(StreamFixture::kPartitions);
    int next_id = 0;
    for (int step = 0; step < 150; ++step) {
      const uint64_t p = rng.below(models.size());
      Model& model = models[p];
      const uint64_t end = model.messages.size();
      switch (rng.below(12)) {
        case 0:
          reopen();
          for (Model& each : models) each.pin = each.first;
          break;
        case 1: {  // pin, then enforce by size
          model.pin = model.pin + rng.below(end - model.pin + 1);
          ASSERT_TRUE(log_->pin(PartitionId(p), Offset(model.pin)).ok());
          const uint64_t bytes_max = 1 + rng.below(3000);
          uint64_t bytes = 0;
          for (uint64_t i = model.first; i < end; ++i) bytes += model.messages[i].payload.size();
          while (model.first < model.pin && bytes > bytes_max) {
            bytes -= model.messages[model.first].payload.size();
            model.offsets.erase(model.messages[model.first].id);
            ++model.first;
          }
          auto first = log_->enforce(PartitionId(p), {.bytes_max = bytes_max});
          ASSERT_TRUE(first.ok());
          ASSERT_EQ(*first, Offset(model.first));
          break;
        }
        case 2:
        case 3:
        case 4:
        case 5:
        case 6: {
          std::vector<Message> batch;
          for (uint64_t i = 0, count = 1 + rng.below(20); i < count; ++i) {
            const bool again = rng.below(4) == 0 && end > model.first;
            batch.push_back({again ? model.messages[model.first + rng.below(end - model.first)].id
                                   : "id/" + std::to_string(next_id++),
                             std::string(rng.below(200), static_cast<char>('a' + rng.below(26)))});
          }
          std::vector<Appended> appended = append(p, batch);
          ASSERT_EQ(appended.size(), batch.size());
          for (size_t i = 0; i < batch.size(); ++i) {
            auto [it, fresh] = model.offsets.emplace(batch[i].id, model.messages.size());
            if (fresh) model.messages.push_back(batch[i]);
            ASSERT_EQ(appended[i].offset, Offset(it->second));
            ASSERT_EQ(appended[i].duplicate, !fresh);
          }
          break;
        }
        default: {
          const uint64_t from = rng.below(end + 2);
          const ReadLimits limits{.messages_max = 1 + rng.below(50), .bytes_max = rng.below(2000)};
          auto messages = log_->read(PartitionId(p), Offset(from), limits);
          if (from < model.first || from > end) {
            ASSERT_FALSE(messages.ok());
            ASSERT_EQ(messages.error().code(),
                      from > end ? ErrorCode::kInvalid : ErrorCode::kNotFound);
            break;
          }
          ASSERT_TRUE(messages.ok());
          uint64_t bytes = 0;
          uint64_t at = from;
          for (; at < end && at - from < limits.messages_max; ++at) {
            bytes += model.messages[at].payload.size();
            if (at > from && bytes > limits.bytes_max) break;
          }
          ASSERT_EQ(messages->size(), at - from);
          for (size_t i = 0; i < messages->size(); ++i) {
            ASSERT_EQ((*messages)[i].offset, Offset(from + i));
            ASSERT_EQ((*messages)[i].id, model.messages[from + i].id);
            ASSERT_EQ((*messages)[i].payload, model.messages[from + i].payload);
          }
        }
      }
      ASSERT_EQ(state(p).first, Offset(model.first));
      ASSERT_EQ(state(p).end, Offset(model.messages.size()));
    }
  }
}

}  // namespace rondo::stream
