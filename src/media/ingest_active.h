// Shared by ingest.cc and appender.cc only.
#pragma once

#include <cstdint>
#include <string>

#include "base/hash.h"
#include "media/ingest.h"

namespace rondo::media {

// What this process knows of an upload's file beyond the database.
struct Ingest::Active {
  // Guarded by the Ingest's mutex.
  bool appending = false;
  bool doomed = false;  // terminated while somebody was appending
  uint64_t durable = 0;
  // The appender's while `appending`, guarded by the mutex otherwise.
  base::Sha256 hash;  // of the first `hashed` bytes; kept from one append to the next
  uint64_t hashed = 0;
  std::string head;  // the first bytes, until they have been looked at
  bool looked_at = false;
};

// For an upload that is not there, or not this account's.
Error upload_gone();

}  // namespace rondo::media
