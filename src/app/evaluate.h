// `rondo eval`: runs a protocol, prints a table, writes the reports. Needs no network.
#pragma once

#include <string>

#include "base/result.h"
#include "evaluation/protocols.h"

namespace rondo::app {

struct EvaluateOptions {
  std::string protocol;
  evaluation::Options run;
  std::string json;    // file to write; empty: none
  std::string report;  // the same, HTML
};

// 0; an error names what could not be read, run or written.
Result<int> evaluate(const EvaluateOptions& options);

}  // namespace rondo::app
