#include "simulator/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace rondo::simulator {
namespace {

constexpr double kWatchShareBar = 0.8;  // the bars are those of the engine's design
constexpr double kColdSwipesBar = 10;
constexpr double kShiftSwipesBar = 15;
constexpr size_t kAuthorGroups = 10;
constexpr size_t kTimePoints = 20;

Plot plot_of(const Runs& runs, std::string title, std::string x, std::string y,
             const std::function<std::vector<std::pair<double, double>>(const FeedRun&)>& points) {
  Plot out{std::move(title), std::move(x), std::move(y), {}};
  for (const FeedRun& run : runs.all) out.series.push_back({run.name, points(run)});
  return out;
}

Plot curves(const Runs& runs, std::string x) {
  return plot_of(runs, "Pages on target", std::move(x), "share of a page's slots, mean of viewers",
                 [](const FeedRun& run) {
                   std::vector<std::pair<double, double>> points;
                   for (uint32_t n = 0; n <= run.curve().swipes(); ++n) {
                     points.emplace_back(n, run.curve().at(n));
                   }
                   return points;
                 });
}

void new_video_figures(const FeedRun& engine, Report& report) {
  if (engine.metric("new_videos") == 0) return;
  add(report.figures, "new_videos_within_hour",
      "share of new videos with 50 impressions within an hour", "", at_least(1),
      engine.metric("new_videos_within_hour"));
  add(report.figures, "new_videos_minutes_median",
      "log time until the first 50, of those that got there", "min", {},
      engine.metric("new_videos_minutes_median"));
  add(report.figures, "new_videos_impressions_median",
      "impressions of all videos meanwhile, of those that got there", "", {},
      engine.metric("new_videos_impressions_median"));
}

Plot new_video_plot(const Runs& runs) {
  return plot_of(runs, "New videos' first 50 impressions", "minutes since publication",
                 "share of new videos", [](const FeedRun& run) {
                   const auto& tally = run.outcome.tally;
                   auto minutes = tally.minutes_to_first(run.outcome.end_us);
                   auto all = static_cast<double>(tally.new_videos(run.outcome.end_us));
                   std::vector<std::pair<double, double>> points;
                   for (double at = 0; at <= 240; at += 10) {
                     auto there = std::upper_bound(minutes.begin(), minutes.end(), at);
                     auto count = static_cast<double>(there - minutes.begin());
                     points.emplace_back(at, all > 0 ? count / all : 0);
                   }
                   return points;
                 });
}

std::array<double, kTwinSeconds.size()> length_shares(const FeedRun& run) {
  std::array<double, kTwinSeconds.size()> out{};
  double all = 0;
  const auto& impressions = run.outcome.tally.impressions();
  for (size_t v = 0; v < impressions.size(); ++v) {
    for (size_t k = 0; k < kTwinSeconds.size(); ++k) {
      if (run.catalogue->video(static_cast<uint32_t>(v)).duration_s != kTwinSeconds[k]) continue;
      out[k] += static_cast<double>(impressions[v]);
      all += static_cast<double>(impressions[v]);
    }
  }
  for (double& share : out) share = all > 0 ? share / all : 0;
  return out;
}

// Of the pushed video, in a thousand honest impressions.
double pushed_share(const FeedRun& run) {
  return run.outcome.pushed_of > 0 ? 1000.0 * static_cast<double>(run.outcome.pushed_impressions) /
                                         static_cast<double>(run.outcome.pushed_of)
                                   : 0;
}

}  // namespace

double FeedRun::metric(std::string_view wanted) const {
  for (const auto& [metric, value] : outcome.tally.metrics(outcome.end_us)) {
    if (metric == wanted) return value;
  }
  RD_ASSERT(false);
  return 0;
}

const FeedRun* Runs::find(std::string_view name) const {
  for (const FeedRun& run : all) {
    if (run.name == name) return &run;
  }
  return nullptr;
}

void add(std::vector<Figure>& figures, std::string name, std::string about, std::string unit,
         std::optional<Bar> bar, double value) {
  figures.push_back({std::move(name), std::move(about), std::move(unit), bar, value, {value}});
}

void steady_figures(const Runs& runs, Report& report) {
  const FeedRun* engine = runs.find("engine");
  const FeedRun* oracle = runs.find("oracle");
  if (engine != nullptr && oracle != nullptr) {
    add(report.figures, "watch_share_of_oracle", "watch time a session, beside the oracle's", "",
        at_least(kWatchShareBar),
        engine->metric("watch_s_session") / oracle->metric("watch_s_session"));
  }
  if (engine != nullptr) {
    add(report.figures, "watch_s_session", "watch time a session", "s", {},
        engine->metric("watch_s_session"));
    new_video_figures(*engine, report);
    add(report.figures, "topics_session", "topics that a session shows", "", {},
        engine->metric("topics_session"));
  }
  report.plots.push_back(
      plot_of(runs, "Watch time a session", "swipes of the network", "seconds",
              [](const FeedRun& run) { return run.outcome.tally.watch_over_time(kTimePoints); }));
  report.plots.push_back(new_video_plot(runs));
}

void cold_viewer_figures(const Runs& runs, Report& report) {
  if (const FeedRun* engine = runs.find("engine"); engine && engine->curve().viewers() > 0) {
    add(report.figures, "swipes_until_half_on_target",
        fmt::format("until a new viewer's page is half of topics they love; {} is never",
                    engine->curve().swipes() + 1),
        "swipes", at_most(kColdSwipesBar), engine->curve().half());
    add(report.figures, "on_target_after_10", "share of a new viewer's page after ten swipes", "",
        {}, engine->curve().at(10));
  }
  report.plots.push_back(curves(runs, "swipes of a new viewer"));
}

void interest_shift_figures(const Runs& runs, Report& report) {
  // Nobody whose interests shifted in so short a run: nothing is known.
  if (const FeedRun* engine = runs.find("engine"); engine && engine->curve().viewers() > 0) {
    add(report.figures, "swipes_to_recover",
        fmt::format("until a page is half of the newly loved topics; {} is never",
                    engine->curve().swipes() + 1),
        "swipes", at_most(kShiftSwipesBar), engine->curve().half());
    add(report.figures, "on_target_after_15", "share of a page fifteen swipes after the shift", "",
        {}, engine->curve().at(15));
  }
  report.plots.push_back(curves(runs, "swipes since the shift"));
}

void cold_video_figures(const Runs& runs, Report& report) {
  if (const FeedRun* engine = runs.find("engine")) new_video_figures(*engine, report);
  report.plots.push_back(new_video_plot(runs));
}

// Impressions of the videos of each length, as a share of all.
void duration_bias_figures(const Runs& runs, Report& report) {
  if (const FeedRun* engine = runs.find("engine")) {
    auto shares = length_shares(*engine);
    add(report.figures, "long_over_short",
        fmt::format("impressions of {:g} s videos over those of their {:g} s twins; 1: no bias",
                    kTwinSeconds.back(), kTwinSeconds.front()),
        "", {}, shares.front() > 0 ? shares.back() / shares.front() : 0);
    add(report.figures, "duration_shown", "mean length of what is shown over the catalogue's", "",
        {}, engine->metric("duration_shown"));
    add(report.figures, "duration_watched", "the same, weighted by time watched", "", {},
        engine->metric("duration_watched"));
  }
  report.plots.push_back(plot_of(runs, "Impressions by length", "seconds of the video",
                                 "share of impressions; a third each without bias",
                                 [](const FeedRun& run) {
                                   auto shares = length_shares(run);
                                   std::vector<std::pair<double, double>> points;
                                   for (size_t k = 0; k < shares.size(); ++k) {
                                     points.emplace_back(kTwinSeconds[k], shares[k]);
                                   }
                                   return points;
                                 }));
}

void brigade_figures(const Runs& runs, Report& report) {
  for (const FeedRun& with : runs.all) {
    const FeedRun* without = runs.find(with.name + ", no brigade");
    if (without == nullptr) continue;
    std::string prefix = with.name == "engine" ? "" : with.name + "_";
    add(report.figures, prefix + "pushed_impressions",
        "of the pushed video among honest viewers, in 1,000 impressions", "in 1,000", {},
        pushed_share(with));
    add(report.figures, prefix + "pushed_impressions_without", "the same without the brigade",
        "in 1,000", {}, pushed_share(*without));
  }
}

void small_creators_figures(const Runs& runs, Report& report) {
  if (const FeedRun* engine = runs.find("engine")) {
    add(report.figures, "small_authors_lift",
        "impressions of the half of authors with the fewest videos, over their share of videos", "",
        {}, engine->metric("small_authors_lift"));
    add(report.figures, "gini_authors", "of impressions over authors", "", {},
        engine->metric("gini_authors"));
    std::vector<double> made(engine->catalogue->authors().size());
    for (const Video& video : engine->catalogue->videos()) made[video.author] += 1;
    add(report.figures, "gini_authors_made",
        "of videos over authors, which it would be if all were shown alike", "", {}, gini(made));
  }
  auto plot = plot_of(runs, "Impressions by size of the author",
                      "tenth of authors, those with the fewest videos first",
                      "share of impressions over share of videos", [](const FeedRun& run) {
                        auto shares = run.outcome.tally.author_shares(kAuthorGroups);
                        std::vector<std::pair<double, double>> points;
                        for (size_t g = 0; g < kAuthorGroups; ++g) {
                          double made = shares.videos[g];
                          points.emplace_back(g + 1, made > 0 ? shares.impressions[g] / made : 0);
                        }
                        return points;
                      });
  report.plots.push_back(std::move(plot));
}

}  // namespace rondo::simulator
