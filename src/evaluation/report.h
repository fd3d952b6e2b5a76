// What a protocol found: figures of the engine, of the baselines of the same run, and the published
// ones beside them; and curves. A value type.
//
// JSON (docs/evaluation.md): {protocol, about, data, seed, engine: {metric: figure.., settings,
// seconds}, baselines: {name: {metric: figure.., seconds}}, references: {name: {metric: figure..,
// source}}, plots: [{title, x, y, series: [{name, points: [[x, y]..]}]}]}.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/metrics.h"

namespace rondo::evaluation {

struct Row {
  std::string name;
  Metrics metrics;
  double seconds = 0;
};

struct Reference {
  std::string name;
  std::string source;
  Metrics metrics;
};

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct Plot {
  std::string title;
  std::string x;
  std::string y;
  std::vector<Series> series;
};

struct Report {
  std::string protocol;
  std::string about;  // what is learned from, what is asked for, in sentences
  std::vector<std::pair<std::string, double>> data;  // rows, users, items, ..
  uint64_t seed = 0;
  std::vector<std::string> headline;  // the metrics that the bars show, of those there are
  Row engine;
  std::vector<std::pair<std::string, std::string>> settings;  // of the engine and the run
  std::vector<Row> baselines;
  std::vector<Reference> references;
  std::vector<Plot> plots;
};

std::string to_json(const Report& report);
// One self-contained page: no script, no address of elsewhere; light and dark.
std::string to_html(const Report& report);
// A table for a terminal.
std::string to_text(const Report& report);

// The published figures of a protocol; empty when there are none (references.cc tells the sources).
std::vector<Reference> references_of(const std::string& protocol);

}  // namespace rondo::evaluation
