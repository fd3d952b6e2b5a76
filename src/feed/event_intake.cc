#include "feed/event_intake.h"

#include <algorithm>

#include "records/envelope.h"
#include "records/routing.h"

namespace rondo::feed {
namespace {

std::string message_id(EngineId viewer, const log::v1::Record& event) {
  if (event.has_preference_changed()) {
    return records::preference_message_id(viewer, event.preference_changed().event_id());
  }
  return records::event_message_id(viewer, event.has_impression() ? event.impression().event_id()
                                                                  : event.engagement().event_id());
}

}  // namespace

runtime::Task<Result<Offset>> EventIntake::append(EngineId viewer,
                                                  std::vector<log::v1::Record> events) {
  RD_ASSERT(!events.empty());
  uint64_t now_us = clock_.now_us();
  std::vector<stream::Message> batch;
  batch.reserve(events.size());
  for (const auto& event : events) {
    batch.push_back({message_id(viewer, event), records::seal(event, now_us)});
  }
  PartitionId partition = records::partition_of(viewer, log_.partition_count());
  using Stored = Result<std::vector<stream::Appended>>;
  auto shared = std::make_shared<std::vector<stream::Message>>(std::move(batch));
  std::function<void(std::function<void(Stored)>)> start =
      [this, partition, shared](std::function<void(Stored)> done) {
        log_.append(partition, std::move(*shared), std::move(done));
      };
  Stored stored = co_await runtime::await_callback<Stored>(std::move(start));
  if (!stored.ok()) co_return std::move(stored).error();
  Offset last;
  for (const auto& appended : *stored) last = std::max(last, appended.offset);
  co_return last;
}

}  // namespace rondo::feed
