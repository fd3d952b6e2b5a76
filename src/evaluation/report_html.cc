// The report as one page: bars and curves are inline SVG that takes its colours from the page.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "evaluation/report.h"

namespace rondo::evaluation {
namespace {

constexpr size_t kColours = 6;

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--bg:#fff;--ink:#1b1d22;--dim:#666c78;--line:#d9dce2;--mark:#b0306a;
--c0:#b0306a;--c1:#2563a8;--c2:#2a7d4f;--c3:#a86412;--c4:#6b4bb3;--c5:#4c5563}
@media(prefers-color-scheme:dark){:root{--bg:#14151a;--ink:#eceef2;--dim:#9aa1ae;--line:#33363f;
--mark:#ff7eb6;--c0:#ff7eb6;--c1:#7db7ff;--c2:#7fd6a4;--c3:#f0b869;--c4:#bda6ff;--c5:#aab2c0}}
body{background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif;max-width:60rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p,figcaption{color:var(--dim)}figure{margin:0 0 2rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .8rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}.engine td{color:var(--mark);font-weight:600}
.published td{color:var(--dim)}svg{width:100%;height:auto;display:block}
svg text{fill:var(--ink);font-size:12px}svg .dim{fill:var(--dim)}
svg .grid{stroke:var(--line)}svg .bar{fill:var(--c5)}svg .bar.e{fill:var(--mark)}
svg .bar.p{fill:none;stroke:var(--dim);stroke-dasharray:4 3}
svg polyline{fill:none;stroke-width:2}
.k{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .35em 0 1em}
)css";

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

enum class Kind { kEngine, kBaseline, kPublished };

struct Line {
  std::string name;
  Kind kind;
  const Metrics* metrics;
};

std::vector<Line> lines_of(const Report& report) {
  std::vector<Line> out{{"engine", Kind::kEngine, &report.engine.metrics}};
  for (const Row& row : report.baselines) {
    out.push_back({row.name, Kind::kBaseline, &row.metrics});
  }
  for (const Reference& reference : report.references) {
    out.push_back({reference.name, Kind::kPublished, &reference.metrics});
  }
  return out;
}

std::string bars(const std::string& metric, const std::vector<Line>& lines) {
  std::vector<std::pair<const Line*, double>> shown;
  double most = 0;
  for (const Line& line : lines) {
    auto at = line.metrics->find(metric);
    if (at == line.metrics->end()) continue;
    shown.emplace_back(&line, at->second);
    most = std::max(most, at->second);
  }
  if (shown.empty()) return {};
  constexpr int kRow = 26;
  std::string out = fmt::format(
      "<figure><h2>{0}</h2><svg viewBox=\"0 0 800 {1}\" role=\"img\" aria-label=\"{0}, bars\">\n",
      escaped(metric), static_cast<int>(shown.size()) * kRow);
  int y = 0;
  for (auto [line, value] : shown) {
    double width = most > 0 ? 400 * value / most : 0;
    const char* kind = line->kind == Kind::kEngine      ? " e"
                       : line->kind == Kind::kPublished ? " p"
                                                        : "";
    out += fmt::format(
        "<text x=\"300\" y=\"{}\" text-anchor=\"end\">{}</text><rect class=\"bar{}\" x=\"310\" "
        "y=\"{}\" width=\"{:.1f}\" height=\"18\"/><text x=\"{:.1f}\" y=\"{}\">{:.4f}</text>\n",
        y + 17, escaped(line->name), kind, y + 4, width, 316 + width, y + 17, value);
    y += kRow;
  }
  return out + "</svg></figure>\n";
}

// Ends of an axis, never equal.
struct Range {
  double low, high;
  double share(double value) const { return (value - low) / (high - low); }
};

Range range_of(const Plot& plot, bool of_x) {
  Range r{INFINITY, -INFINITY};
  for (const Series& series : plot.series) {
    for (auto [x, y] : series.points) {
      r.low = std::min(r.low, of_x ? x : y);
      r.high = std::max(r.high, of_x ? x : y);
    }
  }
  if (!of_x) r.high += 0.05 * (r.high - r.low);
  if (r.high <= r.low) r = {r.low - 0.5, r.low + 0.5};
  return r;
}

std::string curves(const Plot& plot) {
  bool any = std::any_of(plot.series.begin(), plot.series.end(),
                         [](const Series& s) { return !s.points.empty(); });
  if (!any) return {};
  Range xs = range_of(plot, true);
  Range ys = range_of(plot, false);
  auto px = [&](double x) { return 60 + 720 * xs.share(x); };
  auto py = [&](double y) { return 260 - 240 * ys.share(y); };
  std::string out = fmt::format(
      "<figure><h2>{0}</h2><svg viewBox=\"0 0 800 310\" role=\"img\" aria-label=\"{0}\">\n",
      escaped(plot.title));
  for (int tick = 0; tick <= 4; ++tick) {
    double y = ys.low + (ys.high - ys.low) * tick / 4;
    double x = xs.low + (xs.high - xs.low) * tick / 4;
    out += fmt::format(
        "<line class=\"grid\" x1=\"60\" x2=\"780\" y1=\"{0:.1f}\" y2=\"{0:.1f}\"/><text "
        "class=\"dim\" x=\"54\" y=\"{1:.1f}\" text-anchor=\"end\">{2:.3g}</text><text "
        "class=\"dim\" "
        "x=\"{3:.1f}\" y=\"280\" text-anchor=\"middle\">{4:.6g}</text>\n",
        py(y), py(y) + 4, y, px(x), x);
  }
  out += fmt::format("<text class=\"dim\" x=\"420\" y=\"302\" text-anchor=\"middle\">{}</text>\n",
                     escaped(plot.x));
  std::string key;
  for (size_t s = 0; s < plot.series.size(); ++s) {
    const Series& series = plot.series[s];
    if (series.points.empty()) continue;
    std::string points;
    for (auto [x, y] : series.points) points += fmt::format("{:.1f},{:.1f} ", px(x), py(y));
    out += fmt::format("<polyline style=\"stroke:var(--c{})\" points=\"{}\"/>\n", s % kColours,
                       points);
    key += fmt::format("<span class=\"k\" style=\"background:var(--c{})\"></span>{}", s % kColours,
                       escaped(series.name));
  }
  return out + "</svg><figcaption>" + escaped(plot.y) + key + "</figcaption></figure>\n";
}

std::string table(const Report& report, const std::vector<Line>& lines) {
  std::vector<std::string> names;
  for (const Line& line : lines) {
    for (const auto& [name, value] : *line.metrics) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string out = "<div class=\"scroll\"><table><tr><th>" + escaped(report.protocol) + "</th>";
  for (const auto& name : names) out += "<th>" + escaped(name) + "</th>";
  out += "</tr>\n";
  for (const Line& line : lines) {
    out += fmt::format("<tr class=\"{}\"><td>{}</td>",
                       line.kind == Kind::kEngine      ? "engine"
                       : line.kind == Kind::kPublished ? "published"
                                                       : "baseline",
                       escaped(line.name));
    for (const auto& name : names) {
      auto at = line.metrics->find(name);
      out += at == line.metrics->end() ? "<td></td>" : fmt::format("<td>{:.4f}</td>", at->second);
    }
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

}  // namespace

std::string to_html(const Report& report) {
  std::vector<Line> lines = lines_of(report);
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>Rondo, {0}</title><style>{1}</style>\n<h1>{0}</h1>\n"
      "<p>{2}</p>\n<p>Seed {3}",
      escaped(report.protocol), kStyle, escaped(report.about), report.seed);
  for (const auto& [name, value] : report.data) {
    out += fmt::format(", {} {:.10g}", escaped(name), value);
  }
  out += ".</p>\n" + table(report, lines);
  for (const auto& metric : report.headline) out += bars(metric, lines);
  for (const Plot& plot : report.plots) out += curves(plot);
  out += "<h2>Settings</h2><ul>\n";
  for (const auto& [name, value] : report.settings) {
    out += fmt::format("<li>{}: {}</li>\n", escaped(name), escaped(value));
  }
  out += "</ul>\n";
  if (!report.references.empty()) {
    out += "<h2>Figures from elsewhere (dashed)</h2><ul>\n";
    for (const Reference& reference : report.references) {
      out += fmt::format("<li>{}: {}</li>\n", escaped(reference.name), escaped(reference.source));
    }
    out += "</ul>\n";
  }
  return out + "</html>\n";
}

}  // namespace rondo::evaluation
