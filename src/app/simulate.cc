#include "app/simulate.h"

#include <cstdio>

#include "app/write_file.h"

namespace rondo::app {

Result<int> simulate(const SimulateOptions& options) {
  simulator::Options run = options.run;
  if (options.held_out) {
    run.seeds.assign(simulator::kHeldOutSeeds.begin(), simulator::kHeldOutSeeds.end());
  }
  RD_TRY(auto reports, simulator::run(run));
  for (const auto& report : reports) std::fputs(simulator::to_text(report).c_str(), stdout);
  RD_CHECK(write_file(options.json, simulator::to_json(reports)));
  RD_CHECK(write_file(options.report, simulator::to_html(reports)));
  return 0;
}

}  // namespace rondo::app
