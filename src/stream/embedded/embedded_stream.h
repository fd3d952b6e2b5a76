// The log on one machine: RocksDB, one key an offset, one process.
//
// Keeps Stream's contract (stream/stream.h). How:
// - One writer thread takes everything that is queued, of all partitions, into one RocksDB write
//   with one fsync, makes the messages visible, then acknowledges. The more that is queued, the
//   larger the groups. The new ends are recorded right afterwards (embedded/ends_file.h).
// - Dedupe goes by the newest `dedupe_window_messages` ids of a partition that retention has kept.
// - Opening checks the newest messages one by one and every partition's end against the ends file:
//   a log whose recovery lost an acknowledged message is refused as corrupt, never shortened.
// - Every message is checked against its checksum when it is read.
// - After any failed write or sync appends get unavailable until the log is opened anew; what is
//   durable can still be read.
// - Pins are not stored: after opening, retention removes nothing until the consumer has pinned.
// Closing (the destructor) commits what is queued; nobody may be inside a call by then.
//
// Failpoints: stream.before_sync, stream.after_sync, stream.before_ack (visible, handlers not
// called).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "stream/stream.h"

namespace rondo::stream {

struct EmbeddedOptions {
  std::filesystem::path dir;  // created when missing
  // 1..4096, fixed when the log is created; 0: as it was created, 1 for a new one.
  uint32_t partitions = 1;
  size_t dedupe_window_messages = 1 << 16;
  size_t queue_bytes_max = 64 << 20;  // waiting for the writer; above it appends get exhausted
  size_t group_bytes_max = 8 << 20;   // written under one fsync
};

// conflict when the log was created with another number of partitions, corrupt when it is damaged,
// unavailable when it cannot be opened or is open in another process. `clock` stamps messages for
// retention and must outlive the log.
Result<std::unique_ptr<Stream>> open_embedded(const EmbeddedOptions& options,
                                              const base::Clock& clock);

}  // namespace rondo::stream
