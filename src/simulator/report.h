// What a scenario found: figures with their bars, what each feed reached, and plots. A value type.
//
// JSON (docs/simulation.md): {"scenarios": [{scenario, about, preset, seeds, settings, figures:
// [{name, about, value, unit, bar, holds, by_seed}], timings: [the same], feeds: {name: {metric:
// value}}, plots: [{title, x, y, series: [{name, points}]}]}]}. A figure without a bar has bar and
// holds null.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "evaluation/report.h"
#include "simulator/tally.h"

namespace rondo::simulator {

using evaluation::Plot;

struct Bar {
  enum class Side { kAtLeast, kAtMost } side;
  double value;
};

struct Figure {
  std::string name;
  std::string about;  // what it says, in a sentence's part
  std::string unit;
  std::optional<Bar> bar;
  double value = 0;
  std::vector<double> by_seed;

  std::optional<bool> holds() const;
};

struct FeedRow {
  std::string feed;
  Metrics metrics;
};

struct Report {
  std::string scenario;
  std::string about;
  std::string preset;
  std::vector<uint64_t> seeds;
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<Figure> figures;
  std::vector<Figure> timings;  // of this machine: all else is the same on every run
  std::vector<FeedRow> feeds;
  std::vector<Plot> plots;
};

// One report of the means over several, which are of the same scenario with one seed each.
Report mean_of(const std::vector<Report>& reports);

std::string to_json(const std::vector<Report>& reports);
// One self-contained page: no script, no address of elsewhere; light and dark.
std::string to_html(const std::vector<Report>& reports);
// For a terminal.
std::string to_text(const Report& report);

}  // namespace rondo::simulator
