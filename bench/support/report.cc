#include "support/report.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numeric>

namespace rondo::bench {

void Samples::add(const Samples& other) {
  values_.insert(values_.end(), other.values_.begin(), other.values_.end());
  sorted_ = false;
}

double Samples::percentile(double share) const {
  RD_ASSERT(!values_.empty() && share > 0 && share <= 1);
  if (!sorted_) {
    std::sort(values_.begin(), values_.end());
    sorted_ = true;
  }
  auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values_.size())));
  return values_[std::max<size_t>(rank, 1) - 1];
}

double Samples::mean() const {
  RD_ASSERT(!values_.empty());
  return std::accumulate(values_.begin(), values_.end(), 0.0) / static_cast<double>(values_.size());
}

std::optional<bool> Figure::holds() const {
  if (!bar) return std::nullopt;
  return sense == Bar::kAtMost ? value <= *bar : value >= *bar;
}

namespace {

// Three digits that matter; counts in full.
std::string number(double value) {
  if (value == std::floor(value) || std::abs(value) >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, std::abs(value) >= 100 ? 0 : std::abs(value) >= 10 ? 1 : 2);
}

}  // namespace

double thread_cpu_seconds() {
  timespec time{};
  RD_ASSERT(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void Report::say(std::string_view text) {
  fmt::print("  # {}\n", text);
  std::fflush(stdout);
}

Result<void> Report::add(const Figure& figure) {
  std::string bar;
  if (figure.bar) {
    bar = fmt::format("{} {}", figure.sense == Bar::kAtMost ? "<=" : ">=", number(*figure.bar));
  }
  auto holds = figure.holds();
  fmt::print("  {:<38} {:>9} {:<10} {:<9} {:<5} {}\n", figure.name, number(figure.value),
             figure.unit, bar, holds ? (*holds ? "yes" : "NO") : "", figure.note);
  std::fflush(stdout);
  if (json_path_.empty()) return {};
  auto text = [](const std::string& value) {
    return boost::json::serialize(boost::json::string(value));
  };
  std::ofstream out(json_path_, std::ios::app);
  out << fmt::format(R"({{"name":{},"value":{},"unit":{},"bar":{},"holds":{}}})", text(figure.name),
                     figure.value, text(figure.unit),
                     figure.bar ? fmt::format("{}", *figure.bar) : "null",
                     holds ? (*holds ? "true" : "false") : "null")
      << "\n";
  if (!out.flush()) return internal("cannot write figures to " + json_path_);
  return {};
}

}  // namespace rondo::bench
