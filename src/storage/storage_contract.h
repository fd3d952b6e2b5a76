// What every relational backend must keep (storage/database.h), as tests. A backend's test includes
// this header, and instantiates StorageContract with a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StorageContract, testing::Values(&make_sqlite_fixture));
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "storage/database.h"
#include "storage/outbox.h"
#include "storage/projection.h"
#include "storage/sequence.h"
#include "storage/storage_migrations.h"

namespace rondo::storage {

// A database of a test's own, which is gone with it.
class StorageFixture {
 public:
  virtual ~StorageFixture() = default;
  // Opens the same database again, after closing it. Waits are bounded by `busy_ms_max`.
  virtual Result<std::unique_ptr<Database>> open(int readers, int busy_ms_max) = 0;
};

class StorageContract : public testing::TestWithParam<std::unique_ptr<StorageFixture> (*)()> {
 protected:
  void SetUp() override {
    fixture_ = GetParam()();
    reopen(2, 2'000);
    static constexpr Migration kTables[] = {
        {"test", 1,
         "CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
         "CREATE TABLE children (id BIGINT NOT NULL PRIMARY KEY,"
         " parent_id BIGINT NOT NULL REFERENCES parents (id));"},
    };
    must(db_->migrate(kTables));
    must(db_->migrate(storage_migrations()));
  }

  void reopen(int readers, int busy_ms_max) {
    db_.reset();
    auto opened = fixture_->open(readers, busy_ms_max);
    ASSERT_TRUE(opened.ok()) << opened.error().describe();
    db_ = std::move(*opened);
  }

  static void must(const Result<void>& result) {
    ASSERT_TRUE(result.ok()) << result.error().describe();
  }

  Result<void> insert(long long id, const std::string& name) {
    return db_->write([&](soci::session& sql) -> Result<void> {
      sql << "INSERT INTO parents (id, name) VALUES (:id, :name)", soci::use(id), soci::use(name);
      return {};
    });
  }

  static long long count(soci::session& sql) {
    long long rows = 0;
    sql << "SELECT COUNT(*) FROM parents", soci::into(rows);
    return rows;
  }
  long long count() {
    auto rows = db_->read([&](soci::session& sql) -> Result<long long> { return count(sql); });
    EXPECT_TRUE(rows.ok());
    return rows.ok() ? *rows : -1;
  }

  std::unique_ptr<StorageFixture> fixture_;
  std::unique_ptr<Database> db_;
};

TEST_P(StorageContract, WhatIsCommittedStays) {
  must(insert(1, "one"));
  must(insert(2, std::string("z\xC3\xA9ro ' \" ; --")));
  reopen(2, 2'000);
  auto name = db_->read([&](soci::session& sql) -> Result<std::string> {
    std::string text;
    sql << "SELECT name FROM parents WHERE id = 2", soci::into(text);
    return text;
  });
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(*name, "z\xC3\xA9ro ' \" ; --");
}

TEST_P(StorageContract, IntegersKeepAll64Bits) {
  must(insert(std::numeric_limits<long long>::min(), "least"));
  must(insert(std::numeric_limits<long long>::max(), "most"));
  auto sum = db_->read([&](soci::session& sql) -> Result<long long> {
    long long least = 0;
    long long most = 0;
    sql << "SELECT MIN(id), MAX(id) FROM parents", soci::into(least), soci::into(most);
    return least + most;
  });
  ASSERT_TRUE(sum.ok());
  EXPECT_EQ(*sum, -1);
}

TEST_P(StorageContract, AnErrorOrAnExceptionRollsBack) {
  auto failed = db_->write([&](soci::session& sql) -> Result<void> {
    sql << "INSERT INTO parents (id, name) VALUES (1, 'one')";
    EXPECT_EQ(count(sql), 1);
    return base::denied("changed my mind");
  });
  EXPECT_EQ(failed.error().code(), ErrorCode::kDenied);
  EXPECT_EQ(failed.error().message(), "changed my mind");

  auto thrown = db_->write([&](soci::session& sql) -> Result<int> {
    sql << "INSERT INTO parents (id, name) VALUES (1, 'one')";
    throw std::runtime_error("broken");
  });
  EXPECT_EQ(thrown.error().code(), ErrorCode::kInternal);
  EXPECT_EQ(count(), 0);
  must(insert(1, "one"));  // the connection is usable
}

TEST_P(StorageContract, BrokenKeysAreConflictsWithoutTheValues) {
  must(insert(1, "secret-value"));
  auto twice = insert(2, "secret-value");
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(twice.error().reason(), "unique");
  EXPECT_EQ(twice.error().describe().find("secret-value"), std::string::npos)
      << twice.error().describe();
  EXPECT_EQ(insert(1, "other").error().reason(), "unique");

  auto orphan = db_->write([&](soci::session& sql) -> Result<void> {
    sql << "INSERT INTO children (id, parent_id) VALUES (1, 99)";
    return {};
  });
  ASSERT_FALSE(orphan.ok());
  EXPECT_EQ(orphan.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(orphan.error().reason(), "foreign_key");

  auto nonsense = db_->write([&](soci::session& sql) -> Result<void> {
    sql << "INSERT INTO nowhere VALUES (1)";
    return {};
  });
  EXPECT_EQ(nonsense.error().code(), ErrorCode::kInternal);
  EXPECT_EQ(count(), 1);
}

TEST_P(StorageContract, AReadIsASnapshotAndCannotWrite) {
  must(insert(1, "one"));
  auto seen = db_->read([&](soci::session& sql) -> Result<long long> {
    EXPECT_EQ(count(sql), 1);
    auto other = std::async(std::launch::async, [&] { return insert(2, "two"); });
    must(other.get());
    return count(sql);
  });
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(*seen, 1);
  EXPECT_EQ(count(), 2);

  auto writes = db_->read([&](soci::session& sql) -> Result<void> {
    sql << "INSERT INTO parents (id, name) VALUES (3, 'three')";
    return {};
  });
  EXPECT_FALSE(writes.ok());
  EXPECT_EQ(count(), 2);
}

TEST_P(StorageContract, WritersTakeTurns) {
  must(insert(0, "0"));
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::jthread> threads;
  std::atomic<int> failures{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        // Read, then write what was read: lost if two writers overlapped.
        auto done = db_->write([&](soci::session& sql) -> Result<void> {
          std::string name;
          sql << "SELECT name FROM parents WHERE id = 0", soci::into(name);
          name = std::to_string(std::stoi(name) + 1);
          sql << "UPDATE parents SET name = :name WHERE id = 0", soci::use(name);
          return {};
        });
        if (!done.ok()) ++failures;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(failures, 0);
  auto total = db_->read([&](soci::session& sql) -> Result<std::string> {
    std::string name;
    sql << "SELECT name FROM parents WHERE id = 0", soci::into(name);
    return name;
  });
  EXPECT_EQ(*total, std::to_string(kThreads * kEach));
}

TEST_P(StorageContract, WaitsAreBounded) {
  reopen(1, 50);
  std::latch held(2);
  std::promise<void> release;
  auto released = release.get_future().share();
  auto hold = [&](soci::session&) -> Result<void> {
    held.count_down();
    released.wait();
    return {};
  };
  std::jthread writer([&] { must(db_->write(hold)); });
  std::jthread reader([&] { must(db_->read(hold)); });
  held.wait();
  EXPECT_EQ(insert(1, "one").error().reason(), "busy");
  EXPECT_EQ(insert(1, "one").error().code(), ErrorCode::kUnavailable);
  auto read = db_->read([](soci::session&) -> Result<void> { return {}; });
  EXPECT_EQ(read.error().code(), ErrorCode::kUnavailable);
  release.set_value();
  writer.join();
  reader.join();
  must(insert(1, "one"));
}

TEST_P(StorageContract, ATransactionInsideATransactionIsRefused) {
  must(db_->write([&](soci::session&) -> Result<void> {
    EXPECT_EQ(insert(1, "one").error().code(), ErrorCode::kInternal);
    return {};
  }));
  must(insert(1, "one"));
}

TEST_P(StorageContract, MigratesStepByStepAndRefusesANewerDatabase) {
  const std::vector<Migration> both = {
      {"later", 1, "CREATE TABLE later (id BIGINT NOT NULL PRIMARY KEY)"},
      {"later", 2, "ALTER TABLE later ADD COLUMN name TEXT; INSERT INTO later VALUES (1, 'x')"},
  };
  must(db_->migrate(std::span(both).first(1)));
  must(db_->migrate(both));
  must(db_->migrate(both));  // nothing left to do
  auto rows = db_->read([](soci::session& sql) -> Result<int> {
    int n = 0;
    sql << "SELECT COUNT(*) FROM later WHERE name = 'x'", soci::into(n);
    return n;
  });
  EXPECT_EQ(*rows, 1);

  auto older = db_->migrate(std::span(both).first(1));
  ASSERT_FALSE(older.ok());
  EXPECT_EQ(older.error().reason(), "schema_newer");

  // All or nothing.
  const std::vector<Migration> broken = {
      both[0], both[1], {"later", 3, "CREATE TABLE half (id BIGINT); NONSENSE"}};
  EXPECT_FALSE(db_->migrate(broken).ok());
  must(db_->migrate(both));
  auto half = db_->read([](soci::session& sql) -> Result<void> {
    sql << "SELECT COUNT(*) FROM half";
    return {};
  });
  EXPECT_FALSE(half.ok());

  EXPECT_EQ(db_->migrate(std::span(both).last(1)).error().code(), ErrorCode::kInvalid);
}

TEST_P(StorageContract, SequencesCountOverTransactions) {
  auto next = [&](bool keep) {
    uint64_t number = 0;
    auto done = db_->write([&](soci::session& sql) -> Result<void> {
      RD_TRY(number, next_in_sequence(sql, "s"));
      if (!keep) return base::denied("rolled back");
      return {};
    });
    EXPECT_EQ(done.ok(), keep);
    return number;
  };
  EXPECT_EQ(next(true), 1u);
  EXPECT_EQ(next(false), 2u);
  EXPECT_EQ(next(true), 2u);
  EXPECT_EQ(next(true), 3u);
}

TEST_P(StorageContract, TheOutboxSharesTheDomainsTransaction) {
  const std::string binary("\0\xff'\n", 4);
  auto put = [&](const std::string& id, std::optional<PartitionId> partition, bool keep) {
    return db_->write([&](soci::session& sql) -> Result<void> {
      RD_CHECK(outbox_put(
          sql, {.message_id = id, .partition = partition, .payload = binary, .created_us = 5}));
      if (!keep) return base::denied("rolled back");
      return {};
    });
  };
  must(put("a", {}, true));
  EXPECT_FALSE(put("b", {}, false).ok());
  must(put("c", PartitionId(3), true));
  must(put("c", PartitionId(4), true));
  must(put("c", PartitionId(3), true));  // waits already
  EXPECT_EQ(put("", {}, true).error().code(), ErrorCode::kInvalid);

  auto peek = [&](size_t max) {
    auto messages = db_->read([&](soci::session& sql) { return outbox_peek(sql, max); });
    EXPECT_TRUE(messages.ok());
    return std::move(*messages);
  };
  auto waiting = peek(10);
  ASSERT_EQ(waiting.size(), 3u);
  EXPECT_EQ(waiting[0].message_id, "a");
  EXPECT_EQ(waiting[0].partition, std::nullopt);
  EXPECT_EQ(waiting[0].payload, binary);
  EXPECT_EQ(waiting[0].created_us, 5u);
  EXPECT_EQ(waiting[1].partition, PartitionId(3));
  EXPECT_EQ(waiting[2].partition, PartitionId(4));
  EXPECT_EQ(peek(1).size(), 1u);

  for (int twice = 0; twice < 2; ++twice) {
    must(db_->write([&](soci::session& sql) { return outbox_done(sql, waiting[0].id); }));
  }
  EXPECT_EQ(peek(10).size(), 2u);
  must(put("d", {}, true));
  EXPECT_EQ(peek(10).back().message_id, "d");
  auto size = db_->read([](soci::session& sql) { return outbox_size(sql); });
  EXPECT_EQ(*size, 3u);
}

TEST_P(StorageContract, AProjectionCountsEachMessageOnce) {
  auto fold = [&](uint64_t from, uint64_t next) {
    return db_->write([&](soci::session& sql) -> Result<void> {
      long long id = static_cast<long long>(from);
      std::string name = std::to_string(from);
      sql << "INSERT INTO parents (id, name) VALUES (:id, :name)", soci::use(id), soci::use(name);
      return advance_projection(sql, "counts", PartitionId(1), Offset(from), Offset(next));
    });
  };
  auto at = [&](uint64_t partition) {
    auto offset = db_->read([&](soci::session& sql) {
      return projection_offset(sql, "counts", PartitionId(partition));
    });
    return offset->value();
  };
  EXPECT_EQ(at(1), 0u);
  must(fold(0, 10));
  must(fold(10, 12));
  reopen(2, 2'000);
  EXPECT_EQ(at(1), 12u);
  EXPECT_EQ(at(2), 0u);
  EXPECT_EQ(fold(11, 13).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(count(), 2);  // its rows were rolled back with it
  must(db_->write([](soci::session& sql) {
    return set_projection_offset(sql, "counts", PartitionId(1), Offset(0));
  }));
  EXPECT_EQ(at(1), 0u);
}

}  // namespace rondo::storage
