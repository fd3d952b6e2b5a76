#include "simulator/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/bytes.h"
#include "simulator/figures.h"

namespace rondo::simulator {
namespace {

constexpr double kBotsAViewer = 0.05;

struct Scenario {
  ScenarioInfo info;
  std::vector<std::string> feeds;  // compared unless others are asked for
  void (*prepare)(Plan& plan);
  void (*figures)(const Runs& runs, Report& report);
};

const std::vector<std::string>& feed_names() {
  static const std::vector<std::string> names = {"engine", "random", "popular", "oracle"};
  return names;
}

const std::vector<Scenario>& table() {
  static const std::vector<Scenario> scenarios = {
      {{"steady", "The network as it is: people and videos come, interests drift."},
       feed_names(),
       [](Plan&) {},
       steady_figures},
      {{"cold_viewer",
        "After the warm-up, people come for the first time, and stay for 40 swipes."},
       feed_names(),
       [](Plan& plan) {
         plan.newcomers = static_cast<uint32_t>(
             std::clamp<uint64_t>((plan.swipes - plan.warm_swipes) / 150, 20, 400));
       },
       cold_viewer_figures},
      {{"cold_video", "Twice as many new videos are published."},
       {"engine", "random", "popular"},
       [](Plan& plan) { plan.parameters.videos.new_per_hour *= 2; },
       cold_video_figures},
      {{"interest_shift",
        "After the warm-up, viewers who have swiped 60 times begin a session loving other topics, "
        "and stay for 40 swipes."},
       feed_names(),
       [](Plan& plan) {
         plan.shifts = static_cast<uint32_t>(
             std::clamp<uint64_t>((plan.swipes - plan.warm_swipes) / 200, 10, 300));
       },
       interest_shift_figures},
      {{"duration_bias",
        "Every video exists three times, with 10, 30 and 90 s, and viewers have no taste for a "
        "length."},
       feed_names(),
       [](Plan& plan) {
         plan.twin_seconds.assign(kTwinSeconds.begin(), kTwinSeconds.end());
         plan.parameters.viewers.duration_weight = 0;
         plan.parameters.videos.new_per_hour = 0;
       },
       duration_bias_figures},
      {{"brigade",
        "After the warm-up, a video without merit is published, and one account for each twenty "
        "viewers pushes it; and the same without them."},
       {"engine", "popular"},
       [](Plan& plan) {
         plan.pushed_video = true;
         plan.brigade.bots =
             std::max(1U, static_cast<uint32_t>(plan.parameters.viewers.initial * kBotsAViewer));
       },
       brigade_figures},
      {{"small_creators", "What authors of few videos get, who make them as well as others do."},
       feed_names(),
       [](Plan&) {},
       small_creators_figures},
  };
  return scenarios;
}

Result<std::unique_ptr<Feed>> make_feed(const std::string& name, const Catalogue& catalogue,
                                        const recommender::Bundle& bundle, uint64_t seed) {
  if (name == "engine") return engine_feed(catalogue, bundle);
  if (name == "random") return random_feed(catalogue, seed);
  if (name == "popular") return popular_feed(catalogue, seed);
  return oracle_feed(catalogue);
}

Result<FeedRun> run_feed(const Plan& plan, const std::string& feed, const std::string& name,
                         const recommender::Bundle& bundle) {
  std::fprintf(stderr, "%s, seed %llu: ", name.c_str(), static_cast<unsigned long long>(plan.seed));
  auto catalogue = std::make_unique<Catalogue>(plan.parameters, plan.seed);
  RD_TRY(auto made, make_feed(feed, *catalogue, bundle, plan.seed));
  RD_TRY(auto outcome, simulate(plan, *catalogue, *made));
  std::fprintf(stderr, "%llu swipes in %.1f s\n",
               static_cast<unsigned long long>(outcome.tally.swipes()), outcome.seconds);
  return FeedRun{name, std::move(catalogue), std::move(outcome)};
}

void finish(const Preset& size, const Runs& runs, Report& report) {
  double repeats = 0;
  for (const FeedRun& run : runs.all) {
    if (run.name.starts_with("engine")) repeats += run.metric("repeats");
  }
  if (const FeedRun* engine = runs.find("engine")) {
    add(report.figures, "repeats", "videos that came to a viewer twice", "", at_most(0), repeats);
    const Outcome& o = engine->outcome;
    auto swipes = static_cast<double>(o.tally.swipes());
    double rate = swipes / std::max(o.cpu_seconds, 1e-9);
    add(report.timings, "swipes_second", "engine and simulator, a second of one core", "/s",
        at_least(size.swipes_second_bar), rate);
    add(report.timings, "swipes_second_wall", "the same, a second of real time", "/s", {},
        swipes / std::max(o.seconds, 1e-9));
    add(report.timings, "simulator_share", "of real time, outside the engine", "", {},
        1 - o.feed_seconds / std::max(o.seconds, 1e-9));
    for (const auto& [name, value] : o.counts) {
      report.settings.emplace_back("engine " + name, fmt::format("{:.12g}", value));
    }
  }
  const FeedRun* oracle = runs.find("oracle");
  for (const FeedRun& run : runs.all) {
    auto metrics = run.outcome.tally.metrics(run.outcome.end_us);
    if (oracle != nullptr) {
      metrics.insert(metrics.begin(), {"watch_share_of_oracle",
                                       run.metric("watch_s_session") /
                                           std::max(oracle->metric("watch_s_session"), 1e-9)});
    }
    report.feeds.push_back({run.name, std::move(metrics)});
  }
}

Result<Report> run_scenario(const Scenario& scenario, const Options& options, const Preset& size,
                            uint64_t seed) {
  Plan plan;
  plan.seed = seed;
  auto& p = plan.parameters;
  const uint32_t viewers = options.viewers.value_or(size.viewers);
  p.videos.initial = options.videos.value_or(size.videos);
  p.authors.count = size.authors;
  p.page_slots = size.page_slots;
  // As many newcomers and new videos a viewer as the parameters say.
  const double larger = static_cast<double>(viewers) / p.viewers.initial;
  p.viewers.initial = viewers;
  p.viewers.new_per_hour *= larger;
  p.videos.new_per_hour *= larger;
  plan.swipes = options.swipes.value_or(size.swipes);
  plan.warm_swipes = plan.swipes / 2;
  scenario.prepare(plan);
  const recommender::Bundle bundle = options.bundle.value_or(size.bundle);

  std::vector<std::string> feeds = options.feeds.empty() ? scenario.feeds : options.feeds;
  if (std::find(feeds.begin(), feeds.end(), "all") != feeds.end()) feeds = feed_names();
  Runs runs;
  for (const std::string& feed : feeds) {
    RD_TRY(auto with, run_feed(plan, feed, feed, bundle));
    runs.all.push_back(std::move(with));
    if (plan.brigade.bots == 0) continue;
    Plan quiet = plan;
    quiet.brigade.bots = 0;
    RD_TRY(auto without, run_feed(quiet, feed, feed + ", no brigade", bundle));
    runs.all.push_back(std::move(without));
  }

  Report report;
  report.scenario = scenario.info.name;
  report.about = scenario.info.about;
  report.preset = size.name;
  report.seeds = {seed};
  report.settings = {
      {"preset", std::string(size.about)},
      {"viewers at first", fmt::format("{}", viewers)},
      {"videos at first", fmt::format("{}", p.videos.initial)},
      {"swipes",
       fmt::format("{}, of which the first {} count for nothing", plan.swipes, plan.warm_swipes)},
      {"bundle", base::to_hex(base::as_bytes(bundle.sha256()))},
  };
  scenario.figures(runs, report);
  finish(size, runs, report);
  return report;
}

Result<void> check(const Options& options) {
  if (options.seeds.empty()) return invalid("there must be a seed").with_field("seed");
  auto within = [](const char* field, uint64_t value, uint64_t min, uint64_t max) -> Result<void> {
    if (value >= min && value <= max) return {};
    return invalid(fmt::format("--{} {} is not within {}..{}", field, value, min, max))
        .with_field(field);
  };
  if (options.viewers) RD_CHECK(within("viewers", *options.viewers, 1, 1'000'000));
  if (options.videos) RD_CHECK(within("videos", *options.videos, 10, 1'000'000));
  if (options.swipes) RD_CHECK(within("swipes", *options.swipes, 100, 1'000'000'000));
  for (const std::string& feed : options.feeds) {
    if (feed == "all" ||
        std::find(feed_names().begin(), feed_names().end(), feed) != feed_names().end()) {
      continue;
    }
    return invalid(fmt::format("there is no feed \"{}\"; there are {}, all", feed,
                               fmt::join(feed_names(), ", ")))
        .with_field("feed");
  }
  return {};
}

}  // namespace

std::span<const ScenarioInfo> scenarios() {
  static const std::vector<ScenarioInfo> infos = [] {
    std::vector<ScenarioInfo> out;
    for (const Scenario& scenario : table()) out.push_back(scenario.info);
    return out;
  }();
  return infos;
}

Result<std::vector<Report>> run(const Options& options) {
  RD_CHECK(check(options));
  RD_TRY(auto size, preset(options.preset));
  std::vector<Report> out;
  std::vector<std::string_view> names;
  for (const Scenario& scenario : table()) {
    names.push_back(scenario.info.name);
    if (options.scenario != "all" && options.scenario != scenario.info.name) continue;
    std::fprintf(stderr, "scenario %s\n", std::string(scenario.info.name).c_str());
    std::vector<Report> by_seed;
    for (uint64_t seed : options.seeds) {
      RD_TRY(auto report, run_scenario(scenario, options, size, seed));
      by_seed.push_back(std::move(report));
    }
    out.push_back(mean_of(by_seed));
  }
  if (out.empty()) {
    return invalid(fmt::format("there is no scenario \"{}\"; there are {}, all", options.scenario,
                               fmt::join(names, ", ")))
        .with_field("scenario");
  }
  return out;
}

}  // namespace rondo::simulator
