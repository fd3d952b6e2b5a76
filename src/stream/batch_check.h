// What every backend checks of a batch before it queues it. Free functions: thread safe.
#pragma once

#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "stream/stream.h"

namespace rondo::stream {

// invalid when the partition does not exist, the batch is empty, or a message breaks a limit.
Result<void> check_batch(PartitionId partition, uint32_t partition_count,
                         const std::vector<Message>& batch);
Result<void> check_partition(PartitionId partition, uint32_t partition_count);
// Ids and payloads.
size_t bytes_of(const std::vector<Message>& batch);

}  // namespace rondo::stream
