// What viewers did or asked for, on its way into the log: checked, stamped, appended to the
// viewer's partition.
//
// The offset comes back only when the events are durable. A repeat of an event id, within the log's
// dedupe window, stores nothing and answers like the first; beyond it, the fold drops it.
//
// Thread safe.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "rondo/log/v1/record.pb.h"
#include "runtime/task.h"
#include "stream/stream.h"

namespace rondo::feed {

class EventIntake {
 public:
  EventIntake(stream::Stream& log, const base::Clock& clock) : log_(log), clock_(clock) {}

  // Impressions, engagements and changes of preferences of one viewer, at least one, each valid
  // (records/validate.h), in the order in which they happened. The offset of the last one.
  runtime::Task<Result<Offset>> append(EngineId viewer, std::vector<log::v1::Record> events);

 private:
  stream::Stream& log_;
  const base::Clock& clock_;
};

}  // namespace rondo::feed
