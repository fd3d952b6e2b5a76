// The scenarios of `rondo simulate`: what happens in each, which feeds run it, and which figures
// come of it, with the bars that they are held to. docs/simulation.md describes them.
//
// Not thread safe. Blocks for as long as the run takes; says on standard error how far it is.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "recommender/bundle.h"
#include "simulator/report.h"
#include "simulator/simulation.h"

namespace rondo::simulator {

struct ScenarioInfo {
  std::string_view name;
  std::string_view about;
};
// In the order in which "all" runs them.
std::span<const ScenarioInfo> scenarios();

// A size of network, and the bundle that serves it.
struct Preset {
  std::string_view name;
  std::string_view about;
  uint32_t viewers;
  uint32_t videos;
  uint32_t authors;
  uint64_t swipes;
  uint32_t page_slots;
  double swipes_second_bar;  // of the engine, in process, a second of one core
  recommender::Bundle bundle;
};
// "default" or "small"; invalid otherwise.
Result<Preset> preset(std::string_view name);

struct Options {
  std::string scenario = "steady";  // or "all"
  std::string preset = "default";
  std::vector<std::string> feeds;  // empty: those that the scenario compares; "all": every one
  std::vector<uint64_t> seeds = {kTuningSeed};
  std::optional<uint32_t> viewers, videos;  // instead of the preset's
  std::optional<uint64_t> swipes;
  std::optional<recommender::Bundle> bundle;  // the same
  uint32_t partitions = 1;                    // engines that learn from each other
  // "http://127.0.0.1:PORT": the engine is a running server's, the videos are its own, and the
  // other feeds show the same ones. Empty: in process.
  std::string over;
};

// One report a scenario. invalid when an option names nothing that there is, or is out of bounds.
Result<std::vector<Report>> run(const Options& options);

}  // namespace rondo::simulator
