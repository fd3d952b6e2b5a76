#include "records/routing.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "records/validate.h"

namespace rondo::records {

namespace pb = log::v1;

PartitionId partition_of(EngineId viewer, uint32_t partition_count) {
  RD_ASSERT(partition_count > 0);
  return PartitionId(base::mix64(viewer.value()) % partition_count);
}

Destination destination_of(const pb::Record& record) {
  switch (record.body_case()) {
    case pb::Record::kEngineActivated:
    case pb::Record::kBundleActivated:
    case pb::Record::kExperimentStarted:
    case pb::Record::kExperimentStopped:
    case pb::Record::kTick:
    case pb::Record::kItemDelta:
      return Destination::kOwn;
    case pb::Record::kVideoPublished:
    case pb::Record::kVideoChanged:
    // Whoever is erased may have been an author too, and authors have rows in every partition.
    case pb::Record::kAccountErased:
      return Destination::kEvery;
    case pb::Record::kFollowChanged:
    case pb::Record::kServed:
    case pb::Record::kImpression:
    case pb::Record::kEngagement:
    case pb::Record::kPreferenceChanged:
      return Destination::kViewer;
    case pb::Record::BODY_NOT_SET:
      break;
  }
  base::assertion_failed("the record has a body", __FILE__, __LINE__);
}

EngineId viewer_of(const pb::Record& record) {
  switch (record.body_case()) {
    case pb::Record::kFollowChanged:
      return EngineId(record.follow_changed().viewer_id());
    case pb::Record::kServed:
      return EngineId(record.served().request().viewer_id());
    case pb::Record::kImpression:
      return EngineId(record.impression().viewer_id());
    case pb::Record::kEngagement:
      return EngineId(record.engagement().viewer_id());
    case pb::Record::kPreferenceChanged:
      return EngineId(record.preference_changed().viewer_id());
    default:
      break;
  }
  base::assertion_failed("the record concerns one viewer", __FILE__, __LINE__);
}

std::vector<PartitionId> partitions_of(const pb::Record& record, uint32_t partition_count) {
  switch (destination_of(record)) {
    case Destination::kViewer:
      return {partition_of(viewer_of(record), partition_count)};
    case Destination::kEvery: {
      std::vector<PartitionId> all;
      for (uint32_t p = 0; p < partition_count; ++p) all.emplace_back(p);
      return all;
    }
    case Destination::kOwn:
      break;
  }
  base::assertion_failed("the record's destination does not depend on its host", __FILE__,
                         __LINE__);
}

std::string video_message_id(VideoId video, uint64_t version) {
  return "video/" + to_text(video) + "/" + std::to_string(version);
}

std::string follow_message_id(EngineId viewer, EngineId author, uint64_t version) {
  return "follow/" + to_text(viewer) + "/" + to_text(author) + "/" + std::to_string(version);
}

std::string preference_message_id(EngineId viewer, std::string_view event_id) {
  RD_ASSERT(event_id.size() <= kEventIdBytesMax);
  return "pref/" + to_text(viewer) + "/" + base::to_hex(event_id);
}

std::string erasure_message_id(EngineId viewer) { return "erase/" + to_text(viewer); }

std::string event_message_id(EngineId viewer, std::string_view event_id) {
  RD_ASSERT(event_id.size() <= kEventIdBytesMax);
  return "ev/" + to_text(viewer) + "/" + base::to_hex(event_id);
}

std::string served_message_id(uint64_t nonce) { return "served/" + base::id_to_text(nonce); }

std::string tick_message_id(PartitionId partition, uint64_t epoch) {
  return "tick/" + std::to_string(partition.value()) + "/" + std::to_string(epoch);
}

std::string delta_message_id(PartitionId partition, uint64_t epoch) {
  return "delta/" + std::to_string(partition.value()) + "/" + std::to_string(epoch);
}

std::string activation_message_id(std::string_view name, Offset at) {
  return "active/" + base::id_to_text(base::stable_hash64(name)) + "/" + std::to_string(at.value());
}

}  // namespace rondo::records
