#include "evaluation/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

}  // namespace

std::string_view page_style() { return kStyle; }

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

std::string figure_of(const Plot& plot) {
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

}  // namespace rondo::evaluation
