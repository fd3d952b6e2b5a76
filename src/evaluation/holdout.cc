// The protocols that learn from one part of a log and ask for another.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "evaluation/baselines.h"
#include "evaluation/full_ranking.h"
#include "evaluation/progress.h"
#include "evaluation/protocols.h"
#include "evaluation/splits.h"

namespace rondo::evaluation {
namespace {

struct Tuning {
  KnnOptions knn;
  float ease_lambda = 300;
  BprOptions bpr;
  WrmfOptions wrmf;
};

// `train` is learned in its order; `masked` are no candidates either, and not learned.
struct Holdout {
  size_t users = 0;
  size_t items = 0;
  Interactions train;
  Interactions masked;
  Interactions test;
  std::vector<size_t> cuts;
  Tuning tuning;
};

Question question_of(const Holdout& h) {
  Question out;
  out.items = h.items;
  out.cuts = h.cuts;
  out.relevant = Matrix(h.test, h.users, h.items).items_of;
  Interactions known = h.train;
  known.insert(known.end(), h.masked.begin(), h.masked.end());
  out.masked = Matrix(known, h.users, h.items).items_of;
  return out;
}

Result<Row> engine_row(const Holdout& h, const Question& question, const EngineSettings& settings) {
  Row row{.name = "engine", .metrics = {}, .seconds = 0};
  Progress whole("engine", 1);
  RD_TRY(auto engine, train(settings, h.train, h.items));
  for (const Interaction& one : h.masked) RD_CHECK(engine.mark_seen(one.user, one.item));
  Progress asked("engine ranks for users", question.users());
  RD_TRY(row.metrics, answer(question, [&](uint32_t user, size_t k) {
           asked.step();
           return engine.rank(user, k);
         }));
  row.seconds = whole.seconds();
  return row;
}

std::vector<Row> baseline_rows(const Holdout& h, const Question& question, uint64_t seed) {
  Matrix matrix(h.train, h.users, h.items);
  std::vector<Row> out;
  auto add = [&](const char* name, const std::function<std::unique_ptr<Baseline>()>& make) {
    Progress progress(name, 1);
    Row& row = out.emplace_back();
    row.name = name;
    row.metrics = answer(question, *make());
    row.seconds = progress.seconds();
  };
  add("popularity", [&] { return popularity(matrix); });
  add("ItemKNN", [&] { return item_knn(matrix, h.tuning.knn); });
  add("EASE", [&] { return ease(matrix, h.tuning.ease_lambda); });
  add("BPR-MF", [&] { return bpr_mf(matrix, h.tuning.bpr, seed); });
  add("WRMF", [&] { return wrmf(matrix, h.tuning.wrmf, seed); });
  return out;
}

void add_settings(Report& report, const Tuning& t) {
  report.settings.emplace_back("baseline ItemKNN", fmt::format("cosine, {} neighbours, shrink {}",
                                                               t.knn.neighbours, t.knn.shrink));
  report.settings.emplace_back("baseline EASE", fmt::format("lambda {}", t.ease_lambda));
  report.settings.emplace_back(
      "baseline BPR-MF",
      fmt::format("{} dimensions, {} epochs of SGD, rate {}, regularization {}", t.bpr.dimensions,
                  t.bpr.epochs, t.bpr.rate, t.bpr.regularization));
  report.settings.emplace_back(
      "baseline WRMF",
      fmt::format("{} dimensions, {} epochs of ALS, alpha {}, regularization {}", t.wrmf.dimensions,
                  t.wrmf.epochs, t.wrmf.alpha, t.wrmf.regularization));
}

// Means over the parts, for each row by its place.
void add_part(Row& sum, const Row& part, size_t parts) {
  sum.name = part.name;
  sum.seconds += part.seconds;
  for (const auto& [name, value] : part.metrics) {
    sum.metrics[name] += value / static_cast<double>(parts);
  }
}

Result<Report> evaluate(const std::vector<Holdout>& parts, const Dataset& data,
                        const Options& options) {
  Report report;
  describe(report, data, options);
  add_settings(report, parts.front().tuning);
  double asked = 0;
  for (size_t p = 0; p < parts.size(); ++p) {
    if (parts.size() > 1) std::fprintf(stderr, "fold %zu of %zu\n", p + 1, parts.size());
    Question question = question_of(parts[p]);
    asked += static_cast<double>(question.users());
    RD_TRY(auto engine, engine_row(parts[p], question, options.engine));
    add_part(report.engine, engine, parts.size());
    auto rows = baseline_rows(parts[p], question, options.seed);
    report.baselines.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) add_part(report.baselines[i], rows[i], parts.size());
  }
  report.data.emplace_back("train_rows", static_cast<double>(parts.front().train.size()));
  report.data.emplace_back("masked_rows", static_cast<double>(parts.front().masked.size()));
  report.data.emplace_back("test_rows", static_cast<double>(parts.front().test.size()));
  report.data.emplace_back("users_asked", asked / static_cast<double>(parts.size()));
  std::string at = "@" + std::to_string(parts.front().cuts.front());
  report.headline = {"ndcg" + at, "recall" + at, "hit" + at, "mrr" + at};
  return report;
}

Result<Dataset> read_ml100k(const Options& options) {
  return read_events(options.data / "ml-100k.inter", true);
}

}  // namespace

Result<Report> run_ml100k_ratio(const Options& options) {
  RD_TRY(auto data, read_ml100k(options));
  Split split = ratio_split(data.rows, data.users.size(), options.seed);
  Holdout h{.users = data.users.size(),
            .items = data.items.size(),
            .train = by_time(split.train),
            .masked = split.valid,
            .test = split.test,
            .cuts = {10},
            .tuning = {}};
  return evaluate({h}, data, options);
}

Result<Report> run_ml100k_loo(const Options& options) {
  RD_TRY(auto data, read_ml100k(options));
  Split split = leave_one_out(data.rows, data.users.size());
  Interactions train = split.train;
  train.insert(train.end(), split.valid.begin(), split.valid.end());
  Holdout h{.users = data.users.size(),
            .items = data.items.size(),
            .train = by_time(train),
            .masked = {},
            .test = split.test,
            .cuts = {10},
            .tuning = {}};
  return evaluate({h}, data, options);
}

Result<Report> run_ml100k_5fold(const Options& options) {
  RD_TRY(auto data, read_ml100k(options));
  constexpr size_t kFolds = 5;
  std::vector<Holdout> parts;
  for (size_t fold = 0; fold < kFolds; ++fold) {
    Split split = fold_split(data.rows, fold, kFolds, options.seed);
    parts.push_back({.users = data.users.size(),
                     .items = data.items.size(),
                     .train = by_time(split.train),
                     .masked = {},
                     .test = split.test,
                     .cuts = {10},
                     .tuning = {}});
  }
  return evaluate(parts, data, options);
}

Result<Report> run_tiktok(const Options& options) {
  RD_TRY(auto given, read_given_split(options.data));
  auto at = given.data.rows.begin();
  Holdout h;
  h.users = given.data.users.size();
  h.items = given.data.items.size();
  h.train.assign(at, at + static_cast<ptrdiff_t>(given.train));
  h.test.assign(at + static_cast<ptrdiff_t>(given.train + given.valid), given.data.rows.end());
  // The file goes user by user, which no log does.
  shuffle(h.train, options.seed);
  h.cuts = {20};
  h.tuning.ease_lambda = 50;
  h.tuning.knn.shrink = 10;  // most items are met once or twice
  h.tuning.wrmf = {.dimensions = 64, .epochs = 12, .alpha = 10, .regularization = 10};
  return evaluate({h}, given.data, options);
}

}  // namespace rondo::evaluation
