// Two bundles side by side. The active one is the control; the treatment is a second arm of the
// state (arm.h). Viewers, their histories and what they have seen are one and the same for both.
//
//   split       a share of viewers has its pages ranked by the treatment, the others by the control
//   interleave  a share of viewers has pages that both arms draft by turns (F. Radlinski, M. Kurup
//               and T. Joachims, "How Does Clickthrough Data Reflect Retrieval Quality?", CIKM
//               2008); the others have the control's
//
// Who is in is a function of the viewer's id and the experiment's salt: SHA-256(salt, id), its
// first eight bytes as a number mod 10,000, below the share. Part of the fold; see fold.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "recommender/bundle.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::recommender {

struct State;

struct Experiment {
  std::string name;
  std::string salt;
  uint32_t share_permyriad = 0;
  uint32_t mode = 0;  // log::v1::ExperimentMode
};

enum class Assignment : uint8_t { kNone, kControl, kTreatment, kInterleaved };
Assignment assign(const Experiment& experiment, uint64_t viewer);
// As Served says it.
std::string_view arm_name(Assignment assignment);

// Whether the experiment may begin now. conflict when one runs already, or when the bundles differ
// in what both arms share: outcomes, affinities, limits, and how new videos are promoted.
Result<void> admit(const State& state, const log::v1::ExperimentStarted& record,
                   const Bundle& treatment);
Result<void> admit(const State& state, const log::v1::ExperimentStopped& record);

// The treatment begins with what the control has learned, as far as its dimensions fit.
void start_experiment(State& state, const log::v1::ExperimentStarted& record,
                      const Bundle& treatment);
// The control goes on alone, with what it has learned.
void stop_experiment(State& state);
// The treatment goes on alone, as the active bundle.
void promote_treatment(State& state);

}  // namespace rondo::recommender
