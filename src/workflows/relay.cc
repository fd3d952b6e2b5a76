#include "workflows/relay.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/failpoint.h"
#include "storage/outbox.h"
#include "telemetry/log.h"

namespace rondo::workflows {

namespace {

using std::chrono::steady_clock;

// As many of the oldest as fit into one batch, at least one.
std::vector<storage::OutboxMessage> first_batch(std::vector<storage::OutboxMessage> messages,
                                                size_t bytes_max) {
  size_t bytes = 0;
  size_t count = 0;
  while (count < messages.size()) {
    bytes += messages[count].payload.size();
    if (count > 0 && bytes > bytes_max) break;
    ++count;
  }
  messages.resize(count);
  return messages;
}

}  // namespace

Relay::Relay(storage::Database& database, stream::Stream& stream, RelayOptions options)
    : database_(database), stream_(stream), options_(options) {}

Relay::~Relay() { stop(); }

void Relay::start() {
  RD_ASSERT(!thread_.joinable());
  thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
}

void Relay::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Relay::notify() {
  std::lock_guard lock(mutex_);
  notified_ = true;
  changed_.notify_all();
}

Result<size_t> Relay::relay_batch() {
  RD_TRY(auto waiting, database_.read([&](soci::session& sql) {
    return storage::outbox_peek(sql, options_.batch_messages_max);
  }));
  const auto batch = first_batch(std::move(waiting), options_.batch_bytes_max);
  if (batch.empty()) return size_t{0};

  std::map<PartitionId, std::vector<stream::Message>> destinations;
  for (const storage::OutboxMessage& message : batch) {
    if (message.partition) {
      destinations[*message.partition].push_back({message.message_id, message.payload});
      continue;
    }
    for (uint32_t p = 0; p < stream_.partition_count(); ++p) {
      destinations[PartitionId(p)].push_back({message.message_id, message.payload});
    }
  }
  base::failpoint("outbox.before_append");
  for (auto& [partition, messages] : destinations) {
    auto appended = stream::append_and_wait(stream_, partition, std::move(messages),
                                            steady_clock::now() + options_.append_max);
    if (!appended.ok()) {
      return std::move(appended).error().with_context("partition " +
                                                      std::to_string(partition.value()));
    }
  }
  base::failpoint("outbox.after_append");
  auto done = database_.write([&](soci::session& sql) -> Result<void> {
    for (const storage::OutboxMessage& message : batch) {
      RD_CHECK(storage::outbox_done(sql, message.id));
    }
    return {};
  });
  if (!done.ok()) return std::move(done).error();
  std::lock_guard lock(mutex_);
  stats_.relayed += batch.size();
  changed_.notify_all();
  return batch.size();
}

void Relay::loop(const std::stop_token& stop) {
  auto backoff = options_.backoff_first;
  while (!stop.stop_requested()) {
    {
      // Before the outbox is read: what is committed while a batch is under way is not slept over.
      std::lock_guard lock(mutex_);
      notified_ = false;
    }
    auto relayed = relay_batch();
    if (relayed.ok() && *relayed > 0) {
      backoff = options_.backoff_first;
      continue;
    }
    std::unique_lock lock(mutex_);
    if (relayed.ok()) {
      backoff = options_.backoff_first;
      changed_.wait_for(lock, stop, options_.poll_every, [&] { return notified_; });
      continue;
    }
    ++stats_.failures;
    log::error("the outbox could not be relayed to the log; it is tried again", relayed.error());
    // A notification does not cut a backoff short: the trouble is elsewhere.
    changed_.wait_for(lock, stop, backoff, [] { return false; });
    backoff = std::min(backoff * 2, options_.backoff_max);
  }
}

Result<void> Relay::wait_empty(base::Deadline deadline) const {
  while (true) {
    RD_TRY(const uint64_t waiting,
           database_.read([](soci::session& sql) { return storage::outbox_size(sql); }));
    if (waiting == 0) return {};
    if (steady_clock::now() >= deadline) {
      return unavailable(std::to_string(waiting) + " messages still wait in the outbox");
    }
    std::unique_lock lock(mutex_);
    const uint64_t relayed = stats_.relayed;
    changed_.wait_until(lock, std::min(deadline, steady_clock::now() + options_.backoff_first),
                        [&] { return stats_.relayed != relayed; });
  }
}

RelayStats Relay::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace rondo::workflows
