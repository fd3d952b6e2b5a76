// The partitions of this process: one host each, and which one a viewer belongs to.
//
// Thread safe after construction.
#pragma once

#include <memory>
#include <vector>

#include "feed/partition_host.h"
#include "records/routing.h"

namespace rondo::feed {

class Hosts {
 public:
  explicit Hosts(std::vector<std::unique_ptr<PartitionHost>> hosts) : hosts_(std::move(hosts)) {
    RD_ASSERT(!hosts_.empty());
  }

  PartitionHost& of(EngineId viewer) {
    return *hosts_[records::partition_of(viewer, static_cast<uint32_t>(hosts_.size())).value()];
  }
  const std::vector<std::unique_ptr<PartitionHost>>& all() const { return hosts_; }

 private:
  std::vector<std::unique_ptr<PartitionHost>> hosts_;  // by partition
};

}  // namespace rondo::feed
