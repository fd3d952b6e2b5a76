#include "stream/embedded/log_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <functional>

namespace rondo::stream {

namespace {

Error failed(const std::string& what, const rocksdb::Status& status) {
  const std::string text = what + ": " + status.ToString();
  if (status.IsCorruption()) return base::corrupt(text);
  return base::unavailable(text);
}

rocksdb::Options database_options(LogStore::Missing missing) {
  rocksdb::Options options;
  options.create_if_missing = missing == LogStore::Missing::kCreate;
  // A crash of the machine leaves anything behind the last synced byte, so recovery has to stop
  // there. What it may not do, stopping before an acknowledged message, the ends file finds out.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_bgerror_resume_count = 0;
  options.write_buffer_size = 32 << 20;
  options.max_total_wal_size = 128 << 20;
  options.max_open_files = 512;
  options.max_background_jobs = 2;
  options.compression = rocksdb::kLZ4Compression;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 4 << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(32 << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

std::string at(PartitionId partition, Offset offset) {
  return "partition " + std::to_string(partition.value()) + ", offset " +
         std::to_string(offset.value());
}

// Calls `visit` with the messages of [from, end), in order, until it answers false. Each must be
// where it belongs and match its checksum.
Result<void> scan(rocksdb::DB& db, PartitionId partition, Offset from, Offset end,
                  const std::function<bool(Offset, const MessageValue&)>& visit) {
  const std::string upper_bound = message_key(partition, end);
  const rocksdb::Slice upper_slice = upper_bound;
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper_slice;
  std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(options));
  it->Seek(message_key(partition, from));
  for (Offset expected = from; expected < end; expected = Offset(expected.value() + 1)) {
    if (!it->status().ok()) {
      return failed("the log cannot be read at " + at(partition, expected), it->status());
    }
    if (!it->Valid()) {
      return base::corrupt("the log ends early: " + at(partition, expected) + " is missing");
    }
    RD_TRY(Offset offset, offset_of_key(partition, it->key().ToStringView()));
    if (offset != expected) {
      return base::corrupt("the log has a gap: " + at(partition, expected) + " is missing");
    }
    auto value = decode_message(it->key().ToStringView(), it->value().ToStringView());
    if (!value.ok()) return std::move(value).error().with_context(at(partition, expected));
    if (!visit(offset, *value)) return {};
    it->Next();
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LogStore>> LogStore::open(const std::filesystem::path& dir,
                                                 Missing missing) {
  rocksdb::DB* db = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(database_options(missing), dir.string(), &db);
  if (!status.ok()) {
    if (status.IsInvalidArgument() && missing == Missing::kRefuse) {
      return base::corrupt("the log in " + dir.string() +
                           " is gone although messages were acknowledged: restore it from a "
                           "backup (" +
                           status.ToString() + ")");
    }
    return failed("cannot open the log in " + dir.string(), status);
  }
  return std::unique_ptr<LogStore>(new LogStore(std::unique_ptr<rocksdb::DB>(db)));
}

Result<std::unique_ptr<LogStore>> LogStore::open_read_only(const std::filesystem::path& dir) {
  rocksdb::DB* db = nullptr;
  rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(database_options(Missing::kRefuse), dir.string(), &db);
  if (!status.ok()) return failed("cannot read the log in " + dir.string(), status);
  return std::unique_ptr<LogStore>(new LogStore(std::unique_ptr<rocksdb::DB>(db)));
}

Result<Mark> LogStore::mark(const std::string& key) const {
  std::string bytes;
  rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), key, &bytes);
  if (status.IsNotFound()) return Mark{};
  if (!status.ok()) return failed("the log's marks cannot be read", status);
  return decode_mark(bytes);
}

Result<PartitionMarks> LogStore::marks(PartitionId partition) const {
  PartitionMarks marks;
  RD_TRY(marks.first, mark(first_key(partition)));
  RD_TRY(marks.end, mark(end_key(partition)));
  if (marks.first.offset > marks.end.offset || marks.first.bytes_before > marks.end.bytes_before) {
    return base::corrupt("the marks of partition " + std::to_string(partition.value()) +
                         " contradict one another");
  }
  return marks;
}

Result<std::vector<StoredMessage>> LogStore::read(PartitionId partition, Offset from, Offset end,
                                                  ReadLimits limits) const {
  std::vector<StoredMessage> messages;
  size_t bytes = 0;
  auto scanned = scan(*db_, partition, from, end, [&](Offset offset, const MessageValue& value) {
    bytes += value.payload.size();
    if (!messages.empty() && bytes > limits.bytes_max) return false;
    messages.push_back({.offset = offset,
                        .id = std::string(value.id),
                        .payload = std::string(value.payload),
                        .appended_us = value.appended_us});
    return messages.size() < limits.messages_max;
  });
  if (!scanned.ok() && messages.empty()) return std::move(scanned).error();
  return messages;
}

void LogStore::Group::put(PartitionId partition, Offset offset, const Message& message,
                          uint64_t appended_us) {
  const std::string key = message_key(partition, offset);
  const std::string value = encode_message(
      key, {.appended_us = appended_us, .id = message.id, .payload = message.payload});
  const rocksdb::Status status = batch_.Put(key, value);
  RD_ASSERT(status.ok());
}

void LogStore::Group::set_end(PartitionId partition, const Mark& end) {
  const rocksdb::Status status = batch_.Put(end_key(partition), encode_mark(end));
  RD_ASSERT(status.ok());
}

Result<void> LogStore::write(Group& group) {
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::Status status = db_->Write(options, &group.batch_);
  if (!status.ok()) return failed("a write to the log failed", status);
  return {};
}

Result<Mark> LogStore::first_kept(PartitionId partition, const PartitionMarks& marks,
                                  Offset keep_from, const Retention& retention,
                                  uint64_t now_us) const {
  Mark first = marks.first;
  const auto age_max_us =
      static_cast<uint64_t>(std::chrono::microseconds(retention.age_max).count());
  const Offset last = std::min(keep_from, marks.end.offset);
  if (first.offset >= last) return first;
  auto scanned =
      scan(*db_, partition, first.offset, last, [&](Offset offset, const MessageValue& value) {
        const bool too_old =
            age_max_us > 0 && now_us > value.appended_us && now_us - value.appended_us > age_max_us;
        const bool too_much = retention.bytes_max > 0 &&
                              marks.end.bytes_before - first.bytes_before > retention.bytes_max;
        if (!too_old && !too_much) return false;
        first = {Offset(offset.value() + 1), first.bytes_before + value.payload.size()};
        return true;
      });
  if (!scanned.ok()) return std::move(scanned).error();
  return first;
}

Result<void> LogStore::remove_before(PartitionId partition, const Mark& first) {
  const std::string begin = message_key(partition, Offset(0));
  const std::string end = message_key(partition, first.offset);
  rocksdb::WriteBatch batch;
  rocksdb::Status status = batch.Put(first_key(partition), encode_mark(first));
  // From 0 each time: below, files go that may hold the tombstones of an earlier call.
  if (status.ok()) status = batch.DeleteRange(begin, end);
  rocksdb::WriteOptions options;
  options.sync = true;
  if (status.ok()) status = db_->Write(options, &batch);
  if (!status.ok()) return failed("retention failed", status);
  // Whole files at once, so that the space is free now and not after a compaction. A failure costs
  // only time: the range is deleted all the same.
  const rocksdb::Slice begin_slice = begin;
  const rocksdb::Slice end_slice = end;
  rocksdb::DeleteFilesInRange(db_.get(), db_->DefaultColumnFamily(), &begin_slice, &end_slice,
                              /*include_end=*/false)
      .PermitUncheckedError();
  return {};
}

}  // namespace rondo::stream
