// The relational database on one machine: a SQLite file in WAL mode, synchronous=FULL.
//
// One connection writes, one writer at a time; `readers` connections read, each a snapshot, without
// waiting for the writer. Keeps Database's contract (storage/database.h). Statements are prepared
// each time that they run.
//
// A thread that asks for a transaction inside a transaction of the same database gets internal: it
// would wait for itself. After a failed fsync every write is refused (unavailable) until the
// database is opened anew, since what the operating system holds in memory is no longer what is on
// the disk.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "storage/database.h"

namespace rondo::storage {

struct SqliteOptions {
  std::filesystem::path path;  // created, readable by its owner only, when missing
  int readers = 4;             // 1..64
  int busy_ms_max = 5'000;     // longest wait for a connection or a lock
};

// invalid for options out of range, unavailable when the file cannot be opened, corrupt when it is
// not a database.
Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options);

}  // namespace rondo::storage
