#include "simulator/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

namespace rondo::simulator {
namespace {

namespace json = boost::json;

json::object to_value(const Figure& figure) {
  json::object out{{"name", figure.name}, {"about", figure.about}, {"value", figure.value},
                   {"unit", figure.unit}, {"bar", nullptr},        {"holds", nullptr}};
  if (figure.bar) {
    const char* side = figure.bar->side == Bar::Side::kAtLeast ? "at_least" : "at_most";
    out["bar"] = json::object{{side, figure.bar->value}};
    out["holds"] = *figure.holds();
  }
  out["by_seed"] = json::array(figure.by_seed.begin(), figure.by_seed.end());
  return out;
}

json::array to_value(const std::vector<Figure>& figures) {
  json::array out;
  for (const Figure& figure : figures) out.push_back(to_value(figure));
  return out;
}

json::object to_value(const Report& report) {
  json::object settings;
  for (const auto& [name, value] : report.settings) settings[name] = value;
  json::object feeds;
  for (const FeedRow& row : report.feeds) {
    json::object metrics;
    for (const auto& [name, value] : row.metrics) metrics[name] = value;
    feeds[row.feed] = std::move(metrics);
  }
  json::array plots;
  for (const Plot& plot : report.plots) {
    json::array series;
    for (const auto& one : plot.series) {
      json::array points;
      for (auto [x, y] : one.points) points.push_back(json::array{x, y});
      series.push_back(json::object{{"name", one.name}, {"points", std::move(points)}});
    }
    plots.push_back(json::object{
        {"title", plot.title}, {"x", plot.x}, {"y", plot.y}, {"series", std::move(series)}});
  }
  return {{"scenario", report.scenario},
          {"about", report.about},
          {"preset", report.preset},
          {"seeds", json::array(report.seeds.begin(), report.seeds.end())},
          {"settings", std::move(settings)},
          {"figures", to_value(report.figures)},
          {"timings", to_value(report.timings)},
          {"feeds", std::move(feeds)},
          {"plots", std::move(plots)}};
}

void add(std::vector<Figure>& to, const std::vector<Figure>& from) {
  for (size_t i = 0; i < to.size(); ++i) to[i].by_seed.push_back(from[i].value);
}

void close(std::vector<Figure>& figures) {
  for (Figure& figure : figures) {
    double sum = 0;
    for (double value : figure.by_seed) sum += value;
    figure.value = sum / static_cast<double>(figure.by_seed.size());
  }
}

std::string bar_of(const Figure& figure) {
  if (!figure.bar) return "";
  return fmt::format("{} {:.6g}",
                     figure.bar->side == Bar::Side::kAtLeast ? ">=" : "<=", figure.bar->value);
}

std::string rows_of(const std::vector<Figure>& figures) {
  std::string out;
  for (const Figure& f : figures) {
    out += fmt::format("  {:<34}{:>10.4g} {:<10}{:<11}{:<7}", f.name, f.value, f.unit, bar_of(f),
                       f.bar ? (*f.holds() ? "holds" : "FAILS") : "");
    if (f.by_seed.size() > 1) {
      out += "by seed";
      for (double value : f.by_seed) out += fmt::format(" {:.4g}", value);
    }
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
  }
  return out;
}

}  // namespace

std::optional<bool> Figure::holds() const {
  if (!bar) return std::nullopt;
  return bar->side == Bar::Side::kAtLeast ? value >= bar->value : value <= bar->value;
}

Report mean_of(const std::vector<Report>& reports) {
  RD_ASSERT(!reports.empty());
  Report out = reports.front();
  const auto n = static_cast<double>(reports.size());
  for (auto* figures : {&out.figures, &out.timings}) {
    for (Figure& figure : *figures) figure.by_seed.clear();
  }
  out.seeds.clear();
  for (const Report& report : reports) {
    out.seeds.insert(out.seeds.end(), report.seeds.begin(), report.seeds.end());
    add(out.figures, report.figures);
    add(out.timings, report.timings);
  }
  close(out.figures);
  close(out.timings);
  for (size_t f = 0; f < out.feeds.size(); ++f) {
    for (size_t m = 0; m < out.feeds[f].metrics.size(); ++m) {
      double sum = 0;
      for (const Report& report : reports) sum += report.feeds[f].metrics[m].second;
      out.feeds[f].metrics[m].second = sum / n;
    }
  }
  // Curves: point by point where all have the point.
  for (size_t p = 0; p < out.plots.size(); ++p) {
    for (size_t s = 0; s < out.plots[p].series.size(); ++s) {
      auto& points = out.plots[p].series[s].points;
      for (const Report& report : reports) {
        points.resize(std::min(points.size(), report.plots[p].series[s].points.size()));
      }
      for (size_t i = 0; i < points.size(); ++i) {
        double x = 0, y = 0;
        for (const Report& report : reports) {
          x += report.plots[p].series[s].points[i].first;
          y += report.plots[p].series[s].points[i].second;
        }
        points[i] = {x / n, y / n};
      }
    }
  }
  return out;
}

std::string to_json(const std::vector<Report>& reports) {
  json::array scenarios;
  for (const Report& report : reports) scenarios.push_back(to_value(report));
  return json::serialize(json::object{{"scenarios", std::move(scenarios)}}) + "\n";
}

std::string to_text(const Report& report) {
  std::string out = fmt::format("{}, preset {}, seed {}\n{}\n", report.scenario, report.preset,
                                fmt::join(report.seeds, ", "), report.about);
  out += rows_of(report.figures) + rows_of(report.timings);
  if (report.feeds.empty()) return out;
  size_t width = 12;
  for (const FeedRow& row : report.feeds) width = std::max(width, row.feed.size() + 2);
  out += fmt::format("\n  {:<30}", "feed");
  for (const FeedRow& row : report.feeds) out += fmt::format("{:>{}}", row.feed, width);
  for (size_t m = 0; m < report.feeds[0].metrics.size(); ++m) {
    out += fmt::format("\n  {:<30}", report.feeds[0].metrics[m].first);
    for (const FeedRow& row : report.feeds) {
      out += fmt::format("{:>{}.4g}", row.metrics[m].second, width);
    }
  }
  return out + "\n\n";
}

}  // namespace rondo::simulator
