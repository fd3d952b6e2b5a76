// Learning from other partitions: each engine gives out what its item side has gained (cut), and
// takes in what the others gave out. Both happen where a Tick stands in the log, so that a fold is
// still a function of its log, and of the deltas that its log names by hash.
//
//   what                              how it is taken in
//   events of videos, watch times     added, as of the time of the cut; to their authors, topics
//   and
//                                     the network too
//   sums and pairs of co-watch        added
//   rows of the ranker and the towers averaged, weighted by how often the id has occurred in each
//   (videos, authors, topics, sounds, partition; so are the optimizer states
//   durations)
//   shared weights of both            averaged, weighted by the examples trained in each (H. B.
//                                     McMahan et al., "Communication-Efficient Learning of Deep
//                                     Networks from Decentralized Data", AISTATS 2017)
//
// While an experiment runs weights neither come nor go, since its arms have to learn alike; counts
// do, for both. What was taken in is not given out again, and an engine's own deltas do not come
// back to it, so that each event counts once everywhere. Weights are only taken from an engine
// under the same bundle; counts always. Of viewers nothing travels but sums over them.
//
// Bounded: a delta holds kVideosMax videos and kDeltaBytesMax bytes; what does not fit waits for
// the next one, what has changed most goes first.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "recommender/exchange/changes.h"
#include "rondo/log/v1/item_changes.pb.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::recommender {
struct State;
}

namespace rondo::recommender::exchange {

inline constexpr size_t kVideosMax = 2048;  // of a delta
inline constexpr size_t kPairsPerDeltaMax = 8192;
inline constexpr uint32_t kPartitionsMax = 64;

// The part of the state.
struct Exchange {
  uint32_t partitions = 1;      // of the network
  std::vector<uint64_t> taken;  // by partition: the first offset of its deltas not taken in yet
  uint64_t deltas_taken = 0;
  uint64_t items_unknown = 0;  // counts for videos that this partition does not know
  // The latest cut: what the host must have stored before the next one. Empty: nothing had changed.
  uint64_t cut_epoch = 0;
  std::string cut_body;
  Changes changes;

  bool active() const { return partitions > 1; }
};

// From here on the network has this many partitions. conflict when it had another number, or this
// is not one of them.
Result<void> admit_partitions(const State& s, uint32_t partitions);
void set_partitions(State& s, uint32_t partitions);

// The deltas that `tick` names, checked against it; those taken in already are empty. `bodies` are
// in the order of the Tick. Errors: conflict (not given, or not for this network), corrupt (other
// bytes than the Tick says, or not a delta).
struct Incoming {
  bool taken_already = false;
  log::v1::ItemChanges changes;
};
Result<std::vector<Incoming>> open_deltas(const State& s, const log::v1::Tick& tick,
                                          std::span<const std::string> bodies);
void take_in(State& s, const log::v1::Tick& tick, const std::vector<Incoming>& deltas);

// What has changed becomes the delta of `epoch`.
void cut(State& s, uint64_t epoch);

// A new video's budget of impressions is the network's: a partition that has used its share of what
// is left shows the video no more as a new one until the next cut.
void settle_budget(State& s, uint32_t video);

}  // namespace rondo::recommender::exchange
