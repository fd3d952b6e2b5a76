#include "feed/params.h"

#include <algorithm>

#include "base/hash.h"
#include "records/envelope.h"
#include "records/routing.h"
#include "records/validate.h"

namespace rondo::feed {
namespace {

constexpr size_t kTickBytesMax = 1 << 20;
// Ages of this log and of those that name its messages are not compared to the second.
constexpr std::chrono::hours kMargin{24};

// The delta at `at`; none when nothing stands there.
Result<std::optional<log::v1::ItemDelta>> read_delta(const stream::Stream& params,
                                                     PartitionId partition, Offset at) {
  std::optional<log::v1::ItemDelta> none;
  if (partition.value() >= params.partition_count()) return none;
  RD_TRY(auto state, params.state(partition));
  if (at < state.first || at >= state.end) return none;
  RD_TRY(auto messages, params.read(partition, at, {.messages_max = 1}));
  if (messages.empty()) return none;
  auto opened = records::open(messages.front().payload);
  if (!opened.ok() || !opened->record.has_item_delta()) {
    return corrupt("offset " + std::to_string(at.value()) + " of partition " +
                   std::to_string(partition.value()) + " of the params log is not a delta");
  }
  return std::optional(std::move(*opened->record.mutable_item_delta()));
}

}  // namespace

Result<std::vector<std::string>> deltas_of(const log::v1::Record& record,
                                           const stream::Stream* params) {
  std::vector<std::string> bodies;
  for (const auto& ref : record.tick().deltas()) {
    std::string& body = bodies.emplace_back();
    if (params == nullptr) continue;
    RD_TRY(auto delta, read_delta(*params, PartitionId(ref.partition()), Offset(ref.offset())));
    if (delta) body = std::move(*delta->mutable_body());
  }
  return bodies;
}

Params::Params(stream::Stream& log, std::chrono::seconds horizon)
    : log_(log), horizon_(horizon), released_(log.partition_count()) {}

Result<uint64_t> Params::stored_epoch(PartitionId partition) const {
  RD_TRY(auto state, log_.state(partition));
  if (state.end == state.first) return uint64_t{0};
  RD_TRY(auto delta, read_delta(log_, partition, Offset(state.end.value() - 1)));
  return delta ? delta->epoch() : 0;
}

void Params::store(PartitionId partition, uint64_t epoch, std::string_view body, uint64_t now_us,
                   std::function<void(Result<void>)> done) {
  log::v1::Record record;
  auto& delta = *record.mutable_item_delta();
  delta.set_partition(static_cast<uint32_t>(partition.value()));
  delta.set_epoch(epoch);
  delta.set_body(std::string(body));
  std::vector<stream::Message> batch;
  batch.push_back({records::delta_message_id(partition, epoch), records::seal(record, now_us)});
  log_.append(partition, std::move(batch), [done = std::move(done)](auto stored) {
    if (stored.ok()) {
      done({});
    } else {
      done(std::move(stored).error());
    }
  });
}

Result<std::vector<log::v1::DeltaRef>> Params::to_take(PartitionId partition,
                                                       std::span<const uint64_t> taken) const {
  std::vector<log::v1::DeltaRef> refs;
  size_t bytes = 0;
  const auto count = static_cast<uint32_t>(taken.size());
  std::vector<uint64_t> next(taken.begin(), taken.end());
  // One of each in turn, so that nobody's wait for another's.
  for (bool more = true; more;) {
    more = false;
    for (uint32_t i = 1; i < count; ++i) {
      const auto other = static_cast<uint32_t>((partition.value() + i) % count);
      RD_TRY(auto state, log_.state(PartitionId(other)));
      if (next[other] > state.end.value()) {
        return corrupt("the params log of partition " + std::to_string(other) + " ends at " +
                       std::to_string(state.end.value()) + "; partition " +
                       std::to_string(partition.value()) + " has taken in up to " +
                       std::to_string(next[other]) +
                       ": restore the params log and the log from one backup");
      }
      if (next[other] == state.end.value()) continue;
      RD_TRY(auto delta, read_delta(log_, PartitionId(other), Offset(next[other])));
      if (!delta) {
        return corrupt("the params log of partition " + std::to_string(other) + " begins at " +
                       std::to_string(state.first.value()) + "; partition " +
                       std::to_string(partition.value()) + " goes on at " +
                       std::to_string(next[other]));
      }
      bytes += delta->body().size();
      if (!refs.empty() && bytes > kTickBytesMax) return refs;
      auto& ref = refs.emplace_back();
      ref.set_partition(other);
      ref.set_offset(next[other]++);
      ref.set_sha256(std::string(base::as_bytes(base::sha256(delta->body()))));
      if (refs.size() == records::kDeltasPerTickMax) return refs;
      more = true;
    }
  }
  return refs;
}

Result<void> Params::release(PartitionId partition, std::span<const uint64_t> taken) {
  std::lock_guard lock(mutex_);
  released_.at(partition.value()) = std::vector<uint64_t>(taken.begin(), taken.end());
  const size_t count = released_.size();
  for (size_t of = 0; of < count; ++of) {
    uint64_t needed = UINT64_MAX;
    for (size_t by = 0; by < count; ++by) {
      if (by == of) continue;
      if (!released_[by] || released_[by]->size() != count) return {};
      needed = std::min(needed, (*released_[by])[of]);
    }
    // The latest one says which epoch was stored last.
    RD_TRY(auto state, log_.state(PartitionId(of)));
    if (state.end.value() == 0) continue;
    needed = std::min(needed, state.end.value() - 1);
    RD_CHECK(log_.pin(PartitionId(of), Offset(needed)));
    RD_TRY(auto first, log_.enforce(PartitionId(of), {.age_max = horizon_ + kMargin}));
    static_cast<void>(first);
  }
  return {};
}

}  // namespace rondo::feed
