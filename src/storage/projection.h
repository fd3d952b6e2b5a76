// How far a projection of the log has come: the next offset to fold, per partition, stored in the
// same transaction as the rows that it made. So a batch counts exactly once, whatever crashes.
//
//   db.write([&](soci::session& sql) -> Result<void> {
//     ... rows for the messages [from, next) ...
//     return advance_projection(sql, "counts", partition, from, next);
//   });
//
// Free functions; SOCI's exceptions pass through to Database. Needs storage_migrations().
#pragma once

#include <soci/soci.h>

#include <string>

#include "base/ids.h"
#include "base/result.h"

namespace rondo::storage {

// The next offset to fold; 0 for a projection that has not begun.
Result<Offset> projection_offset(soci::session& sql, const std::string& name,
                                 PartitionId partition);

// Inside Database::write. conflict, and nothing is stored, unless the projection stands at `from`:
// somebody else has folded these messages meanwhile. Requires from <= next.
Result<void> advance_projection(soci::session& sql, const std::string& name, PartitionId partition,
                                Offset from, Offset next);

// Sets the offset whatever it was, 0 to build the projection anew (its rows are deleted in the same
// transaction).
Result<void> set_projection_offset(soci::session& sql, const std::string& name,
                                   PartitionId partition, Offset next);

}  // namespace rondo::storage
