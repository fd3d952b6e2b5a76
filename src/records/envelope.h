// The envelope that every message of the log carries (docs/formats/log.md): schema, time stamp, and
// a record in the clear. Free functions without state: thread safe.
//
// seal is deterministic: equal records and times give equal bytes. open takes foreign bytes: it
// never asserts, reads at most kEnvelopeBytesMax, and does not judge what the record says; that is
// validate's (records/validate.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::records {

inline constexpr uint32_t kEnvelopeSchema = 1;
// As the largest message of the log. A valid record is far smaller.
inline constexpr size_t kEnvelopeBytesMax = 1 << 20;

// `record` must have a body and pass validate, which keeps it within kEnvelopeBytesMax.
std::string seal(const log::v1::Record& record, uint64_t time_us);

struct Opened {
  uint64_t time_us = 0;
  log::v1::Record record;
};

// Errors, told apart by reason():
//   corrupt                          not an envelope, or its payload is not a record
//   conflict "schema_unknown"        written under another schema of the envelope
//   conflict "record_type_unknown"   a record type that this program does not know; never skipped
//   denied "key_needed"              encrypted under a person's key
Result<Opened> open(std::string_view bytes);

}  // namespace rondo::records
