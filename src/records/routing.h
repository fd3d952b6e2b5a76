// Where each record goes, and under which message id: one idempotent id a destination, so that
// whatever is appended again (a retry, the outbox, a second replica) is stored once.
// Free functions without state: thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::records {

// The partition that holds this viewer: mix64 of the id, modulo the count. The count is fixed when
// the network is created, and so is the answer. `partition_count` > 0.
PartitionId partition_of(EngineId viewer, uint32_t partition_count);

enum class Destination {
  kViewer,  // the partition of the viewer whom it concerns
  kEvery,   // every partition
  kOwn,     // the partition of the host that writes it, and no other
};

// `record` must have a body.
Destination destination_of(const log::v1::Record& record);
// Whom a record with Destination::kViewer concerns.
EngineId viewer_of(const log::v1::Record& record);
// The partitions that `record` goes to, ascending. Not for Destination::kOwn.
std::vector<PartitionId> partitions_of(const log::v1::Record& record, uint32_t partition_count);

// Message ids, at most 64 bytes each (stream::kMessageIdBytesMax).

// VideoPublished and VideoChanged: `version` counts the changes of the video's public state, over
// both kinds of record.
std::string video_message_id(VideoId video, uint64_t version);
std::string follow_message_id(EngineId viewer, EngineId author, uint64_t version);
// PreferenceChanged: its event_id, at most 16 bytes.
std::string preference_message_id(EngineId viewer, std::string_view event_id);
std::string erasure_message_id(EngineId viewer);
// Impression and Engagement: the client's event id, at most 16 bytes.
std::string event_message_id(EngineId viewer, std::string_view event_id);
std::string served_message_id(uint64_t nonce);
std::string tick_message_id(PartitionId partition, uint64_t epoch);
// In the params log: the first one of a partition and epoch wins.
std::string delta_message_id(PartitionId partition, uint64_t epoch);
// EngineActivated and BundleActivated: `name` is the version or the bundle's SHA-256, `at` the end
// of the partition that the host saw when it decided. So replicas that decide the same agree, and
// going back to an earlier bundle later is another message.
std::string activation_message_id(std::string_view name, Offset at);

}  // namespace rondo::records
