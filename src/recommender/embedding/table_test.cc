#include "recommender/embedding/table.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "base/hash.h"
#include "base/random.h"

namespace rondo::recommender::embedding {
namespace {

constexpr TableOptions kOptions{.dimensions = 16,
                                .init_scale = 0.1f,
                                .adagrad_initial = 0.5f,
                                .salt = 3,
                                .admit_after = 2,
                                .ttl_seconds = 100,
                                .rows_max = 300};

TEST(Table, AdmitsAtTheNthOccurrence) {
  Table table(kOptions);
  EXPECT_EQ(table.find(9), nullptr);
  EXPECT_FALSE(table.occur(9, 1));
  EXPECT_EQ(table.find(9), nullptr);
  EXPECT_TRUE(table.occur(9, 2));
  ASSERT_NE(table.find(9), nullptr);
  Row row = table.row(9);
  EXPECT_EQ(*row.vector_state, 0.5f);
  for (float b : row.bias) EXPECT_EQ(b, 0.0f);
  bool all_zero = true;
  for (float v : row.vector) {
    EXPECT_LE(v, 0.1f);
    EXPECT_GE(v, -0.1f);
    all_zero = all_zero && v == 0;
  }
  EXPECT_FALSE(all_zero);
}

TEST(Table, StartsAnIdTheSameWhereverItLies) {
  Table a(kOptions), b(kOptions);
  for (uint64_t id = 0; id < 50; ++id) b.occur(id, 1), b.occur(id, 1);
  a.occur(77, 1), a.occur(77, 1);
  b.occur(77, 1), b.occur(77, 1);
  for (size_t i = 0; i < a.stride(); ++i) EXPECT_EQ(a.find(77)[i], b.find(77)[i]);
}

// What the table promises, in ordered containers.
class Model {
 public:
  explicit Model(const TableOptions& options) : options_(options) {}

  struct Known {
    uint32_t count;
    uint32_t last_s;
    float mark;  // what was written to the row, 0 when not admitted
  };

  // The mark of an admitted id becomes `mark`.
  bool occur(uint64_t id, uint32_t now_s, float mark) {
    if (known_.count(id) == 0) {
      if (known_.size() >= options_.rows_max) erase(order_.begin()->second);
      known_[id] = {0, now_s, 0};
    }
    Known& k = known_[id];
    order_.erase({k.last_s, id});
    order_.insert({now_s, id});
    touched_.insert(id);
    k.last_s = now_s;
    if (++k.count < options_.admit_after) return false;
    k.mark = mark;
    return true;
  }
  size_t expire(uint32_t now_s) {
    size_t count = 0;
    while (count < Table::kExpiredPerCall && !order_.empty() &&
           order_.begin()->first + options_.ttl_seconds <= now_s) {
      erase(order_.begin()->second);
      ++count;
    }
    return count;
  }
  void erase(uint64_t id) {
    auto at = known_.find(id);
    if (at == known_.end()) return;
    touched_.insert(id);
    order_.erase({at->second.last_s, id});
    known_.erase(at);
  }
  void clear_touched() { touched_.clear(); }

  const std::map<uint64_t, Known>& known() const { return known_; }
  std::vector<uint64_t> touched() const { return {touched_.begin(), touched_.end()}; }

 private:
  const TableOptions options_;
  std::map<uint64_t, Known> known_;
  std::set<std::pair<uint32_t, uint64_t>> order_;
  std::set<uint64_t> touched_;
};

std::unique_ptr<Table> copy_of(const Table& table, const TableOptions& options) {
  auto copy = std::make_unique<Table>(options);
  for (uint64_t id : table.sorted_ids()) {
    auto e = table.entry(id);
    std::span<const float> values(e.values, e.values == nullptr ? 0 : table.stride());
    EXPECT_TRUE(copy->restore(e.id, e.count, e.last_s, values));
  }
  return copy;
}

void expect_same(const Table& table, const Model& model) {
  std::vector<uint64_t> ids;
  std::vector<const float*> rows;
  for (const auto& [id, k] : model.known()) ids.push_back(id);
  ASSERT_EQ(table.sorted_ids(), ids);
  rows.resize(ids.size());
  table.find_many(ids, rows);
  size_t admitted = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    const Model::Known& k = model.known().at(ids[i]);
    auto e = table.entry(ids[i]);
    ASSERT_EQ(e.count, k.count);
    ASSERT_EQ(e.last_s, k.last_s);
    ASSERT_EQ(e.values, rows[i]);
    ASSERT_EQ(rows[i] != nullptr, k.mark != 0);
    if (rows[i] == nullptr) continue;
    ASSERT_EQ(rows[i][3], k.mark);
    ++admitted;
  }
  EXPECT_EQ(table.rows_admitted(), admitted);
}

// Under admission, expiry, eviction at the limit, erasure, marks, and copies through restore, with
// few ids (all limits are met) and with many (the index splits, shrinks, is filled again).
void agree_with_a_model(const TableOptions& options, uint64_t seed, int steps, uint64_t ids) {
  SCOPED_TRACE(seed);
  base::Rng rng(seed);
  auto table = std::make_unique<Table>(options);
  Model model(options);
  uint32_t now = 1000;
  bool tracking = false;
  for (int step = 1; step <= steps; ++step) {
    uint64_t id = rng.below(ids) * 0x10001;
    switch (rng.below(24)) {
      case 0:
        now += static_cast<uint32_t>(rng.below(rng.below(30) == 0 ? 200 : 6));
        ASSERT_EQ(table->expire(now), model.expire(now));
        break;
      case 1:
        table->erase(id);
        model.erase(id);
        break;
      case 2:
        if (rng.below(200) != 0) break;
        table = copy_of(*table, options);
        ASSERT_EQ(table->touched(), std::nullopt);
        tracking = false;
        break;
      case 3:
        if (rng.below(50) != 0) break;
        if (tracking) {
          ASSERT_EQ(table->touched(), model.touched());
        }
        table->clear_touched();
        model.clear_touched();
        tracking = true;
        break;
      default: {
        auto mark = static_cast<float>(step);
        bool admitted = table->occur(id, now);
        ASSERT_EQ(admitted, model.occur(id, now, mark));
        if (admitted) table->row(id).vector[3] = mark;
      }
    }
    ASSERT_EQ(table->ids(), model.known().size());
    auto expected = model.known().find(id);
    const float* found = table->find(id);
    ASSERT_EQ(table->contains(id), expected != model.known().end());
    ASSERT_EQ(found != nullptr, expected != model.known().end() && expected->second.mark != 0);
    if (found != nullptr) {
      ASSERT_EQ(found[3], expected->second.mark);
    }
    if (step % (steps / 8) == 0) expect_same(*table, model);
  }
}

TEST(Table, AgreesWithAModelAtItsLimits) {
  for (uint64_t seed = 1; seed <= 8; ++seed) agree_with_a_model(kOptions, seed, 20'000, 700);
}

TEST(Table, AgreesWithAModelAsItGrows) {
  TableOptions options = kOptions;
  options.rows_max = 40'000;
  options.ttl_seconds = 20'000;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    agree_with_a_model(options, seed, 150'000, 60'000);
  }
}

// One history, with and without a save and load in its middle: also where time and ties decide.
TEST(Table, ForgetsTheSameAfterRestore) {
  Table through(kOptions);
  auto restored = std::make_unique<Table>(kOptions);
  base::Rng rng(5);
  for (uint32_t now = 1; now < 400; ++now) {
    for (int i = 0; i < 8; ++i) {
      uint64_t id = rng.below(1'000);
      through.occur(id, now);
      restored->occur(id, now);
    }
    if (now % 50 == 0) restored = copy_of(*restored, kOptions);
    through.expire(now);
    restored->expire(now);
    ASSERT_EQ(through.sorted_ids(), restored->sorted_ids()) << now;
  }
  EXPECT_EQ(through.ids(), kOptions.rows_max);
}

TEST(Table, ExpiresSoManyACallOldestFirst) {
  Table table(kOptions);
  for (uint64_t id = 0; id < 100; ++id) table.occur(id, static_cast<uint32_t>(1 + id / 50));
  EXPECT_EQ(table.expire(100), 0u);
  EXPECT_EQ(table.expire(500), Table::kExpiredPerCall);
  std::vector<uint64_t> left = table.sorted_ids();
  ASSERT_EQ(left.size(), 100 - Table::kExpiredPerCall);
  EXPECT_EQ(left.front(), Table::kExpiredPerCall);
  // What still waits to be forgotten and occurs again stays.
  table.occur(99, 500);
  EXPECT_EQ(table.expire(500), 99 - Table::kExpiredPerCall);
  EXPECT_EQ(table.sorted_ids(), std::vector<uint64_t>{99});
}

TEST(Table, NoCallMovesMoreThanASegment) {
  TableOptions options = kOptions;
  options.rows_max = 1'000'000;
  options.dimensions = 1;
  options.biases = 0;
  Table table(options);
  uint64_t worst = 0, before = 0;
  constexpr uint64_t kIds = 300'000;
  for (uint64_t id = 0; id < kIds; ++id) {
    table.occur(id, 1);
    worst = std::max(worst, table.growth_steps() - before);
    before = table.growth_steps();
    if (id % 1000 == 0) {
      table.find(id);
      table.expire(1);
      ASSERT_EQ(table.growth_steps(), before);
    }
  }
  EXPECT_EQ(worst, Index::kSegmentIdsMax);
  // All in all, each id is moved about once for each doubling that it lives through, which is
  // about once a id inserted.
  EXPECT_LT(table.growth_steps(), 2 * kIds);
  EXPECT_EQ(table.ids(), kIds);
}

// Ids chosen so that the index cannot tell them apart by their leading bits cost one another their
// places, the oldest first, and nothing else.
TEST(Table, ChosenIdsCannotMakeTheIndexGrow) {
  TableOptions options = kOptions;
  options.rows_max = 10'000;
  Table table(options);
  constexpr uint64_t kBystander = 1;
  ASSERT_NE(base::mix64(kBystander) >> 48, 0u);
  table.occur(kBystander, 1);
  std::vector<uint64_t> chosen;
  for (uint64_t id = 2; chosen.size() < Index::kSegmentIdsMax + 100; ++id) {
    if (base::mix64(id) >> 52 == 0) chosen.push_back(id);
  }
  for (size_t i = 0; i < chosen.size(); ++i) table.occur(chosen[i], static_cast<uint32_t>(2 + i));
  EXPECT_EQ(table.ids(), Index::kSegmentIdsMax + 1);
  EXPECT_TRUE(table.contains(kBystander));
  for (size_t i = 0; i < chosen.size(); ++i) {
    ASSERT_EQ(table.contains(chosen[i]), i >= 100) << i;
  }
}

TEST(Table, TellsWhatHasChangedSinceTheMark) {
  Table table(kOptions);
  for (uint64_t id : {5, 5, 6, 6, 7}) table.occur(id, 1);
  EXPECT_EQ(table.touched(), std::nullopt);
  table.clear_touched();
  EXPECT_EQ(table.touched(), std::vector<uint64_t>{});
  table.find(5);
  EXPECT_EQ(table.touched(), std::vector<uint64_t>{});
  table.row(6).vector[0] = 1;
  table.erase(5);
  table.occur(5, 2);  // gone and come again: once
  table.occur(4, 2);
  table.erase(99);  // was never there
  EXPECT_EQ(table.touched(), (std::vector<uint64_t>{4, 5, 6}));
  table.clear_touched();
  table.occur(4, 2);  // admitted: its record moves
  table.expire(101);
  EXPECT_EQ(table.touched(), (std::vector<uint64_t>{4, 6, 7}));
}

// A base and the difference since are the table: what checkpoints by difference rely on.
TEST(Table, IsItsBaseAndTheDifference) {
  TableOptions options = kOptions;
  options.rows_max = 3'000;
  Table table(options);
  base::Rng rng(11);
  uint32_t now = 1;
  auto live = [&](int steps) {
    for (int i = 0; i < steps; ++i) {
      uint64_t id = rng.below(5'000);
      if (rng.below(10) == 0) table.expire(now += static_cast<uint32_t>(rng.below(3)));
      if (rng.below(10) == 0) table.erase(rng.below(5'000));
      if (table.occur(id, now)) table.row(id).bias[0] += 1;
    }
  };
  live(20'000);
  auto base = copy_of(table, options);
  table.clear_touched();
  live(300);
  auto touched = table.touched();
  ASSERT_TRUE(touched.has_value());
  EXPECT_LT(touched->size(), 1'000u);
  // Those that have gone first, so that the rest fit in.
  for (uint64_t id : *touched) base->erase(id);
  for (uint64_t id : *touched) {
    if (!table.contains(id)) continue;
    auto e = table.entry(id);
    std::span<const float> values(e.values, e.values == nullptr ? 0 : table.stride());
    ASSERT_TRUE(base->restore(id, e.count, e.last_s, values));
  }
  ASSERT_EQ(base->sorted_ids(), table.sorted_ids());
  for (uint64_t id : table.sorted_ids()) {
    auto a = table.entry(id), b = base->entry(id);
    ASSERT_EQ(a.count, b.count);
    ASSERT_EQ(a.last_s, b.last_s);
    ASSERT_EQ(a.values == nullptr, b.values == nullptr);
    if (a.values == nullptr) continue;
    for (size_t i = 0; i < table.stride(); ++i) ASSERT_EQ(a.values[i], b.values[i]);
  }
}

TEST(Table, GivesUpTheDifferenceWhenItIsTooLong) {
  TableOptions options = kOptions;
  options.rows_max = 1'500'000;
  options.dimensions = 1;
  Table table(options);
  table.clear_touched();
  for (uint64_t id = 0; id < Table::kTouchedMax; ++id) table.occur(id, 1);
  ASSERT_TRUE(table.touched().has_value());
  EXPECT_EQ(table.touched()->size(), Table::kTouchedMax);
  table.occur(Table::kTouchedMax, 1);
  EXPECT_EQ(table.touched(), std::nullopt);
  table.clear_touched();
  table.occur(3, 1);
  EXPECT_EQ(table.touched(), std::vector<uint64_t>{3});
}

TEST(Table, RowsAreAsWideAsAskedFor) {
  TableOptions options = kOptions;
  options.admit_after = 1;
  for (uint32_t dimensions : {1u, 16u, 48u}) {
    for (uint32_t biases : {0u, 1u, 10u}) {
      options.dimensions = dimensions;
      options.biases = biases;
      Table table(options);
      for (uint64_t id = 0; id < 200; ++id) {
        ASSERT_TRUE(table.occur(id, 1));
        Row row = table.row(id);
        ASSERT_EQ(row.vector.size(), dimensions);
        ASSERT_EQ(row.bias.size(), biases);
        ASSERT_EQ(*row.vector_state, options.adagrad_initial);
        ASSERT_EQ(row.bias_state == nullptr, biases == 0);
        std::fill(row.vector.begin(), row.vector.end(), static_cast<float>(id));
        std::fill(row.bias.begin(), row.bias.end(), -static_cast<float>(id));
      }
      for (uint64_t id = 0; id < 200; ++id) {
        ConstRow row = table.view(table.find(id));
        for (float v : row.vector) ASSERT_EQ(v, static_cast<float>(id));
        for (float b : row.bias) ASSERT_EQ(b, -static_cast<float>(id));
        ASSERT_EQ(*table.row(id).vector_state, options.adagrad_initial);
      }
    }
  }
}

TEST(Table, FindsManyAsOneByOne) {
  TableOptions options = kOptions;
  options.rows_max = 50'000;
  Table table(options);
  base::Rng rng(2);
  for (int i = 0; i < 60'000; ++i) table.occur(rng.below(40'000), 1);
  for (size_t count : {size_t{0}, size_t{1}, size_t{31}, size_t{32}, size_t{33}, size_t{5'000}}) {
    std::vector<uint64_t> ids(count);
    for (uint64_t& id : ids) id = rng.below(80'000);
    std::vector<const float*> rows(count);
    table.find_many(ids, rows);
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(rows[i], table.find(ids[i]));
  }
}

TEST(Table, RefusesToRestoreWhatItCannotHold) {
  TableOptions options = kOptions;
  options.rows_max = 2;
  Table table(options);
  EXPECT_TRUE(table.restore(1, 1, 1, {}));
  EXPECT_FALSE(table.restore(1, 1, 1, {}));
  EXPECT_TRUE(table.restore(2, 1, 1, {}));
  EXPECT_FALSE(table.restore(3, 1, 1, {}));
}

}  // namespace
}  // namespace rondo::recommender::embedding
