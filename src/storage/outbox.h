// The outbox: messages for the log that become due when a domain's transaction commits, and only
// then. A relay peeks, appends each under its message id, and marks it done after the log's
// acknowledgement; what is appended twice because of a crash in between, the log's dedupe drops.
//
//   db.write([&](soci::session& sql) -> Result<void> {
//     sql << "UPDATE videos SET state = 'live' ...";
//     return outbox_put(sql, {.message_id = ..., .payload = ..., .created_us = ...});
//   });
//
// Messages are in the order in which their transactions committed. Free functions; the exceptions
// of SOCI pass through them to Database, which maps them. Needs storage_migrations().
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace rondo::storage {

inline constexpr size_t kOutboxPayloadBytesMax = 1 << 20;

struct OutboxMessage {
  uint64_t id = 0;  // given by outbox_put
  std::string message_id;
  std::optional<PartitionId> partition;  // empty: every partition
  std::string payload;                   // an envelope
  uint64_t created_us = 0;
};

// Inside Database::write. A message id that still waits for the same destination is not stored
// again. invalid when the id is empty or the payload over its limit.
Result<void> outbox_put(soci::session& sql, const OutboxMessage& message);
// The oldest `count_max`, in order.
Result<std::vector<OutboxMessage>> outbox_peek(soci::session& sql, size_t count_max);
// Inside Database::write; idempotent.
Result<void> outbox_done(soci::session& sql, uint64_t id);
// How many wait.
Result<uint64_t> outbox_size(soci::session& sql);

}  // namespace rondo::storage
