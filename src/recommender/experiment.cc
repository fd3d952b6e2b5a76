#include "recommender/experiment.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "recommender/activation.h"
#include "recommender/outcomes.h"
#include "recommender/state.h"

namespace rondo::recommender {
namespace {

// The first field, or section, of what the arms share in which the bundles differ; empty: none.
std::string_view shared_difference(const Bundle& a, const Bundle& b) {
  if (a.outcomes != b.outcomes) return "outcomes";
  if (a.affinity != b.affinity) return "affinity";
  if (a.tastes != b.tastes) return "tastes";
  if (a.limits != b.limits) return "limits";
  if (a.exploration.budget_impressions != b.exploration.budget_impressions) {
    return "exploration.budget_impressions";
  }
  if (a.exploration.promotion != b.exploration.promotion) return "exploration.promotion";
  return "";
}

}  // namespace

Assignment assign(const Experiment& e, uint64_t viewer) {
  std::string bytes = e.salt;
  base::ByteWriter(bytes).put(viewer);
  auto digest = base::sha256(bytes);
  uint64_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  const bool in = number % 10'000 < e.share_permyriad;
  if (e.mode == log::v1::EXPERIMENT_MODE_INTERLEAVE) {
    return in ? Assignment::kInterleaved : Assignment::kNone;
  }
  return in ? Assignment::kTreatment : Assignment::kControl;
}

std::string_view arm_name(Assignment assignment) {
  switch (assignment) {
    case Assignment::kNone:
      return "";
    case Assignment::kControl:
      return "control";
    case Assignment::kTreatment:
      return "treatment";
    case Assignment::kInterleaved:
      return "interleaved";
  }
  return "";
}

Result<void> admit(const State& s, const log::v1::ExperimentStarted& record,
                   const Bundle& treatment) {
  if (s.experiment) {
    return conflict(fmt::format(
        "experiment {} runs already; there is one at a time, so stop it before {} begins",
        s.experiment->name, record.name()));
  }
  auto difference = shared_difference(s.bundle, treatment);
  if (difference.empty()) return {};
  return conflict(fmt::format("the bundles differ in {}, which decides what both arms share of "
                              "viewers and videos: such bundles cannot run side by side",
                              difference))
      .with_field(std::string(difference));
}

Result<void> admit(const State& s, const log::v1::ExperimentStopped& record) {
  if (!s.experiment) return conflict("no experiment runs");
  if (s.experiment->name == record.name()) return {};
  return conflict(fmt::format("experiment {} runs, not {}", s.experiment->name, record.name()));
}

void start_experiment(State& s, const log::v1::ExperimentStarted& record, const Bundle& treatment) {
  s.experiment = Experiment{.name = record.name(),
                            .salt = record.salt(),
                            .share_permyriad = record.share_permyriad(),
                            .mode = static_cast<uint32_t>(record.mode())};
  // What waits is learned before, so that it is learned by both.
  close_batch(s, *s.arms.front());
  s.arms.push_back(make_arm(s, treatment, &s.active()));
  s.pending.for_each([](features::PendingPage& page) { page.arms.emplace_back(); });
}

void stop_experiment(State& s) {
  s.experiment.reset();
  s.arms.pop_back();
  s.pending.for_each([](features::PendingPage& page) { page.arms.pop_back(); });
}

void promote_treatment(State& s) {
  s.bundle_before = s.active().bundle_sha256;
  std::swap(s.arms.front(), s.arms.back());
  s.pending.for_each(
      [](features::PendingPage& page) { std::swap(page.arms.front(), page.arms.back()); });
  stop_experiment(s);
  take_up(s, s.active().bundle);
}

}  // namespace rondo::recommender
