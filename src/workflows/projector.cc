#include "workflows/projector.h"

#include <algorithm>

#include "records/envelope.h"
#include "storage/projection.h"
#include "telemetry/log.h"

namespace rondo::workflows {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

}  // namespace

Projector::Projector(storage::Database& database, const stream::Stream& stream,
                     ProjectorOptions options)
    : database_(database),
      stream_(stream),
      options_(options),
      progress_(stream.partition_count()) {}

Projector::~Projector() { stop(); }

void Projector::start() {
  RD_ASSERT(!thread_.joinable());
  thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
}

void Projector::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

Result<Offset> Projector::load(PartitionId partition) {
  {
    std::lock_guard lock(mutex_);
    const Progress& progress = progress_.at(partition.value());
    if (progress.known) return progress.next;
  }
  RD_TRY(const Offset next, database_.read([&](soci::session& sql) {
    return storage::projection_offset(sql, catalogue::kProjectionName, partition);
  }));
  note(partition, next);
  return next;
}

void Projector::note(PartitionId partition, Offset next) {
  std::lock_guard lock(mutex_);
  Progress& progress = progress_.at(partition.value());
  progress.known = true;
  progress.next = next;
  changed_.notify_all();
}

Result<void> Projector::skip_removed(PartitionId partition, Offset from) {
  RD_TRY(const stream::PartitionState state, stream_.state(partition));
  if (state.first <= from) return {};
  log::error(
      "the log has removed records that were not counted yet; likes and views lack them",
      {{"partition", partition.value()}, {"from", from.value()}, {"until", state.first.value()}});
  RD_CHECK(database_.write([&](soci::session& sql) {
    return storage::set_projection_offset(sql, catalogue::kProjectionName, partition, state.first);
  }));
  note(partition, state.first);
  return {};
}

Result<size_t> Projector::project_batch(PartitionId partition) {
  RD_TRY(const Offset from, load(partition));
  auto messages =
      stream_.read(partition, from, {options_.batch_messages_max, options_.batch_bytes_max});
  if (!messages.ok()) {
    if (messages.error().code() != ErrorCode::kNotFound) return std::move(messages).error();
    RD_CHECK(skip_removed(partition, from));
    return size_t{0};
  }

  std::vector<catalogue::LoggedRecord> records;
  std::optional<Error> unreadable;
  for (const stream::StoredMessage& message : *messages) {
    auto opened = records::open(message.payload);
    if (!opened.ok()) {
      unreadable = std::move(opened).error().with_context(
          "offset " + std::to_string(message.offset.value()) + " of partition " +
          std::to_string(partition.value()));
      break;
    }
    records.push_back({opened->time_us, std::move(opened->record)});
  }
  if (records.empty()) {
    if (unreadable) return *std::move(unreadable);
    return size_t{0};
  }

  const Offset next(from.value() + records.size());
  auto stored = database_.write([&](soci::session& sql) {
    return catalogue::apply_projection(sql, partition, from, next, records);
  });
  if (!stored.ok()) {
    // The offset in the database is the truth; read it anew before the next attempt.
    std::lock_guard lock(mutex_);
    progress_.at(partition.value()).known = false;
    return std::move(stored).error();
  }
  note(partition, next);
  return records.size();
}

// True when the partition may have more.
bool Projector::step(PartitionId partition) {
  {
    std::lock_guard lock(mutex_);
    const Progress& progress = progress_.at(partition.value());
    if (progress.halted && steady_clock::now() < progress.retry_at) return false;
  }
  auto folded = project_batch(partition);
  std::lock_guard lock(mutex_);
  Progress& progress = progress_.at(partition.value());
  if (folded.ok()) {
    if (progress.halted) {
      log::info("the projection goes on", {{"partition", partition.value()}});
      progress.halted.reset();
    }
    return *folded > 0;
  }
  const bool is_news = !progress.halted || progress.halted->describe() != folded.error().describe();
  if (is_news) log::error("the projection of likes and views stands still", folded.error());
  progress.halted = std::move(folded).error();
  progress.retry_at = steady_clock::now() + options_.retry_every;
  return false;
}

void Projector::loop(const std::stop_token& stop) {
  const auto partitions = static_cast<uint32_t>(progress_.size());
  const milliseconds slice = std::max(milliseconds(1), options_.poll_every / partitions);
  uint32_t turn = 0;
  while (!stop.stop_requested()) {
    bool more = false;
    for (uint32_t p = 0; p < partitions && !stop.stop_requested(); ++p) {
      more = step(PartitionId(p)) || more;
    }
    if (more || stop.stop_requested()) continue;
    // Asleep on one partition after the other, so that every one is looked at within poll_every.
    const PartitionId partition(turn++ % partitions);
    std::unique_lock lock(mutex_);
    const Progress progress = progress_.at(partition.value());
    if (progress.halted) {
      changed_.wait_for(lock, stop, slice, [] { return false; });
      continue;
    }
    lock.unlock();
    auto end = stream_.wait_beyond(partition, progress.next, steady_clock::now() + slice);
    if (end.ok()) continue;
    lock.lock();  // the log is closing: its reads say so, do not spin meanwhile
    changed_.wait_for(lock, stop, slice, [] { return false; });
  }
}

Offset Projector::caught_up_to(PartitionId partition) const {
  std::lock_guard lock(mutex_);
  return progress_.at(partition.value()).next;
}

std::optional<Error> Projector::halted(PartitionId partition) const {
  std::lock_guard lock(mutex_);
  return progress_.at(partition.value()).halted;
}

Result<void> Projector::wait_until(PartitionId partition, Offset offset,
                                   base::Deadline deadline) const {
  std::unique_lock lock(mutex_);
  const Progress& progress = progress_.at(partition.value());
  if (changed_.wait_until(lock, deadline, [&] { return progress.next >= offset; })) return {};
  std::string message = "the projection of partition " + std::to_string(partition.value()) +
                        " stands at " + std::to_string(progress.next.value()) + ", not yet at " +
                        std::to_string(offset.value());
  if (progress.halted) message += ": " + progress.halted->describe();
  return unavailable(std::move(message));
}

}  // namespace rondo::workflows
