// `rondo simulate`: runs scenarios, prints their figures, writes the reports. Needs no network, but
// the one it is told to drive.
#pragma once

#include <string>

#include "base/result.h"
#include "simulator/scenario.h"

namespace rondo::app {

struct SimulateOptions {
  simulator::Options run;
  bool held_out = false;  // over the seeds that engines are never tuned on
  std::string json;       // file to write; empty: none
  std::string report;     // the same, HTML
};

// 0, also when a bar is missed: the figures say so. An error names what could not be run or
// written.
Result<int> simulate(const SimulateOptions& options);

}  // namespace rondo::app
