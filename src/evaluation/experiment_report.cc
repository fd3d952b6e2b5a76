// The report of an experiment as text, JSON and a page.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "evaluation/experiment.h"
#include "evaluation/html.h"

namespace rondo::evaluation {
namespace {

namespace json = boost::json;

constexpr const char* kSplitNote =
    "The viewer is the unit; intervals are of 95%. One of twenty differences of two equal bundles "
    "looks clear by chance: decide on one metric before looking.";
constexpr const char* kInterleaveNote =
    "Share of viewers whose finished, liked or watched videos came rather from the treatment's "
    "slots of the same pages; 0.5 when the bundles are alike. Intervals are of 95%.";

json::object interval(const Estimate& e) {
  json::object out{{"value", e.value}, {"low", nullptr}, {"high", nullptr}};
  if (e.known) {
    out["low"] = e.low;
    out["high"] = e.high;
  }
  return out;
}

// `sign`: of a difference, which may be below 0.
std::string interval_text(const Estimate& e, bool sign) {
  if (!e.known) return "too few viewers";
  return sign ? fmt::format("{:+.4f} to {:+.4f}", e.low, e.high)
              : fmt::format("{:.4f} to {:.4f}", e.low, e.high);
}

std::string headline(const ExperimentReport& r) {
  return fmt::format("{}: {}, {}% of viewers, {}, {} viewers in control{}", r.name, r.mode,
                     static_cast<double>(r.share_permyriad) / 100.0,
                     r.running ? "running" : "ended", r.control_viewers,
                     r.mode == "split" ? fmt::format(", {} in treatment", r.treatment_viewers)
                                       : " and treatment alike");
}

// An interval as a bar on a scale from low to high, `zero` marked.
std::string bar(const Estimate& e, double low, double high, double zero) {
  constexpr double kWidth = 220;
  const double span = high > low ? high - low : 1;
  auto x = [&](double v) { return std::clamp((v - low) / span, 0.0, 1.0) * kWidth; };
  return fmt::format(
      "<svg viewBox=\"0 0 {0} 18\" style=\"width:110px;height:auto;display:block\" role=\"img\" "
      "aria-label=\"{1:.4g} to {2:.4g}\">"
      "<line x1=\"{3:.1f}\" x2=\"{3:.1f}\" y1=\"0\" y2=\"18\" stroke=\"currentColor\" "
      "stroke-opacity=\"0.4\"/>"
      "<line x1=\"{4:.1f}\" x2=\"{5:.1f}\" y1=\"9\" y2=\"9\" stroke=\"currentColor\" "
      "stroke-width=\"3\"/>"
      "<circle cx=\"{6:.1f}\" cy=\"9\" r=\"4\" fill=\"currentColor\"/></svg>",
      kWidth, e.low, e.high, x(zero), x(e.low), x(e.high), x(e.value));
}

}  // namespace

std::string to_text(const ExperimentReport& r) {
  std::string out = headline(r) + "\ncontrol    " + r.control_sha256 + "\ntreatment  " +
                    r.treatment_sha256 + "\n\n";
  if (r.mode == "split") {
    out += fmt::format("{:<30}{:>12}{:>12}{:>12}  {}\n", "", "control", "treatment", "difference",
                       "95% interval");
    for (const auto& c : r.comparisons) {
      out += fmt::format("{:<30}{:>12.4f}{:>12.4f}{:>+12.4f}  {}{}\n", c.metric, c.control,
                         c.treatment, c.difference.value, interval_text(c.difference, true),
                         c.is_clear() ? "  *" : "");
    }
    return out + "\n* the interval leaves out 0. " + kSplitNote + "\n";
  }
  out += fmt::format("{:<20}{:>9}{:>20}  {}\n", "", "viewers", "prefer treatment", "95% interval");
  for (const auto& p : r.preferences) {
    bool clear = p.share.known && (p.share.low > 0.5 || p.share.high < 0.5);
    out += fmt::format("{:<20}{:>9}{:>20.4f}  {}{}\n", p.metric, p.viewers, p.share.value,
                       interval_text(p.share, false), clear ? "  *" : "");
  }
  return out + "\n* the interval leaves out 0.5. " + kInterleaveNote + "\n";
}

std::string to_json(const ExperimentReport& r) {
  json::object out{{"experiment", r.name},
                   {"mode", r.mode},
                   {"control", r.control_sha256},
                   {"treatment", r.treatment_sha256},
                   {"share", static_cast<double>(r.share_permyriad) / 10'000.0},
                   {"running", r.running},
                   {"began_us", r.began_us},
                   {"ended_us", r.ended_us}};
  json::object viewers{{"control", r.control_viewers}};
  if (r.mode == "split") viewers["treatment"] = r.treatment_viewers;
  out["viewers"] = viewers;
  json::array metrics;
  for (const auto& c : r.comparisons) {
    metrics.push_back(json::object{{"metric", c.metric},
                                   {"about", c.about},
                                   {"control", c.control},
                                   {"treatment", c.treatment},
                                   {"difference", interval(c.difference)}});
  }
  for (const auto& p : r.preferences) {
    metrics.push_back(json::object{{"metric", p.metric},
                                   {"about", p.about},
                                   {"viewers", p.viewers},
                                   {"prefer_treatment", interval(p.share)}});
  }
  out["metrics"] = metrics;
  return json::serialize(out) + "\n";
}

std::string to_html(const ExperimentReport& r) {
  std::string out = fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{0}</title><style>{1}</style><main><h1>{0}</h1>"
      "<p>{2}.</p><p>Control <code>{3}</code><br>Treatment <code>{4}</code></p><div "
      "style=\"overflow-x:auto\"><table>",
      escaped("Experiment " + r.name), page_style(), escaped(headline(r)),
      escaped(r.control_sha256), escaped(r.treatment_sha256));
  if (r.mode == "split") {
    out +=
        "<tr><th>metric</th><th>control</th><th>treatment</th><th>difference</th>"
        "<th>95% interval</th><th>relative</th></tr>";
    // One scale for all: relative to the control.
    double most = 0.01;
    auto relative = [](const Comparison& c, double v) {
      return c.control == 0 ? 0 : v / c.control;
    };
    for (const auto& c : r.comparisons) {
      most = std::max({most, std::fabs(relative(c, c.difference.low)),
                       std::fabs(relative(c, c.difference.high))});
    }
    most = std::min(most, 1.0);
    for (const auto& c : r.comparisons) {
      Estimate shown{relative(c, c.difference.value), relative(c, c.difference.low),
                     relative(c, c.difference.high)};
      out += fmt::format(
          "<tr><td>{}</td><td>{:.4f}</td><td>{:.4f}</td><td>{:+.4f}{}</td><td>{}</td>"
          "<td>{}</td></tr>",
          escaped(c.about), c.control, c.treatment, c.difference.value, c.is_clear() ? " *" : "",
          interval_text(c.difference, true),
          c.difference.known ? bar(shown, -most, most, 0) : std::string());
    }
    out += fmt::format(
        "</table></div><p>The scale reaches from -{0:.0f}% to +{0:.0f}%. * the interval "
        "leaves out 0. {1}</p>",
        100 * most, kSplitNote);
  } else {
    out +=
        "<tr><th>by</th><th>viewers</th><th>prefer treatment</th><th>95% interval</th><th>0 to "
        "1</th></tr>";
    for (const auto& p : r.preferences) {
      out += fmt::format("<tr><td>{}</td><td>{}</td><td>{:.4f}</td><td>{}</td><td>{}</td></tr>",
                         escaped(p.about), p.viewers, p.share.value, interval_text(p.share, false),
                         p.share.known ? bar(p.share, 0, 1, 0.5) : std::string());
    }
    out += fmt::format("</table></div><p>{}</p>", kInterleaveNote);
  }
  return out + "</main></html>\n";
}

}  // namespace rondo::evaluation
