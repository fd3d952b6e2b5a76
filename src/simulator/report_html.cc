#include <fmt/format.h>

#include "evaluation/html.h"
#include "simulator/report.h"

namespace rondo::simulator {
namespace {

using evaluation::escaped;

// Beside the reports' own style.
constexpr std::string_view kMore =
    "td.t{text-align:left;white-space:normal;color:var(--dim)}.fails{color:var(--mark);"
    "font-weight:600}h2.s{margin-top:3rem;border-top:1px solid var(--line);padding-top:1rem}";

std::string rows_of(const std::vector<Figure>& figures) {
  std::string out;
  for (const Figure& f : figures) {
    std::string bar, holds;
    if (f.bar) {
      bar = fmt::format("{} {:.6g}", f.bar->side == Bar::Side::kAtLeast ? "at least" : "at most",
                        f.bar->value);
      holds = *f.holds() ? "<td>yes</td>" : "<td class=\"fails\">no</td>";
    } else {
      holds = "<td></td>";
    }
    std::string seeds;
    for (double value : f.by_seed) seeds += fmt::format(" {:.4g}", value);
    out += fmt::format(
        "<tr><td>{}</td><td>{:.4g} {}</td><td>{}</td>{}<td>{}</td><td class=\"t\">{}</td></tr>\n",
        escaped(f.name), f.value, escaped(f.unit), bar, holds, seeds, escaped(f.about));
  }
  return out;
}

std::string feeds_of(const Report& report) {
  if (report.feeds.empty()) return {};
  std::string out = "<div class=\"scroll\"><table><tr><th>feed</th>";
  for (const FeedRow& row : report.feeds) out += "<th>" + escaped(row.feed) + "</th>";
  out += "</tr>\n";
  for (size_t m = 0; m < report.feeds[0].metrics.size(); ++m) {
    out += "<tr><td>" + escaped(report.feeds[0].metrics[m].first) + "</td>";
    for (const FeedRow& row : report.feeds) {
      out += fmt::format("<td>{:.4g}</td>", row.metrics[m].second);
    }
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

}  // namespace

std::string to_html(const std::vector<Report>& reports) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>Rondo, simulation</title><style>{}{}</style>\n"
      "<h1>Simulation</h1>\n<p>Synthetic viewers with hidden interests. This shows how the engine "
      "behaves towards people whose wishes are known; it is never quoted as real quality.</p>\n",
      evaluation::page_style(), kMore);
  for (const Report& report : reports) {
    out += fmt::format("<h2 class=\"s\">{}</h2>\n<p>{}</p>\n<p>Preset {}, seed {}</p>\n",
                       escaped(report.scenario), escaped(report.about), escaped(report.preset),
                       fmt::join(report.seeds, ", "));
    out +=
        "<div class=\"scroll\"><table><tr><th>figure</th><th>value</th><th>bar</th><th>holds</th>"
        "<th>by seed</th><th></th></tr>\n" +
        rows_of(report.figures) + rows_of(report.timings) + "</table></div>\n";
    for (const Plot& plot : report.plots) out += evaluation::figure_of(plot);
    out += feeds_of(report) + "<ul>\n";
    for (const auto& [name, value] : report.settings) {
      out += fmt::format("<li>{}: {}</li>\n", escaped(name), escaped(value));
    }
    out += "</ul>\n";
  }
  return out + "</html>\n";
}

}  // namespace rondo::simulator
