#include "evaluation/protocols.h"

#include <fmt/format.h>

#include <array>

#include "base/bytes.h"

namespace rondo::evaluation {
namespace {

constexpr std::array<Protocol, 6> kProtocols{{
    {"ml100k-ratio",
     "8:1:1 at random per user; every rating is positive; the test items are ranked among all that "
     "the user has neither in training nor in validation.",
     "ml-100k.inter",
     "recall, mrr, ndcg, hit @10 of the engine, popularity, ItemKNN, EASE, BPR-MF and WRMF",
     &run_ml100k_ratio},
    {"ml100k-loo",
     "The last item of each user by time is asked for, ranked among all that the user has not had; "
     "the one before it is learned too, as it is part of the history then.",
     "ml-100k.inter",
     "recall, mrr, ndcg, hit @10 of the engine, popularity, ItemKNN, EASE, BPR-MF and WRMF",
     &run_ml100k_loo},
    {"ml100k-5fold",
     "Five folds of all rows at random; each is asked for once, ranked among all that the user has "
     "not in the other four; figures are means over the folds.",
     "ml-100k.inter",
     "recall, mrr, ndcg, hit @10 of the engine, popularity, ItemKNN, EASE, BPR-MF and WRMF",
     &run_ml100k_5fold},
    {"tiktok",
     "The given split: learned from train, in random order; test is ranked among all that the user "
     "has not in train (validation items are candidates, as in the published figures' code).",
     "train.tsv, valid.tsv and test.tsv",
     "recall, mrr, ndcg, hit @20 of the engine, popularity, ItemKNN, EASE, BPR-MF and WRMF",
     &run_tiktok},
    {"freshness",
     "Monolith's protocol: the first half of the log by time is learned; the rest comes in shards, "
     "each of which is first asked for, then learned; the weights that answer are taken over every "
     "so many shards, or never (batch).",
     "ml-100k.inter or events.tsv (or name a TSV)",
     "recall, mrr, ndcg, hit @10 at each interval of taking over, and of batch", &run_freshness},
    {"prequential",
     "Each event by time is scored first, then learned: the rank of its item among all that the "
     "user has not had, each head against a random unseen item, and the probability of a finish "
     "against what happened.",
     "ml-100k.inter or events.tsv (or name a TSV)",
     "recall, mrr, ndcg, hit @10, AUC per head, calibration, all of them over time",
     &run_prequential},
}};

}  // namespace

std::span<const Protocol> protocols() { return kProtocols; }

Result<Report> run(std::string_view name, const Options& options) {
  std::string known;
  for (const Protocol& protocol : kProtocols) {
    known += (known.empty() ? "" : ", ") + std::string(protocol.name);
    if (protocol.name != name) continue;
    auto report = protocol.run(options);
    if (!report.ok()) {
      if (report.error().code() != ErrorCode::kNotFound) return std::move(report).error();
      return not_found(fmt::format("{}\nnot produced: {} ({}). The folder must hold {}.",
                                   report.error().message(), protocol.name, protocol.figures,
                                   protocol.files));
    }
    report->protocol = protocol.name;
    report->about = protocol.about;
    report->references = references_of(report->protocol);
    return report;
  }
  return invalid(fmt::format("there is no protocol {}; there are {}", name, known));
}

std::filesystem::path event_file(const std::filesystem::path& data) {
  if (!std::filesystem::is_directory(data)) return data;
  auto events = data / "events.tsv";
  return std::filesystem::exists(events) ? events : data / "ml-100k.inter";
}

void describe(Report& report, const Dataset& data, const Options& options) {
  report.seed = options.seed;
  report.data = {{"rows", static_cast<double>(data.rows.size())},
                 {"users", static_cast<double>(data.users.size())},
                 {"items", static_cast<double>(data.items.size())},
                 {"repeated_rows_left_out", static_cast<double>(data.repeated)}};
  report.settings = {
      {"engine", std::string(recommender::kEngineVersion)},
      {"bundle_sha256", base::to_hex(base::as_bytes(options.engine.bundle.sha256()))},
      {"epochs", std::to_string(options.engine.epochs)},
      {"settle_seconds", std::to_string(options.engine.settle_seconds)},
  };
}

}  // namespace rondo::evaluation
