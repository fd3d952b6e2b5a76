#include "stream/batch_check.h"

namespace rondo::stream {

Result<void> check_partition(PartitionId partition, uint32_t partition_count) {
  if (partition.value() < partition_count) return {};
  return base::invalid("partition " + std::to_string(partition.value()) +
                       " does not exist: the log has " + std::to_string(partition_count));
}

Result<void> check_batch(PartitionId partition, uint32_t partition_count,
                         const std::vector<Message>& batch) {
  RD_CHECK(check_partition(partition, partition_count));
  if (batch.empty()) return base::invalid("a batch holds at least one message");
  for (const Message& message : batch) {
    if (message.id.empty() || message.id.size() > kMessageIdBytesMax) {
      return base::invalid("a message id of " + std::to_string(message.id.size()) +
                           " bytes is not within 1.." + std::to_string(kMessageIdBytesMax));
    }
    if (message.payload.size() > kMessageBytesMax) {
      return base::invalid("message '" + message.id + "' of " +
                           std::to_string(message.payload.size()) + " bytes is over the limit of " +
                           std::to_string(kMessageBytesMax));
    }
  }
  return {};
}

size_t bytes_of(const std::vector<Message>& batch) {
  size_t bytes = 0;
  for (const Message& message : batch) bytes += message.id.size() + message.payload.size();
  return bytes;
}

}  // namespace rondo::stream
