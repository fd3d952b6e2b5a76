// For tests: database and log on disk, in a folder of the test's own, which can be closed and
// opened again as after a crash.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "accounts/schema.h"
#include "base/random.h"
#include "catalogue/catalogue.h"
#include "catalogue/schema.h"
#include "records/envelope.h"
#include "records/routing.h"
#include "social/social.h"
#include "storage/outbox.h"
#include "storage/sqlite/sqlite_database.h"
#include "storage/storage_migrations.h"
#include "stream/embedded/embedded_stream.h"

namespace rondo::workflows {

inline base::Deadline in_seconds(int seconds) {
  return std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
}

class WorkflowsFixture : public testing::Test {
 protected:
  static constexpr uint32_t kPartitions = 3;

  WorkflowsFixture()
      : folder_(std::filesystem::temp_directory_path() /
                ("rondo_workflows_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~WorkflowsFixture() override {
    close();
    std::filesystem::remove_all(folder_);
  }

  void open_database() {
    database_ = storage::open_sqlite({.path = folder_ / "rondo.db"}).value();
    std::vector<storage::Migration> all;
    for (const auto& module : {storage::storage_migrations(), accounts::migrations(),
                               social::migrations(), catalogue::migrations()}) {
      all.insert(all.end(), module.begin(), module.end());
    }
    database_->migrate(all).value();
    catalogue_ = std::make_unique<catalogue::Catalogue>(*database_, clock_, random_);
  }
  void open_stream() {
    stream_ =
        stream::open_embedded({.dir = folder_ / "log", .partitions = kPartitions}, clock_).value();
  }
  void open() {
    open_database();
    open_stream();
  }
  void close() {
    catalogue_.reset();
    stream_.reset();
    database_.reset();
  }

  // A record in an envelope that says `epoch` when read back.
  static std::string tick(uint64_t epoch) {
    log::v1::Record record;
    record.mutable_tick()->set_epoch(epoch);
    return records::seal(record, epoch);
  }
  void put(const std::string& id, std::optional<PartitionId> partition, uint64_t epoch) {
    database_
        ->write([&](soci::session& sql) {
          return storage::outbox_put(sql, {0, id, partition, tick(epoch), epoch});
        })
        .value();
  }
  uint64_t outbox_size() {
    return database_->read([](soci::session& sql) { return storage::outbox_size(sql); }).value();
  }
  std::vector<uint64_t> epochs(uint64_t partition) {
    std::vector<uint64_t> found;
    auto messages = stream_->read(PartitionId(partition), Offset(0), stream::ReadLimits()).value();
    for (const auto& message : messages) {
      found.push_back(records::open(message.payload).value().record.tick().epoch());
    }
    return found;
  }

  std::filesystem::path folder_;
  base::ManualClock clock_{base::from_rfc3339("2026-03-01T12:00:00Z").value()};
  base::SecureRandom random_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<stream::Stream> stream_;
  std::unique_ptr<catalogue::Catalogue> catalogue_;
};

}  // namespace rondo::workflows
