// The protocols with the real engine, on made-up logs.
#include "evaluation/protocols.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "base/random.h"

namespace rondo::evaluation {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

class Protocols : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("rondo-protocols-" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    options_.data = folder_;
    options_.engine.settle_seconds = 5;
  }
  void TearDown() override { fs::remove_all(folder_); }

  // Two kinds of users, each with items of its kind; some ratings are low.
  void write_log(const std::string& name, uint32_t users, uint32_t items) {
    base::Rng rng(11);
    std::ofstream out(folder_ / name);
    out << "user_id:token\titem_id:token\trating:float\ttimestamp:float\n";
    for (uint32_t round = 0; round < items / 4; ++round) {
      for (uint32_t user = 0; user < users; ++user) {
        uint64_t item = 2 * rng.below(items / 2) + user % 2;
        out << user << '\t' << item << '\t' << 1 + rng.below(5) << '\t' << 1000 + 60 * round + user
            << '\n';
      }
    }
  }

  fs::path folder_;
  Options options_;
};

double number(const json::object& o, const char* name) {
  return o.contains(name) ? o.at(name).to_number<double>() : -1;
}

TEST_F(Protocols, RatioReportsEngineBaselinesAndReferences) {
  write_log("ml-100k.inter", 24, 40);
  auto report = run("ml100k-ratio", options_);
  ASSERT_TRUE(report.ok()) << report.error().describe();
  auto parsed = json::parse(to_json(*report)).as_object();
  EXPECT_EQ(parsed.at("protocol"), "ml100k-ratio");
  EXPECT_EQ(parsed.at("seed").to_number<int>(), 1);
  EXPECT_EQ(number(parsed.at("data").as_object(), "users"), 24);
  for (const char* metric : {"recall@10", "mrr@10", "ndcg@10", "hit@10"}) {
    double value = number(parsed.at("engine").as_object(), metric);
    EXPECT_GE(value, 0) << metric;
    EXPECT_LE(value, 1) << metric;
    for (const char* name : {"popularity", "ItemKNN", "EASE", "BPR-MF", "WRMF"}) {
      EXPECT_GE(number(parsed.at("baselines").at(name).as_object(), metric), 0) << name << metric;
    }
  }
  EXPECT_EQ(parsed.at("engine").at("settings").at("epochs"), "1");
  EXPECT_DOUBLE_EQ(number(parsed.at("references").at("BPR (RecBole)").as_object(), "ndcg@10"),
                   0.2920);
  std::string html = to_html(*report);
  EXPECT_NE(html.find("<svg"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
}

TEST_F(Protocols, ARunIsTheSameAgain) {
  write_log("ml-100k.inter", 12, 24);
  auto once = run("ml100k-loo", options_);
  auto again = run("ml100k-loo", options_);
  ASSERT_TRUE(once.ok() && again.ok());
  EXPECT_EQ(once->engine.metrics, again->engine.metrics);
  EXPECT_EQ(once->baselines[3].metrics, again->baselines[3].metrics);
}

TEST_F(Protocols, TikTokAsksAtTwenty) {
  std::ofstream(folder_ / "train.tsv") << "0\t0\n0\t1\n1\t0\n1\t2\n2\t1\n2\t2\n";
  std::ofstream(folder_ / "valid.tsv") << "0\t3\n";
  std::ofstream(folder_ / "test.tsv") << "1\t1\n3\t2\n";
  auto report = run("tiktok", options_);
  ASSERT_TRUE(report.ok()) << report.error().describe();
  // Four items: whatever is asked for is among the first twenty.
  EXPECT_DOUBLE_EQ(report->engine.metrics.at("recall@20"), 1);
  for (const Row& row : report->baselines) EXPECT_DOUBLE_EQ(row.metrics.at("recall@20"), 1);
}

TEST_F(Protocols, FreshnessComparesIntervals) {
  write_log("events.tsv", 16, 40);
  auto report = run("freshness", options_);
  ASSERT_TRUE(report.ok()) << report.error().describe();
  for (const char* name : {"ndcg@10", "ndcg@10_every_1_shards", "ndcg@10_every_4_shards",
                           "ndcg@10_every_10_shards", "ndcg@10_batch"}) {
    EXPECT_TRUE(report->engine.metrics.contains(name)) << name;
  }
  EXPECT_EQ(report->plots[0].series[0].points.size(), 4u);
  EXPECT_EQ(report->plots[1].series[0].points.size(), 40u);
}

TEST_F(Protocols, PrequentialScoresBeforeItLearns) {
  write_log("events.tsv", 16, 40);
  options_.data = folder_ / "events.tsv";
  auto report = run("prequential", options_);
  ASSERT_TRUE(report.ok()) << report.error().describe();
  for (const char* name : {"auc_finish", "auc_watch", "auc_skip", "auc_score", "auc_finish_outcome",
                           "ndcg@10", "calibration_ratio", "calibration_error"}) {
    EXPECT_TRUE(report->engine.metrics.contains(name)) << name;
  }
  // Every event of a short log is scored.
  EXPECT_EQ(report->plots.size(), 5u);
  EXPECT_EQ(report->plots[0].series[0].points.size(), 20u);
}

TEST_F(Protocols, MissingDataSaysWhatIsNotProduced) {
  auto report = run("tiktok", options_);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(report.error().message().find("not produced: tiktok (recall"), std::string::npos);
  auto unknown = run("ml1b", options_);
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message().find("ml100k-ratio, ml100k-loo"), std::string::npos);
}

TEST(EngineUnderTest, RanksAllUnseenAndPredictsAnyOfThem) {
  auto engine = EngineUnderTest::create({}, 20);
  ASSERT_TRUE(engine.ok()) << engine.error().describe();
  ASSERT_TRUE(engine->learn(1, 3, true, 1).ok());
  ASSERT_TRUE(engine->learn(1, 4, false, 2).ok());
  ASSERT_TRUE(engine->mark_seen(1, 5).ok());
  auto ranked = engine->rank(1, 32);
  ASSERT_TRUE(ranked.ok());
  std::vector<uint32_t> sorted = *ranked;
  std::sort(sorted.begin(), sorted.end());
  std::vector<uint32_t> expected;
  for (uint32_t item = 0; item < 20; ++item) {
    if (item < 3 || item > 5) expected.push_back(item);
  }
  EXPECT_EQ(sorted, expected);
  EXPECT_EQ(engine->stats().outcomes_unmatched, 0u);
  EXPECT_EQ(engine->stats().records_senseless, 0u);
  // A prediction agrees with the ranking, and leaves it as it was.
  std::vector<uint32_t> two{ranked->back(), ranked->front()};
  auto predicted = engine->predict(1, two);
  ASSERT_TRUE(predicted.ok()) << predicted.error().describe();
  EXPECT_LE((*predicted)[0].score, (*predicted)[1].score);
  EXPECT_EQ(*engine->rank(1, 32), *ranked);
}

TEST(EngineUnderTest, ACopyKnowsTheSameAndLearnsAlone) {
  auto engine = EngineUnderTest::create({}, 12);
  ASSERT_TRUE(engine.ok());
  for (uint32_t user = 0; user < 6; ++user) {
    ASSERT_TRUE(engine->learn(user, user % 4, true, user + 1).ok());
  }
  auto copy = engine->copy();
  ASSERT_TRUE(copy.ok()) << copy.error().describe();
  auto before = *copy->rank(0, 12);
  EXPECT_EQ(before, *engine->rank(0, 12));
  ASSERT_TRUE(engine->learn(0, 7, true, 10).ok());
  EXPECT_EQ(*copy->rank(0, 12), before);
  EXPECT_EQ(engine->rank(0, 12)->size(), before.size() - 1);
}

}  // namespace
}  // namespace rondo::evaluation
