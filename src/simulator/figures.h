// The figures and plots of each scenario, read from its feeds' runs. What only a feed that did not
// run could tell is left out.
//
// Free functions over values: thread safe.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/report.h"
#include "simulator/simulation.h"

namespace rondo::simulator {

// Lengths of the twins of duration_bias.
inline constexpr std::array<float, 3> kTwinSeconds = {10, 30, 90};

// A feed's run; the outcome reads its catalogue.
struct FeedRun {
  std::string name;
  std::unique_ptr<Catalogue> catalogue;
  Outcome outcome;

  // One of Tally's, which must be there.
  double metric(std::string_view wanted) const;
  const TargetCurve& curve() const { return outcome.tally.curve(); }
};

struct Runs {
  std::vector<FeedRun> all;
  const FeedRun* find(std::string_view name) const;  // null: it did not run
};

constexpr Bar at_least(double value) { return {Bar::Side::kAtLeast, value}; }
constexpr Bar at_most(double value) { return {Bar::Side::kAtMost, value}; }
void add(std::vector<Figure>& figures, std::string name, std::string about, std::string unit,
         std::optional<Bar> bar, double value);

void steady_figures(const Runs& runs, Report& report);
void cold_viewer_figures(const Runs& runs, Report& report);
void cold_video_figures(const Runs& runs, Report& report);
void interest_shift_figures(const Runs& runs, Report& report);
void duration_bias_figures(const Runs& runs, Report& report);
void brigade_figures(const Runs& runs, Report& report);
void small_creators_figures(const Runs& runs, Report& report);

}  // namespace rondo::simulator
