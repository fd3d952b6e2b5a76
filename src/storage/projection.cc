#include "storage/projection.h"

namespace rondo::storage {

Result<Offset> projection_offset(soci::session& sql, const std::string& name,
                                 PartitionId partition) {
  const auto partition_id = static_cast<long long>(partition.value());
  long long next = 0;
  sql << "SELECT COALESCE(MAX(next_offset), 0) FROM projection_offsets "
         "WHERE name = :name AND partition_id = :partition_id",
      soci::use(name, "name"), soci::use(partition_id, "partition_id"), soci::into(next);
  return Offset(static_cast<uint64_t>(next));
}

Result<void> advance_projection(soci::session& sql, const std::string& name, PartitionId partition,
                                Offset from, Offset next) {
  RD_ASSERT(from <= next);
  RD_TRY(Offset at, projection_offset(sql, name, partition));
  if (at != from) {
    return base::conflict("projection '" + name + "' stands at offset " +
                          std::to_string(at.value()) + " of partition " +
                          std::to_string(partition.value()) + ", not at " +
                          std::to_string(from.value()) + ": another projector has moved it");
  }
  return set_projection_offset(sql, name, partition, next);
}

Result<void> set_projection_offset(soci::session& sql, const std::string& name,
                                   PartitionId partition, Offset next) {
  const auto partition_id = static_cast<long long>(partition.value());
  const auto offset = static_cast<long long>(next.value());
  sql << "INSERT INTO projection_offsets (name, partition_id, next_offset) "
         "VALUES (:name, :partition_id, :next_offset) "
         "ON CONFLICT (name, partition_id) DO UPDATE SET next_offset = excluded.next_offset",
      soci::use(name, "name"), soci::use(partition_id, "partition_id"),
      soci::use(offset, "next_offset");
  return {};
}

}  // namespace rondo::storage
