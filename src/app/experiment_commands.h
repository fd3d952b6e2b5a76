// `rondo experiment`: two bundles side by side, and what came of it. Each returns the exit status.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"

namespace rondo::app {

struct ExperimentOptions {
  std::string name;
  std::string treatment;       // as of `rondo bundle activate`
  double share = 0.5;          // of viewers
  std::string mode = "split";  // or "interleave"
  std::string salt;            // empty: drawn
};
// Appends ExperimentStarted to every partition: the server has to be stopped (conflict). Refused
// with the reason while another one runs, and when the bundles differ in what the arms share.
Result<int> start_experiment(const config::Config& config, const ExperimentOptions& options);
// The active bundle goes on alone. `rondo bundle activate` ends it too; with the treatment's name
// the treatment goes on with what it has learned.
Result<int> stop_experiment(const config::Config& config);

struct ExperimentReportOptions {
  std::string name;  // empty: the latest
  std::string json;  // file; empty: none
  std::string html;  // file; empty: none
};
// From the log alone; may run beside the server.
Result<int> report_experiment(const config::Config& config, const ExperimentReportOptions& options);

}  // namespace rondo::app
