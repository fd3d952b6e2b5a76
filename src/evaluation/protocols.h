// `rondo eval`: the protocols by name. docs/evaluation.md says what each learns from, what it asks
// for, and how its figures compare with published ones.
//
// run reads files and writes progress to standard error; it is slow (seconds to minutes) and takes
// up to 1 GB (EASE on 6,710 items). One thread. Errors: invalid for an unknown protocol (the
// message lists them) or a bad row, not_found for missing data (the message says which figures are
// not produced).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/result.h"
#include "evaluation/engine_under_test.h"
#include "evaluation/report.h"

namespace rondo::evaluation {

struct Options {
  std::filesystem::path data;  // the folder, or for prequential and freshness a TSV
  uint64_t seed = 1;
  EngineSettings engine;
};

struct Protocol {
  std::string_view name;
  std::string_view about;
  std::string_view files;    // that the folder holds
  std::string_view figures;  // that a run produces
  Result<Report> (*run)(const Options& options);
};
std::span<const Protocol> protocols();

Result<Report> run(std::string_view protocol, const Options& options);

// The protocols themselves; tests call them on made-up data.
Result<Report> run_ml100k_ratio(const Options& options);
Result<Report> run_ml100k_loo(const Options& options);
Result<Report> run_ml100k_5fold(const Options& options);
Result<Report> run_tiktok(const Options& options);
Result<Report> run_freshness(const Options& options);
Result<Report> run_prequential(const Options& options);

// The event file that `data` names: itself, or ml-100k.inter or events.tsv within the folder.
std::filesystem::path event_file(const std::filesystem::path& data);

// What every report says of its data and of the engine.
void describe(Report& report, const Dataset& data, const Options& options);

}  // namespace rondo::evaluation
