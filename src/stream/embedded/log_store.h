// The embedded log's messages and marks inside RocksDB: layout and I/O, without queue or threads.
//
// Owns the database. Thread safe as RocksDB is; `write` and `remove` have one caller each.
// Errors: corrupt when stored bytes are not what was written, unavailable when the machine fails
// (the text says how), conflict and others never.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "stream/embedded/log_format.h"
#include "stream/stream.h"

namespace rondo::stream {

struct PartitionMarks {
  Mark first;
  Mark end;
};

class LogStore {
 public:
  enum class Missing { kCreate, kRefuse };
  static Result<std::unique_ptr<LogStore>> open(const std::filesystem::path& dir, Missing missing);
  // As it is now, beside the process that writes it; write and remove fail.
  static Result<std::unique_ptr<LogStore>> open_read_only(const std::filesystem::path& dir);

  // Both 0 for a partition that nothing was written to.
  Result<PartitionMarks> marks(PartitionId partition) const;

  // Messages of [from, end), as many as the limits allow. corrupt for a damaged or missing message,
  // unless sound ones came before it: those are returned, and the next read begins at the damage.
  Result<std::vector<StoredMessage>> read(PartitionId partition, Offset from, Offset end,
                                          ReadLimits limits) const;

  // Messages and ends that become durable together.
  class Group {
   public:
    void put(PartitionId partition, Offset offset, const Message& message, uint64_t appended_us);
    void set_end(PartitionId partition, const Mark& end);

   private:
    friend class LogStore;
    rocksdb::WriteBatch batch_;
  };
  // One write, one fsync.
  Result<void> write(Group& group);

  // The first message that retention keeps: none before it are needed at `now_us`, and it is not
  // beyond `keep_from`.
  Result<Mark> first_kept(PartitionId partition, const PartitionMarks& marks, Offset keep_from,
                          const Retention& retention, uint64_t now_us) const;
  // Everything before `first` goes, durably.
  Result<void> remove_before(PartitionId partition, const Mark& first);

 private:
  explicit LogStore(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}

  Result<Mark> mark(const std::string& key) const;

  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace rondo::stream
