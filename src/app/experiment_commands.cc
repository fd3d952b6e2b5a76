#include "app/experiment_commands.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <optional>

#include "app/stopped_network.h"
#include "app/write_file.h"
#include "base/bytes.h"
#include "base/random.h"
#include "blob/local/local_blob_store.h"
#include "evaluation/experiment.h"
#include "records/envelope.h"
#include "records/validate.h"

namespace rondo::app {
namespace {

using log::v1::Record;

// Every record that the log still has, partition by partition.
Result<void> for_each_record(
    const stream::Stream& log,
    const std::function<void(PartitionId, Offset, uint64_t, const Record&)>& note) {
  for (uint32_t p = 0; p < log.partition_count(); ++p) {
    PartitionId partition(p);
    RD_TRY(auto state, log.state(partition));
    for (Offset next = state.first; next < state.end;) {
      RD_TRY(auto messages, log.read(partition, next, {}));
      if (messages.empty()) return corrupt("the log ends before its end");
      for (const auto& message : messages) {
        RD_TRY(auto opened, records::open(message.payload));
        note(partition, message.offset, opened.time_us, opened.record);
        next = Offset(message.offset.value() + 1);
      }
    }
  }
  return {};
}

}  // namespace

Result<int> start_experiment(const config::Config& config, const ExperimentOptions& options) {
  RD_TRY(auto network, StoppedNetwork::open(config));
  RD_TRY(auto treatment, resolve_bundle(network->bundles(), options.treatment));
  RD_CHECK(network->bundles().put(treatment));
  Record record;
  auto& started = *record.mutable_experiment_started();
  started.set_name(options.name);
  started.set_treatment_sha256(std::string(base::as_bytes(treatment.sha256())));
  auto there = [&](const recommender::Engine& engine) {
    auto running = engine.experiment();
    return running && running->name == options.name &&
           engine.treatment_sha256() == treatment.sha256();
  };
  const auto engines = network->engines();
  const auto begun = std::find_if(engines.begin(), engines.end(),
                                  [&](const auto& engine) { return there(*engine); });
  // Begun before by a command that was killed: who is in goes by the same salt everywhere.
  base::SecureRandom random;
  started.set_salt(begun != engines.end() ? (*begun)->experiment()->salt
                   : options.salt.empty() ? base::id_to_text(random.next64())
                                          : options.salt);
  started.set_share_permyriad(static_cast<uint32_t>(std::lround(options.share * 10'000)));
  started.set_mode(options.mode == "interleave" ? log::v1::EXPERIMENT_MODE_INTERLEAVE
                                                : log::v1::EXPERIMENT_MODE_SPLIT);
  RD_CHECK(records::validate(record));
  RD_TRY(bool appended, network->append(record, "experiment/" + options.name, there));
  if (!appended) {
    return conflict("experiment " + options.name +
                    " runs already; `rondo experiment stop` ends it");
  }
  std::printf(
      "experiment %s begins with the next start: %g%% of viewers, %s\n  control    %s\n"
      "  treatment  %s\n",
      options.name.c_str(), 100 * options.share, options.mode.c_str(),
      base::to_hex(base::as_bytes(engines.front()->bundle_sha256())).c_str(),
      base::to_hex(base::as_bytes(treatment.sha256())).c_str());
  return 0;
}

Result<int> stop_experiment(const config::Config& config) {
  RD_TRY(auto network, StoppedNetwork::open(config));
  std::optional<recommender::Experiment> running;
  for (const auto& engine : network->engines()) {
    if (auto its = engine->experiment()) running = its;
  }
  if (!running) return conflict("no experiment runs");
  Record record;
  record.mutable_experiment_stopped()->set_name(running->name);
  auto there = [](const recommender::Engine& engine) { return !engine.experiment(); };
  RD_TRY(bool appended, network->append(record, "experiment/stop/" + running->name, there));
  RD_ASSERT(appended);
  std::printf("experiment %s has ended; the control goes on\n", running->name.c_str());
  return 0;
}

Result<int> report_experiment(const config::Config& config,
                              const ExperimentReportOptions& options) {
  DataFolder folder{config.data};
  RD_TRY(auto log, open_log(folder));
  RD_TRY(auto blobs, blob::open_local({folder.blobs()}));
  feed::BundleStore bundles(*blobs);
  // All partitions begin an experiment alike: the first one's latest.
  std::optional<log::v1::ExperimentStarted> wanted;
  RD_CHECK(for_each_record(*log, [&](PartitionId p, Offset, uint64_t, const Record& record) {
    if (p.value() != 0 || !record.has_experiment_started()) return;
    const auto& started = record.experiment_started();
    if (options.name.empty() || started.name() == options.name) wanted = started;
  }));
  if (!wanted) {
    return not_found(options.name.empty()
                         ? "the log has no experiment; `rondo experiment start` begins one"
                         : "the log has no experiment named " + options.name);
  }
  evaluation::ExperimentTally tally(*wanted);
  base::Sha256Digest sha256{};
  auto named = wanted->treatment_sha256();
  std::copy(named.begin(), named.end(), sha256.begin());
  // What counts as a finish is the same in both arms: they could not run side by side otherwise.
  if (auto treatment = bundles.find(sha256); treatment.ok()) {
    tally.set_outcomes((*treatment)->outcomes);
  }
  RD_CHECK(for_each_record(
      *log, [&tally](PartitionId p, Offset offset, uint64_t time_us, const Record& record) {
        tally.note(p, offset, time_us, record);
      }));
  auto report = tally.report();
  std::fputs(evaluation::to_text(report).c_str(), stdout);
  RD_CHECK(write_file(options.json, evaluation::to_json(report)));
  RD_CHECK(write_file(options.html, evaluation::to_html(report)));
  return 0;
}

}  // namespace rondo::app
