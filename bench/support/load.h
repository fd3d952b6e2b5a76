// Open-loop load: every exchange has a time at which it is due, and its latency counts from then,
// whether or not the one before it came back in time. A slow server thus cannot slow the questions
// down (no coordinated omission).
//
// Each seat is a viewer's place on a connection and a thread of its own. Once a second it asks for
// a page, and half a second later tells what was watched of it; after kPagesPerViewer pages another
// viewer takes the seat. So the rate of pages a second is the number of seats, and the seats'
// phases are spread evenly.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "support/report.h"

namespace rondo::bench {

struct LoadOptions {
  uint16_t port = 0;
  int pages_per_second = 300;       // and as many batches of events
  int videos_per_batch = 5;         // two events each
  std::chrono::seconds warm_up{2};  // not counted
  std::chrono::seconds measured{20};
  uint64_t seed = 1;
};

struct LoadResult {
  Samples page_ms, batch_ms;    // from the time at which each was due
  double pages_per_second = 0;  // that came back within the measured time
  double events_per_second = 0;
  uint64_t errors = 0;      // fallbacks, statuses, rejected events, lost connections
  uint64_t unfinished = 0;  // due, but never asked or answered; counted as late in page_ms
  std::string first_error;
};

// Makes the viewers first, then runs. Errors of single exchanges are counted, not returned.
Result<LoadResult> run_load(const LoadOptions& options);

}  // namespace rondo::bench
