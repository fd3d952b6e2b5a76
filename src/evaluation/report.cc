#include "evaluation/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

namespace rondo::evaluation {
namespace {

namespace json = boost::json;

json::object figures(const Metrics& metrics) {
  json::object out;
  for (const auto& [name, value] : metrics) out[name] = value;
  return out;
}

}  // namespace

std::string to_json(const Report& report) {
  json::object out;
  out["protocol"] = report.protocol;
  out["about"] = report.about;
  json::object data;
  for (const auto& [name, value] : report.data) data[name] = value;
  out["data"] = std::move(data);
  out["seed"] = report.seed;
  json::object engine = figures(report.engine.metrics);
  json::object settings;
  for (const auto& [name, value] : report.settings) settings[name] = value;
  engine["settings"] = std::move(settings);
  engine["seconds"] = report.engine.seconds;
  out["engine"] = std::move(engine);
  json::object baselines;
  for (const Row& row : report.baselines) {
    json::object one = figures(row.metrics);
    one["seconds"] = row.seconds;
    baselines[row.name] = std::move(one);
  }
  out["baselines"] = std::move(baselines);
  json::object references;
  for (const Reference& reference : report.references) {
    json::object one = figures(reference.metrics);
    one["source"] = reference.source;
    references[reference.name] = std::move(one);
  }
  out["references"] = std::move(references);
  json::array plots;
  for (const Plot& plot : report.plots) {
    json::array series;
    for (const Series& one : plot.series) {
      json::array points;
      for (auto [x, y] : one.points) points.push_back(json::array{x, y});
      series.push_back(json::object{{"name", one.name}, {"points", std::move(points)}});
    }
    plots.push_back(json::object{
        {"title", plot.title}, {"x", plot.x}, {"y", plot.y}, {"series", std::move(series)}});
  }
  out["plots"] = std::move(plots);
  return json::serialize(out) + "\n";
}

std::string to_text(const Report& report) {
  std::set<std::string> names;
  for (const auto& [name, value] : report.engine.metrics) names.insert(name);
  for (const Row& row : report.baselines) {
    for (const auto& [name, value] : row.metrics) names.insert(name);
  }
  std::string out = fmt::format("{}, seed {}\n{}\n", report.protocol, report.seed, report.about);
  for (const auto& [name, value] : report.data) out += fmt::format("  {} {:g}\n", name, value);
  size_t first = 16;
  for (const Row& row : report.baselines) first = std::max(first, row.name.size());
  for (const auto& reference : report.references)
    first = std::max(first, reference.name.size() + 2);
  auto width = [](const std::string& metric) { return std::max<size_t>(metric.size() + 2, 11); };
  out += fmt::format("{:<{}}", "", first);
  for (const auto& name : names) out += fmt::format("{:>{}}", name, width(name));
  out += "     seconds\n";
  auto line = [&](const std::string& name, const Metrics& metrics, const std::string& seconds) {
    out += fmt::format("{:<{}}", name, first);
    for (const auto& metric : names) {
      auto at = metrics.find(metric);
      out +=
          at == metrics.end() ? fmt::format("{:>12}", "-") : fmt::format("{:>12.4f}", at->second);
    }
    out += fmt::format("{:>12}\n", seconds);
  };
  line("engine", report.engine.metrics, fmt::format("{:.1f}", report.engine.seconds));
  for (const Row& row : report.baselines) {
    line(row.name, row.metrics, fmt::format("{:.1f}", row.seconds));
  }
  for (const Reference& reference : report.references) {
    line("* " + reference.name, reference.metrics, "");
  }
  if (!report.references.empty())
    out += "* published or measured elsewhere; the JSON names where\n";
  return out;
}

}  // namespace rondo::evaluation
