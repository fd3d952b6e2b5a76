// Each event is scored before it is learned (Dawid, "Statistical Theory: The Prequential Approach",
// 1984). The log is long and a full ranking is not free: of a long log every n-th event is scored,
// all are learned.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include "base/random.h"
#include "evaluation/baselines.h"
#include "evaluation/full_ranking.h"
#include "evaluation/progress.h"
#include "evaluation/protocols.h"

namespace rondo::evaluation {
namespace {

using recommender::Head;

constexpr size_t kScoredMax = 5'000;
constexpr size_t kItemsScoredMax = 20'000'000;  // scored events x items
constexpr size_t kWindows = 20;
constexpr size_t kCut = 10;

// The heads that a watch resolves; a lower skip is the better one.
struct WatchedHead {
  Head head;
  double sign;
};
constexpr std::array<WatchedHead, 3> kWatched{
    {{Head::kFinish, 1}, {Head::kWatch, 1}, {Head::kSkip, -1}}};

// Share of pairs that are in the right order; ties are half.
struct PairAuc {
  double wins = 0;
  size_t pairs = 0;
  void add(double better, double worse) {
    wins += better > worse ? 1 : better == worse ? 0.5 : 0;
    ++pairs;
  }
  double value() const { return pairs == 0 ? 0.5 : wins / static_cast<double>(pairs); }
};

struct Tally {
  ListMetrics engine{{kCut}};
  ListMetrics popular{{kCut}};
  std::array<PairAuc, kWatched.size()> heads;
  PairAuc score;
  PairAuc popularity;
  std::vector<double> finish;  // predicted
  std::vector<uint8_t> finished;

  double outcome_auc() const {
    std::vector<double> yes;
    std::vector<double> no;
    for (size_t i = 0; i < finish.size(); ++i) (finished[i] != 0 ? yes : no).push_back(finish[i]);
    return auc(yes, no);
  }
};

// What the users have had, and how many have had what.
class Had {
 public:
  Had(size_t users, size_t items) : items_of_(users), counts_(items, 0.0f) {}
  void add(const Interaction& row, bool positive) {
    auto& mine = items_of_[row.user];
    mine.insert(std::lower_bound(mine.begin(), mine.end(), row.item), row.item);
    if (positive) counts_[row.item] += 1;
  }
  bool has(uint32_t user, uint32_t item) const {
    return std::binary_search(items_of_[user].begin(), items_of_[user].end(), item);
  }
  const std::vector<uint32_t>& of(uint32_t user) const { return items_of_[user]; }
  const std::vector<float>& counts() const { return counts_; }

 private:
  std::vector<std::vector<uint32_t>> items_of_;  // ascending
  std::vector<float> counts_;
};

// An item that the user has neither had nor has next.
std::optional<uint32_t> random_unseen(const Had& had, const Interaction& row, base::Rng& rng) {
  const size_t items = had.counts().size();
  if (had.of(row.user).size() + 1 >= items) return std::nullopt;
  for (;;) {
    auto item = static_cast<uint32_t>(rng.below(items));
    if (item != row.item && !had.has(row.user, item)) return item;
  }
}

Result<void> score(EngineUnderTest& engine, const Had& had, const Interaction& row, bool positive,
                   base::Rng& rng, std::span<Tally* const> tallies) {
  auto other = random_unseen(had, row, rng);
  std::vector<uint32_t> asked{row.item};
  if (other) asked.push_back(*other);
  RD_TRY(auto predicted, engine.predict(row.user, asked));
  auto of = [](const EngineUnderTest::Prediction& p, Head head) {
    return static_cast<double>(p.heads[static_cast<size_t>(head)]);
  };
  for (Tally* tally : tallies) {
    tally->finish.push_back(of(predicted[0], Head::kFinish));
    tally->finished.push_back(positive ? 1 : 0);
  }
  if (!positive) return {};
  if (other) {
    for (Tally* tally : tallies) {
      for (size_t h = 0; h < kWatched.size(); ++h) {
        auto [head, sign] = kWatched[h];
        tally->heads[h].add(sign * of(predicted[0], head), sign * of(predicted[1], head));
      }
      tally->score.add(predicted[0].score, predicted[1].score);
      tally->popularity.add(had.counts()[row.item], had.counts()[*other]);
    }
  }
  RD_TRY(auto ranked, engine.rank(row.user, kCut));
  auto popular = top_items(had.counts(), had.of(row.user), kCut);
  for (Tally* tally : tallies) {
    tally->engine.add(ranked, std::span(&row.item, 1));
    tally->popular.add(popular, std::span(&row.item, 1));
  }
  return {};
}

// Values from here on are positive: all when there are none, or when they are all the same; from
// their mean otherwise.
double positive_from(const Dataset& data) {
  double sum = 0;
  for (const Interaction& row : data.rows) sum += row.value;
  return sum / static_cast<double>(data.rows.size());
}

void fill_plots(Report& report, const std::vector<std::pair<double, Tally>>& windows,
                const Tally& all) {
  Plot ndcg{"NDCG@10 of the next finished item, by window",
            "events",
            "ndcg@10",
            {{"engine", {}}, {"popularity", {}}}};
  Plot heads{"AUC against a random unseen item, by window",
             "events",
             "AUC",
             {{"popularity", {}}, {"score", {}}, {"finish", {}}, {"watch", {}}, {"skip", {}}}};
  Plot progressive{"Progressive AUC of finish: finished against not, all events so far",
                   "events",
                   "AUC",
                   {{"finish", {}}}};
  Plot ratio{"Calibration of finish over time: predicted over happened",
             "events",
             "ratio",
             {{"engine", {}}, {"perfect", {}}}};
  std::vector<double> so_far_yes;
  std::vector<double> so_far_no;
  for (const auto& [x, tally] : windows) {
    ndcg.series[0].points.emplace_back(x, tally.engine.means()["ndcg@10"]);
    ndcg.series[1].points.emplace_back(x, tally.popular.means()["ndcg@10"]);
    heads.series[0].points.emplace_back(x, tally.popularity.value());
    heads.series[1].points.emplace_back(x, tally.score.value());
    for (size_t h = 0; h < kWatched.size(); ++h) {
      heads.series[2 + h].points.emplace_back(x, tally.heads[h].value());
    }
    for (size_t i = 0; i < tally.finish.size(); ++i) {
      (tally.finished[i] != 0 ? so_far_yes : so_far_no).push_back(tally.finish[i]);
    }
    if (!so_far_yes.empty() && !so_far_no.empty()) {
      progressive.series[0].points.emplace_back(x, auc(so_far_yes, so_far_no));
    }
    ratio.series[0].points.emplace_back(x, calibration(tally.finish, tally.finished).ratio);
    ratio.series[1].points.emplace_back(x, 1.0);
  }
  Plot bins{"Calibration of finish, by predicted probability",
            "predicted",
            "happened",
            {{"engine", {}}, {"perfect", {{0, 0}, {1, 1}}}}};
  for (const auto& bin : calibration(all.finish, all.finished).bins) {
    bins.series[0].points.emplace_back(bin.predicted, bin.happened);
  }
  report.plots = {ndcg, heads, progressive, ratio, bins};
}

}  // namespace

Result<Report> run_prequential(const Options& options) {
  RD_TRY(auto data, read_events(event_file(options.data), true));
  const Interactions rows = by_time(data.rows);
  Report report;
  describe(report, data, options);
  const size_t items = data.items.size();
  const size_t scored_max = std::clamp<size_t>(kItemsScoredMax / items, 1, kScoredMax);
  const size_t every = (rows.size() + scored_max - 1) / scored_max;
  const double threshold = positive_from(data);

  RD_TRY(auto engine, EngineUnderTest::create(options.engine, items));
  Had had(data.users.size(), items);
  base::Rng rng(options.seed);
  Tally all;
  std::vector<std::pair<double, Tally>> windows;
  Progress progress("events scored, then learned", rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const Interaction& row = rows[i];
    const bool positive = row.value >= threshold;
    if (i * kWindows / rows.size() >= windows.size()) {
      size_t end = (rows.size() * (windows.size() + 1) + kWindows - 1) / kWindows;
      windows.emplace_back(static_cast<double>(end), Tally{});
    }
    if (i % every == 0) {
      std::array<Tally*, 2> tallies{&all, &windows.back().second};
      RD_CHECK(score(engine, had, row, positive, rng, tallies));
    }
    RD_CHECK(engine.learn(row.user, row.item, positive, row.time - rows.front().time));
    had.add(row, positive);
    progress.step();
  }

  report.engine = {.name = "engine", .metrics = all.engine.means(), .seconds = progress.seconds()};
  auto& metrics = report.engine.metrics;
  for (size_t h = 0; h < kWatched.size(); ++h) {
    metrics[fmt::format("auc_{}", recommender::head_name(kWatched[h].head))] = all.heads[h].value();
  }
  metrics["auc_score"] = all.score.value();
  Calibration finish = calibration(all.finish, all.finished);
  metrics["calibration_ratio"] = finish.ratio;
  metrics["calibration_error"] = finish.error;
  // Without an event that was not finished there is nothing to tell apart.
  bool both = std::count(all.finished.begin(), all.finished.end(), uint8_t{0}) > 0;
  if (both) metrics["auc_finish_outcome"] = all.outcome_auc();
  report.baselines = {{.name = "popularity", .metrics = all.popular.means(), .seconds = 0}};
  report.baselines[0].metrics["auc_score"] = all.popularity.value();
  report.headline = {"ndcg@10", "recall@10", "auc_score", "auc_finish", "auc_finish_outcome"};
  report.data.emplace_back("events_scored", static_cast<double>(all.finish.size()));
  report.data.emplace_back("lists_asked", static_cast<double>(all.engine.lists()));
  report.settings.emplace_back("time", "the data's own");
  report.settings.emplace_back("scored", fmt::format("every {}th event; all are learned", every));
  report.settings.emplace_back("positive", fmt::format("value from {:g}", threshold));
  fill_plots(report, windows, all);
  return report;
}

}  // namespace rondo::evaluation
