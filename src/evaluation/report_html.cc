// The report as one page: bars and curves are inline SVG that takes its colours from the page.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "evaluation/html.h"
#include "evaluation/report.h"

namespace rondo::evaluation {
namespace {

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
      escaped(report.protocol), page_style(), escaped(report.about), report.seed);
  for (const auto& [name, value] : report.data) {
    out += fmt::format(", {} {:.10g}", escaped(name), value);
  }
  out += ".</p>\n" + table(report, lines);
  for (const auto& metric : report.headline) out += bars(metric, lines);
  for (const Plot& plot : report.plots) out += figure_of(plot);
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
