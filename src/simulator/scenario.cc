#include "simulator/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "base/bytes.h"
#include "simulator/figures.h"
#include "simulator/http_network.h"

namespace rondo::simulator {
namespace {

constexpr double kBotsAViewer = 0.05;

struct Scenario {
  ScenarioInfo info;
  std::vector<std::string> feeds;  // compared unless others are asked for
  bool on_real_videos;
  void (*prepare)(Plan& plan);
  void (*figures)(const Runs& runs, Report& report);
};

const std::vector<std::string>& feed_names() {
  static const std::vector<std::string> kNames = {"engine", "random", "popular", "oracle"};
  return kNames;
}

const std::vector<Scenario>& table() {
  static const std::vector<Scenario> kScenarios = {
      {{"steady", "The network as it is: people and videos come, interests drift."},
       feed_names(),
       true,
       [](Plan&) {},
       steady_figures},
      {{"cold_viewer",
        "After the warm-up, people come for the first time, and stay for 40 swipes."},
       feed_names(),
       true,
       [](Plan& plan) {
         plan.newcomers = static_cast<uint32_t>(
             std::clamp<uint64_t>((plan.swipes - plan.warm_swipes) / 150, 20, 400));
       },
       cold_viewer_figures},
      {{"cold_video", "Twice as many new videos are published."},
       {"engine", "random", "popular"},
       false,
       [](Plan& plan) { plan.parameters.videos.new_per_hour *= 2; },
       cold_video_figures},
      {{"interest_shift",
        "After the warm-up, viewers who have swiped 60 times begin a session loving other topics, "
        "and stay for 40 swipes."},
       feed_names(),
       true,
       [](Plan& plan) {
         plan.shifts = static_cast<uint32_t>(
             std::clamp<uint64_t>((plan.swipes - plan.warm_swipes) / 200, 10, 300));
       },
       interest_shift_figures},
      {{"duration_bias",
        "Every video exists three times, with 10, 30 and 90 s, and viewers have no taste for a "
        "length."},
       feed_names(),
       false,
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
       false,
       [](Plan& plan) {
         plan.pushed_video = true;
         plan.brigade.bots =
             std::max(1U, static_cast<uint32_t>(plan.parameters.viewers.initial * kBotsAViewer));
       },
       brigade_figures},
      {{"small_creators", "What authors of few videos get, who make them as well as others do."},
       feed_names(),
       false,
       [](Plan&) {},
       small_creators_figures},
  };
  return kScenarios;
}

// A running server, and its videos.
struct Server {
  HttpClient client;
  Listed listed;
};

Result<Server> open_server(const std::string& url) {
  RD_TRY(uint16_t port, local_port(url));
  auto connected = HttpClient::connect(port);
  if (!connected.ok()) return std::move(connected).error().with_context(url);
  HttpClient client = std::move(connected).value();
  RD_TRY(auto listed, list_videos(client));
  return Server{std::move(client), std::move(listed)};
}

// What all runs of one scenario and seed have in common.
struct Setting {
  const Plan& plan;
  const recommender::Bundle& bundle;
  uint32_t partitions;
  Server* server;  // null: in process
};

std::unique_ptr<Catalogue> make_catalogue(const Setting& setting) {
  if (setting.server == nullptr) {
    return std::make_unique<Catalogue>(setting.plan.parameters, setting.plan.seed);
  }
  const Listed& listed = setting.server->listed;
  return std::make_unique<Catalogue>(listed.topics, listed.authors, listed.videos);
}

Result<std::unique_ptr<Feed>> make_feed(const Setting& setting, const std::string& name,
                                        const Catalogue& catalogue) {
  if (name == "random") return random_feed(catalogue, setting.plan.seed);
  if (name == "popular") return popular_feed(catalogue, setting.plan.seed);
  if (name == "oracle") return oracle_feed(catalogue);
  if (setting.server != nullptr) return http_feed(setting.server->client, catalogue);
  return engine_feed(catalogue, setting.bundle, setting.partitions);
}

Result<FeedRun> run_feed(const Setting& setting, const std::string& feed, const std::string& name) {
  auto catalogue = make_catalogue(setting);
  RD_TRY(auto made, make_feed(setting, feed, *catalogue));
  RD_TRY(auto outcome, simulate(setting.plan, *catalogue, *made));
  std::fprintf(stderr, "%s, seed %llu: %llu swipes in %.1f s\n", name.c_str(),
               static_cast<unsigned long long>(setting.plan.seed),
               static_cast<unsigned long long>(outcome.tally.swipes()), outcome.seconds);
  return FeedRun{name, std::move(catalogue), std::move(outcome)};
}

void finish(std::optional<Bar> swipes_second, const Runs& runs, Report& report) {
  double repeats = 0;
  for (const FeedRun& run : runs.all) {
    if (run.name.starts_with("engine")) repeats += run.metric("repeats");
  }
  if (const FeedRun* engine = runs.find("engine")) {
    add(report.figures, "repeats", "videos that came to a viewer twice", "", at_most(0), repeats);
    const Outcome& o = engine->outcome;
    auto swipes = static_cast<double>(o.tally.swipes());
    double rate = swipes / std::max(o.cpu_seconds, 1e-9);
    if (swipes_second) {
      add(report.timings, "swipes_second", "engine and simulator, a second of one core", "/s",
          swipes_second, rate);
    }
    add(report.timings, "swipes_second_wall", "a second of real time", "/s", {},
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
                            Server* server, uint64_t seed) {
  const bool in_process = server == nullptr;
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
  if (!in_process) {
    p.videos.initial = static_cast<uint32_t>(server->listed.videos.size());
    p.videos.new_per_hour = 0;
    // At most a quarter of what there is for these viewers to see: feeds do not differ in the end
    // of a small catalogue. And people like what is about as long as a network's videos are.
    plan.swipes = std::min<uint64_t>(plan.swipes, uint64_t{viewers} * p.videos.initial / 4);
    double logarithms = 0;
    for (const auto& video : server->listed.videos) {
      logarithms += std::log(static_cast<double>(video.duration_s));
    }
    p.viewers.duration_taste_log_mean = logarithms / p.videos.initial;
  }
  plan.warm_swipes = plan.swipes / 2;
  scenario.prepare(plan);
  const recommender::Bundle bundle = options.bundle.value_or(size.bundle);

  std::vector<std::string> feeds = options.feeds.empty() ? scenario.feeds : options.feeds;
  if (std::find(feeds.begin(), feeds.end(), "all") != feeds.end()) feeds = feed_names();
  Runs runs;
  for (const std::string& feed : feeds) {
    RD_TRY(auto with, run_feed({plan, bundle, options.partitions, server}, feed, feed));
    runs.all.push_back(std::move(with));
    if (plan.brigade.bots == 0) continue;
    Plan quiet = plan;
    quiet.brigade.bots = 0;
    RD_TRY(auto without,
           run_feed({quiet, bundle, options.partitions, server}, feed, feed + ", no brigade"));
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
  };
  if (in_process) {
    if (options.partitions > 1) {
      report.settings.emplace_back("partitions", fmt::format("{}", options.partitions));
    }
    report.settings.emplace_back("bundle", base::to_hex(base::as_bytes(bundle.sha256())));
  } else {
    report.settings.emplace_back("over", options.over);
  }
  scenario.figures(runs, report);
  finish(in_process ? std::optional(at_least(size.swipes_second_bar)) : std::nullopt, runs, report);
  return report;
}

Result<void> check(const Options& options) {
  if (options.seeds.empty()) return invalid("there must be a seed").with_field("seed");
  if (!options.over.empty() && (options.videos || options.bundle || options.seeds.size() > 1)) {
    return invalid(
               "--over takes the server's own videos and bundle, and one seed: what one run's "
               "viewers teach it the next would find")
        .with_field("over");
  }
  auto within = [](const char* field, uint64_t value, uint64_t min, uint64_t max) -> Result<void> {
    if (value >= min && value <= max) return {};
    return invalid(fmt::format("--{} {} is not within {}..{}", field, value, min, max))
        .with_field(field);
  };
  if (!options.over.empty() && options.partitions != 1) {
    return invalid(
               "--over takes the partitions that the running server has: leave --partitions out")
        .with_field("partitions");
  }
  RD_CHECK(within("partitions", options.partitions, 1, 64));
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

// Those that the options name, and that can be run where they say.
Result<std::vector<const Scenario*>> chosen(const Options& options) {
  const bool all = options.scenario == "all";
  std::vector<const Scenario*> out;
  std::vector<std::string_view> names;
  std::vector<std::string_view> over_http;
  bool known = all;
  for (const Scenario& scenario : table()) {
    names.push_back(scenario.info.name);
    if (scenario.on_real_videos) over_http.push_back(scenario.info.name);
    if (!all && options.scenario != scenario.info.name) continue;
    known = true;
    if (options.over.empty() || scenario.on_real_videos) out.push_back(&scenario);
  }
  if (!known) {
    return invalid(fmt::format("there is no scenario \"{}\"; there are {}, all", options.scenario,
                               fmt::join(names, ", ")))
        .with_field("scenario");
  }
  if (out.empty()) {
    return invalid(fmt::format("{} needs videos made for it; over HTTP there are {}, all",
                               options.scenario, fmt::join(over_http, ", ")))
        .with_field("scenario");
  }
  return out;
}

}  // namespace

std::span<const ScenarioInfo> scenarios() {
  static const std::vector<ScenarioInfo> kInfos = [] {
    std::vector<ScenarioInfo> out;
    for (const Scenario& scenario : table()) out.push_back(scenario.info);
    return out;
  }();
  return kInfos;
}

Result<std::vector<Report>> run(const Options& options) {
  RD_CHECK(check(options));
  RD_TRY(auto size, preset(options.preset));
  RD_TRY(auto wanted, chosen(options));
  std::optional<Server> server;
  if (!options.over.empty()) {
    RD_TRY(server, open_server(options.over));
  }
  std::vector<Report> out;
  for (const Scenario* scenario : wanted) {
    std::fprintf(stderr, "scenario %s\n", std::string(scenario->info.name).c_str());
    std::vector<Report> by_seed;
    for (uint64_t seed : options.seeds) {
      RD_TRY(auto report,
             run_scenario(*scenario, options, size, server ? &*server : nullptr, seed));
      by_seed.push_back(std::move(report));
    }
    out.push_back(mean_of(by_seed));
  }
  return out;
}

}  // namespace rondo::simulator
