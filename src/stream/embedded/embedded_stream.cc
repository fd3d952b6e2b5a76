#include "stream/embedded/embedded_stream.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/failpoint.h"
#include "stream/batch_check.h"
#include "stream/embedded/dedupe_window.h"
#include "stream/embedded/directory.h"
#include "stream/embedded/ends_file.h"
#include "stream/embedded/log_store.h"

namespace rondo::stream {

namespace {

// Between two records of the ends.
constexpr std::chrono::milliseconds kEndsPause{10};

// What is durable of a partition, as readers may see it.
struct PartitionView {
  PartitionMarks marks;
  Offset pin;  // retention removes nothing from here on
};

struct Pending {
  PartitionId partition;
  std::vector<Message> batch;
  AppendHandler done;
  size_t bytes = 0;
};

// Reads the newest messages one by one: they must be there and sound, and their ids are what
// appends are deduplicated by from now on.
Result<DedupeWindow> rebuild_window(const LogStore& store, PartitionId partition,
                                    const PartitionMarks& marks, size_t messages_max) {
  const uint64_t kept = marks.end.offset.value() - marks.first.offset.value();
  const Offset begin(marks.end.offset.value() - std::min<uint64_t>(kept, messages_max));
  if (kept > 0) {
    RD_TRY(auto oldest,
           store.read(partition, marks.first.offset, marks.end.offset, {.messages_max = 1}));
  }
  DedupeWindow window(messages_max, begin);
  for (Offset next = begin; next < marks.end.offset;) {
    RD_TRY(auto messages, store.read(partition, next, marks.end.offset, {}));
    for (StoredMessage& message : messages) window.add(std::move(message.id));
    next = Offset(next.value() + messages.size());
  }
  return window;
}

class EmbeddedStream final : public Stream {
 public:
  EmbeddedStream(const EmbeddedOptions& options, const base::Clock& clock,
                 std::unique_ptr<LogStore> store, EndsFile ends_file,
                 std::vector<PartitionView> partitions, std::vector<DedupeWindow> windows)
      : options_(options),
        clock_(clock),
        store_(std::move(store)),
        partitions_(std::move(partitions)),
        windows_(std::move(windows)),
        ends_file_(std::move(ends_file)),
        writer_([this] { write_groups(); }),
        recorder_([this] { record_ends(); }) {}

  ~EmbeddedStream() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    queue_changed_.notify_all();
    end_moved_.notify_all();
    writer_.join();
    {
      std::lock_guard lock(mutex_);
      writer_gone_ = true;
    }
    ends_changed_.notify_all();
    recorder_.join();
  }

  uint32_t partition_count() const override { return options_.partitions; }

  void append(PartitionId partition, std::vector<Message> batch, AppendHandler done) override {
    auto refused = enqueue(partition, batch, done);
    if (!refused.ok()) done(std::move(refused).error());
  }

  Result<std::vector<StoredMessage>> read(PartitionId partition, Offset from,
                                          ReadLimits limits) const override {
    RD_TRY(PartitionState now, state(partition));
    RD_CHECK(check_kept(partition, from, now.first));
    if (from > now.end) {
      return base::invalid("offset " + std::to_string(from.value()) + " of partition " +
                           std::to_string(partition.value()) + " does not exist: it ends at " +
                           std::to_string(now.end.value()));
    }
    limits.messages_max = std::max<size_t>(limits.messages_max, 1);
    auto messages = store_->read(partition, from, now.end, limits);
    if (!messages.ok()) {
      // What is missing may have been removed by retention meanwhile.
      RD_TRY(PartitionState later, state(partition));
      RD_CHECK(check_kept(partition, from, later.first));
    }
    return messages;
  }

  Result<PartitionState> state(PartitionId partition) const override {
    RD_CHECK(check_partition(partition, options_.partitions));
    std::lock_guard lock(mutex_);
    const PartitionMarks& marks = partitions_[partition.value()].marks;
    return PartitionState{.first = marks.first.offset,
                          .end = marks.end.offset,
                          .bytes = marks.end.bytes_before - marks.first.bytes_before};
  }

  Result<Offset> wait_beyond(PartitionId partition, Offset seen_end,
                             base::Deadline deadline) const override {
    RD_CHECK(check_partition(partition, options_.partitions));
    std::unique_lock lock(mutex_);
    const Offset& end = partitions_[partition.value()].marks.end.offset;
    end_moved_.wait_until(lock, deadline, [&] { return end > seen_end || stopping_ || broken_; });
    if (end <= seen_end && (stopping_ || broken_)) return stopped();
    return end;
  }

  Result<void> pin(PartitionId partition, Offset keep_from) override {
    RD_CHECK(check_partition(partition, options_.partitions));
    std::lock_guard lock(mutex_);
    PartitionView& view = partitions_[partition.value()];
    if (keep_from > view.marks.end.offset) {
      return base::invalid("offset " + std::to_string(keep_from.value()) +
                           " cannot be pinned: partition " + std::to_string(partition.value()) +
                           " ends at " + std::to_string(view.marks.end.offset.value()));
    }
    if (keep_from < view.pin) {
      return base::conflict("partition " + std::to_string(partition.value()) +
                            " is pinned at offset " + std::to_string(view.pin.value()) +
                            " already; a pin does not move back to " +
                            std::to_string(keep_from.value()));
    }
    view.pin = keep_from;
    return {};
  }

  Result<Offset> enforce(PartitionId partition, const Retention& retention) override {
    RD_CHECK(check_partition(partition, options_.partitions));
    std::lock_guard one_at_a_time(retention_mutex_);
    PartitionView view;
    {
      std::lock_guard lock(mutex_);
      view = partitions_[partition.value()];
    }
    RD_TRY(Mark first,
           store_->first_kept(partition, view.marks, view.pin, retention, clock_.now_us()));
    if (first.offset == view.marks.first.offset) return first.offset;
    {
      // First, so that no reader takes what is being removed for damage.
      std::lock_guard lock(mutex_);
      partitions_[partition.value()].marks.first = first;
    }
    auto removed = store_->remove_before(partition, first);
    if (!removed.ok()) {
      stop_after(removed.error());
      return std::move(removed).error();
    }
    return first.offset;
  }

 private:
  using Results = std::vector<Result<std::vector<Appended>>>;

  Result<void> enqueue(PartitionId partition, std::vector<Message>& batch, AppendHandler& done) {
    RD_CHECK(check_batch(partition, options_.partitions, batch));
    const size_t bytes = bytes_of(batch);
    {
      std::lock_guard lock(mutex_);
      if (stopping_ || broken_) return stopped();
      if (queued_bytes_ + bytes > options_.queue_bytes_max) {
        return base::exhausted("the log's queue is full: " + std::to_string(queued_bytes_) +
                               " of " + std::to_string(options_.queue_bytes_max) +
                               " bytes wait and " + std::to_string(bytes) +
                               " do not fit; try again shortly");
      }
      queued_bytes_ += bytes;
      queue_.push_back({partition, std::move(batch), std::move(done), bytes});
    }
    queue_changed_.notify_one();
    return {};
  }

  // The writer thread.
  void write_groups() {
    for (;;) {
      std::vector<Pending> group = next_group();
      if (group.empty()) return;
      Results results = commit(group);
      base::failpoint("stream.before_ack");
      for (size_t i = 0; i < group.size(); ++i) group[i].done(std::move(results[i]));
    }
  }

  // Waits; empty once the log is closing and nothing is left.
  std::vector<Pending> next_group() {
    std::vector<Pending> group;
    std::unique_lock lock(mutex_);
    queue_changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    for (size_t bytes = 0; !queue_.empty(); queue_.pop_front()) {
      bytes += queue_.front().bytes;
      if (!group.empty() && bytes > options_.group_bytes_max) break;
      queued_bytes_ -= queue_.front().bytes;
      group.push_back(std::move(queue_.front()));
    }
    return group;
  }

  // Makes the group durable, then visible. One result for each batch.
  Results commit(const std::vector<Pending>& pending) {
    std::vector<PartitionMarks> marks;
    {
      std::lock_guard lock(mutex_);
      if (broken_) return Results(pending.size(), stopped());
      for (const PartitionView& view : partitions_) marks.push_back(view.marks);
    }
    LogStore::Group group;
    std::set<uint64_t> changed;
    Results results;
    const uint64_t now_us = clock_.now_us();
    for (const Pending& append : pending) {
      const uint64_t p = append.partition.value();
      windows_[p].drop_before(marks[p].first.offset);
      std::vector<Appended> appended;
      for (const Message& message : append.batch) {
        if (auto stored = windows_[p].find(message.id)) {
          appended.push_back({*stored, /*duplicate=*/true});
          continue;
        }
        Mark& end = marks[p].end;
        group.put(append.partition, end.offset, message, now_us);
        windows_[p].add(message.id);
        appended.push_back({end.offset, /*duplicate=*/false});
        end = {Offset(end.offset.value() + 1), end.bytes_before + message.payload.size()};
        changed.insert(p);
      }
      results.emplace_back(std::move(appended));
    }
    // All were stored before: durable already.
    if (changed.empty()) return results;
    for (uint64_t p : changed) group.set_end(PartitionId(p), marks[p].end);
    base::failpoint("stream.before_sync");
    auto durable = store_->write(group);
    base::failpoint("stream.after_sync");
    if (!durable.ok()) {
      stop_after(durable.error());
      std::lock_guard lock(mutex_);
      return Results(pending.size(), stopped());
    }
    {
      std::lock_guard lock(mutex_);
      for (uint64_t p : changed) partitions_[p].marks.end = marks[p].end;
      ends_dirty_ = true;
    }
    end_moved_.notify_all();
    ends_changed_.notify_one();
    return results;
  }

  // The recorder thread: the ends go into their file soon after they have become durable.
  void record_ends() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ends_changed_.wait(lock, [&] { return ends_dirty_ || writer_gone_; });
      if (!ends_dirty_) return;
      ends_dirty_ = false;
      std::vector<uint64_t> ends;
      for (const PartitionView& view : partitions_) {
        ends.push_back(view.marks.end.offset.value());
      }
      lock.unlock();
      auto recorded = ends_file_.record(ends);
      if (!recorded.ok()) stop_after(recorded.error());
      lock.lock();
      if (!recorded.ok()) return;
      // Under load the next groups share one record.
      ends_changed_.wait_for(lock, kEndsPause, [&] { return writer_gone_; });
    }
  }

  void stop_after(const Error& error) {
    {
      std::lock_guard lock(mutex_);
      if (!broken_) broken_ = error.describe();
    }
    end_moved_.notify_all();
  }

  // With mutex_ held.
  Error stopped() const {
    if (broken_) {
      return base::unavailable(
                 "the log has stopped, nothing more is stored until it is restarted: " + *broken_)
          .with_reason("log_stopped");
    }
    return base::unavailable("the log is closing").with_reason("log_stopped");
  }

  static Result<void> check_kept(PartitionId partition, Offset from, Offset first) {
    if (from >= first) return {};
    return base::not_found("offset " + std::to_string(from.value()) + " of partition " +
                           std::to_string(partition.value()) +
                           " has been removed; it is kept from offset " +
                           std::to_string(first.value()) + " on")
        .with_reason("offset_removed");
  }

  // Constant after construction.
  const EmbeddedOptions options_;
  const base::Clock& clock_;
  const std::unique_ptr<LogStore> store_;

  mutable std::mutex mutex_;
  mutable std::condition_variable queue_changed_;
  mutable std::condition_variable end_moved_;
  std::condition_variable ends_changed_;
  std::deque<Pending> queue_;              // guarded by mutex_
  size_t queued_bytes_ = 0;                // guarded by mutex_
  bool stopping_ = false;                  // guarded by mutex_
  bool writer_gone_ = false;               // guarded by mutex_
  bool ends_dirty_ = false;                // guarded by mutex_; not all ends are recorded
  std::optional<std::string> broken_;      // guarded by mutex_; why appends are refused
  std::vector<PartitionView> partitions_;  // guarded by mutex_

  std::mutex retention_mutex_;  // one enforcement at a time; taken before mutex_

  std::vector<DedupeWindow> windows_;  // owned by the writer thread
  EndsFile ends_file_;                 // owned by the recorder thread

  // Last: they use all of the above.
  std::thread writer_;
  std::thread recorder_;
};

Result<void> check_options(const EmbeddedOptions& options) {
  if (options.partitions > 4096) {
    return base::invalid("a log has 1..4096 partitions, not " + std::to_string(options.partitions));
  }
  if (options.dedupe_window_messages < 1) return base::invalid("the dedupe window is empty");
  return {};
}

Result<EndsFile> open_ends(const std::filesystem::path& dir, uint32_t partitions) {
  const std::filesystem::path path = dir / "ends";
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return EndsFile::open(path);
  if (std::filesystem::exists(dir / "db" / "CURRENT", ignored)) {
    return base::corrupt("the log in " + dir.string() +
                         " has lost its file of ends, without which nobody can tell whether it is "
                         "whole: restore it from a backup");
  }
  return EndsFile::create(path, std::max(partitions, 1u));
}

}  // namespace

Result<std::unique_ptr<Stream>> open_embedded(const EmbeddedOptions& options,
                                              const base::Clock& clock) {
  RD_CHECK(check_options(options));
  RD_CHECK(make_directory(options.dir));
  RD_TRY(EndsFile ends_file, open_ends(options.dir, options.partitions));
  const std::vector<uint64_t> proven = ends_file.ends();
  if (options.partitions != 0 && proven.size() != options.partitions) {
    return base::conflict(
        "the log in " + options.dir.string() + " was created with " +
        std::to_string(proven.size()) + " partitions, which is fixed; " +
        std::to_string(options.partitions) +
        " were asked for. Leave the number out, or begin a new network in another folder");
  }
  EmbeddedOptions actual = options;
  actual.partitions = static_cast<uint32_t>(proven.size());
  const bool fresh = std::all_of(proven.begin(), proven.end(), [](uint64_t e) { return e == 0; });
  RD_TRY(auto store, LogStore::open(options.dir / "db", fresh ? LogStore::Missing::kCreate
                                                              : LogStore::Missing::kRefuse));
  RD_CHECK(sync_directory(options.dir));  // RocksDB's own folder is in it
  std::vector<PartitionView> partitions;
  std::vector<DedupeWindow> windows;
  std::vector<uint64_t> ends;
  for (uint32_t p = 0; p < proven.size(); ++p) {
    const PartitionId partition(p);
    RD_TRY(PartitionMarks marks, store->marks(partition));
    ends.push_back(marks.end.offset.value());
    if (ends[p] < proven[p]) {
      return base::corrupt("the log in " + options.dir.string() +
                           " has lost acknowledged messages: partition " + std::to_string(p) +
                           " ends at offset " + std::to_string(ends[p]) +
                           " but was durable up to " + std::to_string(proven[p]) +
                           ". Its write-ahead log is damaged: restore it from a backup");
    }
    RD_TRY(DedupeWindow window,
           rebuild_window(*store, partition, marks, options.dedupe_window_messages));
    partitions.push_back({marks, marks.first.offset});
    windows.push_back(std::move(window));
  }
  // Recovery has brought messages to light that a crash kept from being recorded: readers see them
  // from now on, so from now on they must not be lost.
  if (ends != proven) RD_CHECK(ends_file.record(ends));
  return std::unique_ptr<Stream>(
      std::make_unique<EmbeddedStream>(actual, clock, std::move(store), std::move(ends_file),
                                       std::move(partitions), std::move(windows)));
}

}  // namespace rondo::stream
