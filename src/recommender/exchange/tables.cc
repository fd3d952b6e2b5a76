#include "recommender/exchange/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/bytes.h"
#include "recommender/outcomes.h"
#include "recommender/state.h"

namespace rondo::recommender::exchange {
namespace {

using log::v1::ItemChanges;

// The tables that travel, in the order of ItemChanges.tables: not those of viewers.
constexpr std::array kRankerSlots{Slot::kVideo, Slot::kAuthor, Slot::kTopic, Slot::kDuration};
constexpr size_t kTables = kRankerSlots.size() + retrieval::kTowerSlots;

// Of shared weights: a bundle with larger ones keeps them to itself.
constexpr size_t kSharedBytesMax = 256 << 10;
// Id and count of a row, as a message at most.
constexpr size_t kRowOverheadBytes = 13;

template <typename A>  // Arm, const or not
auto& table_of(A& s, size_t table) {
  return table < kRankerSlots.size()
             ? s.model.table(kRankerSlots[table])
             : s.towers.table(static_cast<retrieval::TowerSlot>(table - kRankerSlots.size()));
}

size_t table_of_slot(Slot slot) {
  return static_cast<size_t>(std::find(kRankerSlots.begin(), kRankerSlots.end(), slot) -
                             kRankerSlots.begin());
}

bool is_ours(const State& s, const ItemChanges& changes) {
  return !s.experiment && changes.bundle_sha256() == base::as_bytes(s.active().bundle_sha256);
}

// Finite, and not so large that an average could leave the range.
template <typename Numbers>
bool all_sane(const Numbers& numbers) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [](float x) { return x > -1e30f && x < 1e30f; });
}

// The optimizer states, which a square root is taken of, at the end of each stride.
template <typename Numbers>
bool states_positive(const Numbers& values, size_t stride, size_t states) {
  for (size_t i = 0; i < static_cast<size_t>(values.size()); ++i) {
    if (i % stride >= stride - states && !(values.Get(static_cast<int>(i)) > 0)) return false;
  }
  return true;
}

Result<void> check_shared(const ItemChanges::Weights& weights, size_t size, const char* name) {
  if (weights.values_size() == 0) return {};
  bool fits = std::cmp_equal(weights.values_size(), 2 * size) && all_sane(weights.values()) &&
              states_positive(weights.values(), 2 * size, size);
  if (!fits) return corrupt(fmt::format("the shared weights of the {} do not fit", name));
  return {};
}

// How far this partition's numbers move towards another's; `own` grows by what was averaged in.
float share_of(double& own, double other) {
  own += other;
  return own > 0 ? static_cast<float>(other / own) : 0.0f;
}

void blend(float share, const float* values, std::span<float> own) {
  for (size_t i = 0; i < own.size(); ++i) own[i] += share * (values[i] - own[i]);
}

void take_in_rows(State& s, std::span<const ItemChanges* const> deltas) {
  for (size_t t = 0; t < kTables; ++t) {
    embedding::Table& table = table_of(*s.arms.front(), t);
    const size_t stride = table.stride();
    std::unordered_map<uint64_t, double> weight_of;  // looked up, never iterated
    for (const ItemChanges* delta : deltas) {
      if (std::cmp_less_equal(delta->tables_size(), t)) continue;
      const auto& rows = delta->tables(static_cast<int>(t));
      for (int i = 0; i < rows.ids_size(); ++i) {
        const uint64_t id = rows.ids(i);
        auto [at, first] = weight_of.emplace(id, 0.0);
        if (first) at->second = table.occurrences(id);
        const float share = share_of(at->second, rows.counts(i));
        table.blend(id, share, {rows.values().data() + static_cast<size_t>(i) * stride, stride},
                    s.time_s());
      }
    }
  }
}

void take_in_shared(State& s, std::span<const ItemChanges* const> deltas) {
  Arm& arm = *s.arms.front();
  auto ranker = static_cast<double>(arm.trainer.progress.examples);
  auto towers = static_cast<double>(arm.towers.contents().examples);
  for (const ItemChanges* delta : deltas) {
    if (delta->ranker().values_size() > 0) {
      const float share = share_of(ranker, static_cast<double>(delta->ranker().examples()));
      const float* values = delta->ranker().values().data();
      blend(share, values, arm.model.dense());
      blend(share, values + arm.model.dense().size(), arm.model.dense_state());
    }
    if (delta->towers().values_size() > 0) {
      const float share = share_of(towers, static_cast<double>(delta->towers().examples()));
      const float* values = delta->towers().values().data();
      std::vector<float> mix = arm.towers.contents().mix;
      std::vector<float> state = arm.towers.contents().mix_state;
      blend(share, values, mix);
      blend(share, values + mix.size(), state);
      arm.towers.set_mix(mix, state);
    }
  }
}

// Collects rows until the room is used up.
class RowPicker {
 public:
  RowPicker(const State& s, ItemChanges& out, size_t room) : s_(s), out_(out), room_(room) {
    for (size_t t = 0; t < kTables; ++t) out_.add_tables();
  }

  // False when there is no room for it; true also when it has no numbers yet.
  bool add(size_t table, uint64_t id) {
    if (there_[table].contains(id)) return true;
    const embedding::Table& from = table_of(s_.active(), table);
    const float* values = from.find(id);
    const uint32_t count = from.occurrences(id);
    // Without an occurrence here it is what others have told.
    if (values == nullptr || count == 0) return true;
    const size_t bytes = kRowOverheadBytes + from.stride() * sizeof(float);
    if (bytes > room_) return false;
    room_ -= bytes;
    there_[table].insert(id);
    auto& rows = *out_.mutable_tables(static_cast<int>(table));
    rows.add_ids(id);
    rows.add_counts(count);
    rows.mutable_values()->Add(values, values + from.stride());
    return true;
  }

 private:
  const State& s_;
  ItemChanges& out_;
  size_t room_;
  std::array<std::unordered_set<uint64_t>, kTables> there_;  // looked up, never iterated
};

}  // namespace

Result<void> check_weights(const State& s, const ItemChanges& changes) {
  if (!is_ours(s, changes)) return {};
  if (changes.tables_size() != 0 && std::cmp_not_equal(changes.tables_size(), kTables)) {
    return corrupt("it has another number of tables");
  }
  for (int t = 0; t < changes.tables_size(); ++t) {
    const auto& rows = changes.tables(t);
    const embedding::Table& table = table_of(s.active(), static_cast<size_t>(t));
    bool fits =
        rows.counts_size() == rows.ids_size() &&
        std::cmp_equal(rows.values_size(), static_cast<size_t>(rows.ids_size()) * table.stride()) &&
        all_sane(rows.values()) && states_positive(rows.values(), table.stride(), table.states());
    if (!fits) return corrupt(fmt::format("the rows of table {} do not fit", t));
  }
  RD_CHECK(check_shared(changes.ranker(), s.active().model.dense().size(), "ranker"));
  return check_shared(changes.towers(), s.active().towers.contents().mix.size(), "towers");
}

void take_in_weights(State& s, std::span<const ItemChanges* const> deltas) {
  std::vector<const ItemChanges*> ours;
  for (const ItemChanges* delta : deltas) {
    if (is_ours(s, *delta)) ours.push_back(delta);
  }
  take_in_rows(s, ours);
  take_in_shared(s, ours);
  // What else shares a row is refreshed by the sweep.
  for (const ItemChanges* delta : ours) {
    for (uint64_t id : delta->videos()) {
      auto video = s.catalogue.find_video(id);
      if (!video) continue;
      s.arms.front()->refresh(s.catalogue, *video);
    }
  }
}

std::vector<bool> give_weights(const State& s, std::span<const VideoChange> videos,
                               ItemChanges& out) {
  if (s.experiment) return std::vector<bool>(videos.size(), true);
  auto give = [](const std::vector<float>& values, const std::vector<float>& states,
                 uint64_t examples, ItemChanges::Weights& to) {
    if (2 * values.size() * sizeof(float) > kSharedBytesMax) return;
    to.set_examples(examples);
    to.mutable_values()->Add(values.begin(), values.end());
    to.mutable_values()->Add(states.begin(), states.end());
  };
  const Arm& arm = s.active();
  bool trained = false;
  bool liked = false;
  for (const VideoChange& change : videos) {
    trained = trained || change.examples > 0;
    liked = liked || change.likes > 0;
  }
  if (trained) {
    give(arm.model.dense(), arm.model.dense_state(), arm.trainer.progress.examples,
         *out.mutable_ranker());
  }
  const auto& towers = arm.towers.contents();
  if (liked) give(towers.mix, towers.mix_state, towers.examples, *out.mutable_towers());

  const size_t used = out.ByteSizeLong() + 1024;
  RowPicker picker(s, out, kBodyBytesMax > used ? kBodyBytesMax - used : 0);
  std::vector<bool> all_in;
  for (const VideoChange& change : videos) {
    bool in = true;
    if (change.examples > 0) {
      for (const auto& field : ranker::item_fields(s.catalogue, change.video).list()) {
        in = picker.add(table_of_slot(field.slot), field.id) && in;
      }
    }
    if (change.likes > 0) {
      for (const auto& field : arm.towers.fields(s.catalogue, change.video)) {
        in = picker.add(kRankerSlots.size() + static_cast<size_t>(field.slot), field.id) && in;
      }
    }
    all_in.push_back(in);
  }
  return all_in;
}

}  // namespace rondo::recommender::exchange
