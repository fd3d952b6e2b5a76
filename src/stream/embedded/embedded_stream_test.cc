#include "stream/embedded/embedded_stream.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>

#include "stream/embedded/dedupe_window.h"
#include "stream/embedded/ends_file.h"
#include "stream/embedded/log_format.h"
#include "stream/stream_contract.h"

namespace rondo::stream {
namespace {

class EmbeddedFixture final : public StreamFixture {
 public:
  EmbeddedFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "rondo_log_XXXXXX").string();
    RD_ASSERT(::mkdtemp(name.data()) != nullptr);
    options.dir = std::filesystem::path(name) / "log";
    options.partitions = kPartitions;
    options.dedupe_window_messages = 10'000;
    options.queue_bytes_max = 2 << 20;
  }
  ~EmbeddedFixture() override { std::filesystem::remove_all(options.dir.parent_path()); }

  Result<std::unique_ptr<Stream>> open() override { return open_embedded(options, clock_); }
  base::ManualClock& clock() override { return clock_; }

  EmbeddedOptions options;

 private:
  base::ManualClock clock_{base::WallTime(std::chrono::hours(24 * 20'000))};
};

std::unique_ptr<StreamFixture> make_embedded() { return std::make_unique<EmbeddedFixture>(); }

INSTANTIATE_TEST_SUITE_P(Embedded, StreamContract, testing::Values(&make_embedded));

class EmbeddedStreamTest : public testing::Test {
 protected:
  std::unique_ptr<Stream> open() {
    auto opened = fixture_.open();
    EXPECT_TRUE(opened.ok()) << opened.error().describe();
    return opened.ok() ? std::move(*opened) : nullptr;
  }
  static Appended append(Stream& log, uint64_t partition, const std::string& id,
                         const std::string& payload) {
    auto done = append_and_wait(log, PartitionId(partition), {{id, payload}},
                                std::chrono::steady_clock::now() + std::chrono::seconds(20));
    EXPECT_TRUE(done.ok()) << done.error().describe();
    return done.ok() ? (*done)[0] : Appended{};
  }
  Error open_error() {
    auto opened = fixture_.open();
    EXPECT_FALSE(opened.ok());
    return opened.ok() ? base::internal("it opened") : opened.error();
  }
  std::filesystem::path dir() const { return fixture_.options.dir; }
  // Somebody changes what is stored behind the log's back.
  void tamper(const std::function<void(rocksdb::DB&)>& change) {
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::Options(), (dir() / "db").string(), &raw).ok());
    std::unique_ptr<rocksdb::DB> db(raw);
    change(*db);
  }
  std::filesystem::path newest_wal() const {
    std::filesystem::path newest;
    for (const auto& entry : std::filesystem::directory_iterator(dir() / "db")) {
      if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
    }
    return newest;
  }

  EmbeddedFixture fixture_;
};

TEST_F(EmbeddedStreamTest, TheNumberOfPartitionsIsFixed) {
  open();
  fixture_.options.partitions = 4;
  Error error = open_error();
  EXPECT_EQ(error.code(), ErrorCode::kConflict);
  EXPECT_NE(error.message().find("3 partitions"), std::string::npos) << error.message();
  fixture_.options.partitions = 4097;
  EXPECT_EQ(open_error().code(), ErrorCode::kInvalid);
  fixture_.options.partitions = 0;  // as it was created
  EXPECT_EQ(open()->partition_count(), 3u);
}

TEST_F(EmbeddedStreamTest, OneProcessAtATime) {
  auto log = open();
  EXPECT_EQ(open_error().code(), ErrorCode::kUnavailable);
}

TEST_F(EmbeddedStreamTest, BeyondTheWindowAnIdIsStoredAgain) {
  fixture_.options.dedupe_window_messages = 4;
  auto log = open();
  for (int i = 0; i < 5; ++i) append(*log, 0, std::to_string(i), "");
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(append(*log, 0, "1", "").duplicate);
    log.reset();
    log = open();
  }
  EXPECT_FALSE(append(*log, 0, "0", "").duplicate);
  EXPECT_FALSE(append(*log, 0, "1", "").duplicate);  // pushed out by that
  EXPECT_TRUE(append(*log, 0, "4", "").duplicate);
}

TEST_F(EmbeddedStreamTest, WhatRetentionRemovedIsForgotten) {
  auto log = open();
  append(*log, 0, "a", "12345");
  append(*log, 0, "b", "12345");
  ASSERT_TRUE(log->pin(PartitionId(0), Offset(1)).ok());
  ASSERT_EQ(*log->enforce(PartitionId(0), {.bytes_max = 5}), Offset(1));
  EXPECT_EQ(append(*log, 0, "a", "").offset, Offset(2));
  EXPECT_TRUE(append(*log, 0, "b", "").duplicate);
}

TEST(DedupeWindow, TheNewerOfTwoCountsAndOutlivesTheOlder) {
  DedupeWindow window(3, Offset(10));
  window.add("a");  // 10
  window.add("b");  // 11
  window.add("a");  // 12, as after an earlier, shorter window
  EXPECT_EQ(window.find("a"), Offset(12));
  window.add("c");  // 13, pushes 10 out
  EXPECT_EQ(window.find("a"), Offset(12));
  window.drop_before(Offset(13));
  EXPECT_EQ(window.find("a"), std::nullopt);
  EXPECT_EQ(window.find("b"), std::nullopt);
  EXPECT_EQ(window.find("c"), Offset(13));
}

TEST_F(EmbeddedStreamTest, EveryFlippedBitOfAMessageIsFound) {
  fixture_.options.dedupe_window_messages = 1;  // opening looks at the first and the last only
  {
    auto log = open();
    for (int i = 0; i < 3; ++i) append(*log, 0, "id" + std::to_string(i), "payload");
  }
  const std::string key = message_key(PartitionId(0), Offset(1));
  std::string sound;
  tamper([&](rocksdb::DB& db) { ASSERT_TRUE(db.Get({}, key, &sound).ok()); });
  for (size_t bit = 0; bit < sound.size() * 8; ++bit) {
    std::string damaged = sound;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_FALSE(decode_message(key, damaged).ok()) << "bit " << bit;
  }
  ASSERT_FALSE(decode_message(message_key(PartitionId(1), Offset(1)), sound).ok());

  // Through the log: the sound ones come, then the error names the place.
  sound.back() = static_cast<char>(sound.back() ^ 1);
  tamper([&](rocksdb::DB& db) { ASSERT_TRUE(db.Put({}, key, sound).ok()); });
  auto log = open();
  auto before = log->read(PartitionId(0), Offset(0), {});
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(before->size(), 1u);
  auto damaged = log->read(PartitionId(0), Offset(1), {});
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code(), ErrorCode::kCorrupt);
  EXPECT_NE(damaged.error().describe().find("offset 1"), std::string::npos);
  EXPECT_EQ(log->read(PartitionId(0), Offset(2), {})->size(), 1u);
}

TEST_F(EmbeddedStreamTest, AMissingMessageIsFound) {
  {
    auto log = open();
    for (int i = 0; i < 3; ++i) append(*log, 0, std::to_string(i), "payload");
  }
  tamper([&](rocksdb::DB& db) {
    ASSERT_TRUE(db.Delete({}, message_key(PartitionId(0), Offset(1))).ok());
  });
  EXPECT_EQ(open_error().code(), ErrorCode::kCorrupt);
}

// What RocksDB's recovery does in silence after damage to its write-ahead log.
TEST_F(EmbeddedStreamTest, ALostTailIsRefusedNotShortened) {
  {
    auto log = open();
    for (int i = 0; i < 50; ++i) append(*log, 0, std::to_string(i), std::string(100, 'x'));
  }
  const auto wal = newest_wal();
  const auto size = std::filesystem::file_size(wal);
  ASSERT_GT(size, 5'000u);
  std::filesystem::copy(dir(), dir().string() + ".sound", std::filesystem::copy_options::recursive);

  std::filesystem::resize_file(wal, size - 40);
  Error cut = open_error();
  EXPECT_EQ(cut.code(), ErrorCode::kCorrupt);
  EXPECT_NE(cut.message().find("lost acknowledged messages"), std::string::npos) << cut.message();

  // A flipped byte in the middle.
  std::filesystem::remove_all(dir());
  std::filesystem::copy(dir().string() + ".sound", dir(), std::filesystem::copy_options::recursive);
  {
    std::fstream file(newest_wal(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file.put('\x55');
  }
  EXPECT_EQ(open_error().code(), ErrorCode::kCorrupt);

  // No database at all, no ends at all.
  std::filesystem::remove_all(dir() / "db");
  EXPECT_EQ(open_error().code(), ErrorCode::kCorrupt);
  std::filesystem::remove_all(dir());
  std::filesystem::copy(dir().string() + ".sound", dir(), std::filesystem::copy_options::recursive);
  std::filesystem::remove(dir() / "ends");
  EXPECT_EQ(open_error().code(), ErrorCode::kCorrupt);

  // And the copy was sound indeed.
  std::filesystem::remove_all(dir());
  std::filesystem::copy(dir().string() + ".sound", dir(), std::filesystem::copy_options::recursive);
  auto log = open();
  EXPECT_EQ(log->state(PartitionId(0))->end, Offset(50));
}

TEST_F(EmbeddedStreamTest, EndsAreRecordedWhileTheLogIsOpen) {
  auto log = open();
  for (uint64_t i = 1; i <= 3; ++i) {
    append(*log, 1, std::to_string(i), "");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::vector<uint64_t> ends;
    while (ends != std::vector<uint64_t>{0, i, 0}) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      auto file = EndsFile::open(dir() / "ends");
      if (file.ok()) ends = file->ends();  // may be read while it is written
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

TEST_F(EmbeddedStreamTest, RetentionFreesSpace) {
  auto log = open();
  const std::string payload = [] {
    base::Rng rng(1);  // does not compress
    std::string bytes;
    while (bytes.size() < 1'000'000) bytes.push_back(static_cast<char>(rng.next()));
    return bytes;
  }();
  for (int i = 0; i < 80; ++i) append(*log, 0, std::to_string(i), payload);
  ASSERT_TRUE(log->pin(PartitionId(0), Offset(80)).ok());
  ASSERT_EQ(*log->enforce(PartitionId(0), {.bytes_max = 1'000'000}), Offset(79));
  log.reset();
  log = open();
  EXPECT_EQ(log->read(PartitionId(0), Offset(79), {})->size(), 1u);
  auto stored = [&] {
    uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dir() / "db")) {
      std::error_code gone;
      auto size = entry.file_size(gone);
      if (!gone) bytes += size;
    }
    return bytes;
  };
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (stored() > 50'000'000 && std::chrono::steady_clock::now() < deadline) {
    append(*log, 1, std::to_string(log->state(PartitionId(1))->end.value()), payload);
    ASSERT_TRUE(log->pin(PartitionId(1), log->state(PartitionId(1))->end).ok());
    ASSERT_TRUE(log->enforce(PartitionId(1), {.bytes_max = 1}).ok());
  }
  EXPECT_LT(stored(), 50'000'000u);
}

class EndsFileTest : public EmbeddedStreamTest {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir());
    path_ = dir() / "ends";
  }
  void flip(size_t at) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  }
  std::filesystem::path path_;
};

TEST_F(EndsFileTest, ATornWriteLeavesTheSlotBefore) {
  auto file = EndsFile::create(path_, 2);
  ASSERT_TRUE(file.ok());
  for (uint64_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(file->record(std::vector<uint64_t>{i, 10 * i}).ok());
    EXPECT_EQ(EndsFile::open(path_)->ends(), (std::vector<uint64_t>{i, 10 * i}));
  }
  flip(20);  // record 5 has sequence 6: the first slot
  EXPECT_EQ(EndsFile::open(path_)->ends(), (std::vector<uint64_t>{4, 40}));
  flip(4096 + 20);
  auto both = EndsFile::open(path_);
  ASSERT_FALSE(both.ok());
  EXPECT_EQ(both.error().code(), ErrorCode::kCorrupt);
}

TEST_F(EndsFileTest, ManyPartitionsAndForeignFiles) {
  std::vector<uint64_t> ends(4096);
  for (size_t i = 0; i < ends.size(); ++i) ends[i] = i;
  ASSERT_TRUE(EndsFile::create(path_, 4096)->record(ends).ok());
  EXPECT_EQ(EndsFile::open(path_)->ends(), ends);
  for (size_t size : {0, 1, 8191, 8192, 8193}) {
    std::ofstream(path_, std::ios::trunc) << std::string(size, 'x');
    EXPECT_EQ(EndsFile::open(path_).error().code(), ErrorCode::kCorrupt) << size;
  }
}

}  // namespace
}  // namespace rondo::stream
