#include <gtest/gtest.h>

#include <algorithm>

#include "simulator/report.h"
#include "simulator/scenario.h"

namespace rondo::simulator {
namespace {

Options small(std::vector<std::string> feeds) {
  Options options;
  options.preset = "small";
  options.feeds = std::move(feeds);
  options.viewers = 60;
  options.videos = 120;
  options.swipes = 3000;
  return options;
}

Report run_one(const Options& options) {
  auto reports = run(options);
  EXPECT_TRUE(reports.ok()) << reports.error().describe();
  // What belongs to the machine is no part of what is compared.
  Report report = reports.ok() ? reports->front() : Report();
  report.timings.clear();
  return report;
}

double metric(const Report& report, const std::string& feed, const std::string& name) {
  for (const FeedRow& row : report.feeds) {
    if (row.feed != feed) continue;
    for (const auto& [key, value] : row.metrics) {
      if (key == name) return value;
    }
  }
  ADD_FAILURE() << feed << " has no " << name;
  return 0;
}

TEST(Simulator, TheSameSeedGivesTheSameReport) {
  Options options = small({"engine"});
  std::string first = to_json({run_one(options)});
  EXPECT_EQ(first, to_json({run_one(options)}));
  options.seeds = {kTuningSeed + 1};
  EXPECT_NE(first, to_json({run_one(options)}));
}

TEST(Simulator, NoFeedShowsAVideoTwiceAndWhoKnowsTheViewersIsBest) {
  // So many videos that nobody comes to the end of what they like.
  Options options = small({"engine", "random", "popular", "oracle"});
  options.videos = 1000;
  Report report = run_one(options);
  for (const char* feed : {"engine", "random", "popular", "oracle"}) {
    EXPECT_EQ(metric(report, feed, "repeats"), 0) << feed;
  }
  double oracle = metric(report, "oracle", "watch_s_session");
  double random = metric(report, "random", "watch_s_session");
  EXPECT_GT(oracle, metric(report, "engine", "watch_s_session"));
  EXPECT_GT(oracle, metric(report, "popular", "watch_s_session"));
  // People finish what they like: choosing well must be worth something.
  EXPECT_GT(oracle, 1.2 * random);
}

TEST(Simulator, PartitionsLearnFromEachOther) {
  Options options = small({"engine"});
  options.partitions = 3;
  const Report report = run_one(options);
  EXPECT_EQ(to_json({report}), to_json({run_one(options)}));
  EXPECT_EQ(metric(report, "engine", "repeats"), 0);
  auto setting = [&report](const std::string& name) -> std::string {
    for (const auto& [key, value] : report.settings) {
      if (key == name) return value;
    }
    ADD_FAILURE() << "nothing is said of " << name;
    return "0";
  };
  EXPECT_GT(std::stod(setting("engine deltas_taken")), 0);
  EXPECT_EQ(std::stod(setting("engine outcomes_unmatched")), 0);
  EXPECT_EQ(std::stod(setting("engine records_senseless")), 0);
}

TEST(Simulator, AFigureOfNobodyIsNotGiven) {
  Options options = small({"engine"});
  options.scenario = "interest_shift";
  options.swipes = 400;  // nobody has swiped 60 times after the warm-up
  for (const Figure& figure : run_one(options).figures) {
    EXPECT_NE(figure.name, "swipes_to_recover");
  }
}

TEST(Simulator, WhatIsNotThereIsRefused) {
  Options options = small({"engine"});
  options.scenario = "steadily";
  EXPECT_FALSE(run(options).ok());
  options = small({"oracular"});
  EXPECT_FALSE(run(options).ok());
  EXPECT_FALSE(preset("huge").ok());
  options = small({"engine"});
  options.partitions = 0;
  EXPECT_FALSE(run(options).ok());
  options.partitions = 65;
  EXPECT_FALSE(run(options).ok());
}

}  // namespace
}  // namespace rondo::simulator
