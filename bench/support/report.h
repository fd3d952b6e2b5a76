// What a bench says: figures in a table on standard output, and one JSON object a line in a file
// that bench/run joins. Percentiles are exact: every sample is kept.
//
// Single-threaded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rondo::bench {

class Samples {
 public:
  void reserve(size_t count) { values_.reserve(count); }
  void add(double value) { values_.push_back(value); }
  void add(const Samples& other);
  size_t count() const { return values_.size(); }
  // The smallest sample that at least `share` of all samples do not exceed (nearest rank).
  // share in (0, 1]; requires a sample.
  double percentile(double share) const;
  double mean() const;

 private:
  mutable std::vector<double> values_;
  mutable bool sorted_ = false;
};

enum class Bar { kAtMost, kAtLeast };

struct Figure {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<double> bar;
  Bar sense = Bar::kAtMost;
  std::string note = {};  // after the row, for a reader
  // Without a bar: nullopt.
  std::optional<bool> holds() const;
};

// CPU time of the calling thread, in seconds: what was worked, whoever else was busy meanwhile.
double thread_cpu_seconds();

class Report {
 public:
  // `json_path`: lines are appended; empty: none.
  explicit Report(std::string json_path) : json_path_(std::move(json_path)) {}
  // A line of explanation above the figures that follow.
  void say(std::string_view text);
  Result<void> add(const Figure& figure);

 private:
  std::string json_path_;
};

}  // namespace rondo::bench
