// Liu et al., "Monolith: Real Time Recommendation System With Collisionless Embedding Table"
// (2022), section 3.2: one engine learns all the time; those that answer take its state over now
// and then.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "evaluation/baselines.h"
#include "evaluation/full_ranking.h"
#include "evaluation/progress.h"
#include "evaluation/protocols.h"

namespace rondo::evaluation {
namespace {

constexpr size_t kShards = 40;
constexpr size_t kNever = 0;
constexpr size_t kIntervals[] = {1, 4, 10, kNever};  // in shards

std::string interval_name(size_t interval) {
  return interval == kNever ? "batch" : fmt::format("every_{}_shards", interval);
}

// Answers with what the learning engine knew when it was last copied. What a user has had since is
// no candidate for anybody: the arms differ in what they have learned, not in what they may show.
struct Arm {
  size_t interval;
  EngineUnderTest engine;
  ListMetrics metrics{{10}};
  Series curve;
};

struct BaselineArm {
  std::string name;
  std::unique_ptr<Baseline> baseline;
  ListMetrics metrics{{10}};
};

struct Shard {
  std::span<const Interaction> rows;
  std::vector<std::vector<uint32_t>> relevant;  // by user
};

Result<void> ask(Arm& arm, const Shard& shard, double x) {
  ListMetrics here({10});
  for (uint32_t user = 0; user < shard.relevant.size(); ++user) {
    if (shard.relevant[user].empty()) continue;
    RD_TRY(auto ranked, arm.engine.rank(user, 10));
    arm.metrics.add(ranked, shard.relevant[user]);
    here.add(ranked, shard.relevant[user]);
  }
  arm.curve.points.emplace_back(x, here.means()["ndcg@10"]);
  return {};
}

void ask(BaselineArm& arm, const Shard& shard, const Matrix& known, size_t items) {
  std::vector<float> scores(items);
  for (uint32_t user = 0; user < shard.relevant.size(); ++user) {
    if (shard.relevant[user].empty()) continue;
    arm.baseline->score(user, scores);
    arm.metrics.add(top_items(scores, known.items_of[user], 10), shard.relevant[user]);
  }
}

void add(Matrix& matrix, const Interaction& row) {
  auto& mine = matrix.items_of[row.user];
  mine.insert(std::lower_bound(mine.begin(), mine.end(), row.item), row.item);
}

}  // namespace

Result<Report> run_freshness(const Options& options) {
  RD_TRY(auto data, read_events(event_file(options.data), true));
  const Interactions rows = by_time(data.rows);
  if (rows.size() < 2 * kShards) {
    return invalid(fmt::format("{} rows; freshness needs {} at least", rows.size(), 2 * kShards));
  }
  Report report;
  describe(report, data, options);
  const size_t users = data.users.size();
  const size_t items = data.items.size();
  const size_t batch = rows.size() / 2;
  const int64_t start = rows.front().time;

  Progress progress("freshness: batch, then shards", kShards);
  RD_TRY(auto learner, EngineUnderTest::create(options.engine, items));
  auto learn = [&](const Interaction& row) {
    return learner.learn(row.user, row.item, true, row.time - start);
  };
  for (size_t i = 0; i < batch; ++i) RD_CHECK(learn(rows[i]));
  RD_CHECK(learner.settle(options.engine.settle_seconds));
  std::vector<Arm> arms;
  for (size_t interval : kIntervals) {
    RD_TRY(auto engine, learner.copy());
    arms.push_back({.interval = interval, .engine = std::move(engine)});
    arms.back().curve.name = interval_name(interval);
  }

  // The baselines' weights are of the batch; what a user has had is up to date.
  Matrix known({rows.begin(), rows.begin() + static_cast<ptrdiff_t>(batch)}, users, items);
  std::vector<BaselineArm> baselines;
  baselines.push_back({"popularity (batch)", popularity(known)});
  baselines.push_back({"ItemKNN (batch weights, history up to date)", item_knn(known, {})});
  baselines.push_back({"EASE (batch weights, history up to date)", ease(known, 300)});

  size_t asked = 0;
  for (size_t s = 0; s < kShards; ++s) {
    size_t from = batch + (rows.size() - batch) * s / kShards;
    size_t to = batch + (rows.size() - batch) * (s + 1) / kShards;
    Shard shard{std::span(rows).subspan(from, to - from), {}};
    shard.relevant = Matrix({shard.rows.begin(), shard.rows.end()}, users, items).items_of;
    for (Arm& arm : arms) RD_CHECK(ask(arm, shard, static_cast<double>(s + 1)));
    for (BaselineArm& arm : baselines) ask(arm, shard, known, items);
    for (const Interaction& row : shard.rows) {
      RD_CHECK(learn(row));
      add(known, row);
    }
    for (Arm& arm : arms) {
      if (arm.interval != kNever && (s + 1) % arm.interval == 0) {
        RD_TRY(arm.engine, learner.copy());
      } else {
        for (const Interaction& row : shard.rows) {
          RD_CHECK(arm.engine.mark_seen(row.user, row.item));
        }
      }
    }
    asked = arms.front().metrics.lists();
    progress.step();
  }

  report.data.emplace_back("batch_rows", static_cast<double>(batch));
  report.data.emplace_back("shards", static_cast<double>(kShards));
  report.data.emplace_back("lists_asked", static_cast<double>(asked));
  report.engine.name = "engine";
  report.engine.seconds = progress.seconds();
  Plot interval_plot{"NDCG@10 by interval of taking over (batch: never, at the right)",
                     "shards between two",
                     "ndcg@10",
                     {{"engine", {}}}};
  Plot time_plot{"NDCG@10 by shard", "shard", "ndcg@10", {}};
  for (const Arm& arm : arms) {
    for (const auto& [name, value] : arm.metrics.means()) {
      if (arm.interval == kIntervals[0]) report.engine.metrics[name] = value;
      report.engine.metrics[name + "_" + interval_name(arm.interval)] = value;
    }
    double x = static_cast<double>(arm.interval == kNever ? kShards : arm.interval);
    interval_plot.series[0].points.emplace_back(x, arm.metrics.means()["ndcg@10"]);
    time_plot.series.push_back(arm.curve);
  }
  report.headline = {"ndcg@10", "recall@10"};
  for (const BaselineArm& arm : baselines) {
    report.baselines.push_back({.name = arm.name, .metrics = arm.metrics.means(), .seconds = 0});
  }
  report.plots = {interval_plot, time_plot};
  report.settings.emplace_back("time", "the data's own");
  return report;
}

}  // namespace rondo::evaluation
