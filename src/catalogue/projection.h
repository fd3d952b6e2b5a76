// Likes and views, folded from the log into the database.
//
// A like is a fact about a viewer and a video: the last of like and unlike counts. A view is a
// Watch of a second or more, or of one whole play; the log's dedupe and the API see to it that a
// client's event is there once. An erased viewer's likes go. All other records say nothing here.
//
// Rows and offset move in one transaction: a batch counts once, whatever crashes. Free functions.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <span>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::catalogue {

inline const std::string kProjectionName = "catalogue";
inline constexpr uint32_t kViewWatchMsMin = 1000;

struct LoggedRecord {
  uint64_t time_us = 0;
  log::v1::Record record;
};

// Inside Database::write. `records` are those at [from, next) of the partition. conflict, and
// nothing is changed, unless the projection stands at `from` (storage/projection.h).
Result<void> apply_projection(soci::session& sql, PartitionId partition, Offset from, Offset next,
                              std::span<const LoggedRecord> records);

}  // namespace rondo::catalogue
