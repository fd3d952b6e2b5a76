// What a viewer asks of their feed: read from the engine's state, changed through the log.
//
// The log is the truth and the engine its only reader: no table of preferences stands beside it
// that could say something else. So an answer is what the next page will go by, an erasure takes it
// along, and an anonymous viewer who is forgotten is forgotten here too.
//
// Thread safe.
#pragma once

#include <chrono>

#include "feed/event_intake.h"
#include "feed/hosts.h"
#include "runtime/task.h"

namespace rondo::feed {

class Preferences {
 public:
  Preferences(Hosts& hosts, EventIntake& events, std::chrono::milliseconds wait_max)
      : hosts_(hosts), events_(events), wait_max_(wait_max) {}

  // As of every record that is durable when this is called. unavailable when the engine lags or has
  // stopped.
  runtime::Task<Result<recommender::ViewerPreferences>> read(EngineId viewer);

  struct Changed {
    Offset offset;
    recommender::ViewerPreferences now;
  };
  // `change` is a valid PreferenceChanged (records/validate.h). Refused before anything is stored:
  // invalid, reason "too_many", field "topics" or "mute", when the viewer would have more than
  // there is room for; unavailable as for read. unavailable after it was stored says that it was.
  runtime::Task<Result<Changed>> change(log::v1::Record change);

 private:
  Hosts& hosts_;
  EventIntake& events_;
  const std::chrono::milliseconds wait_max_;
};

}  // namespace rondo::feed
