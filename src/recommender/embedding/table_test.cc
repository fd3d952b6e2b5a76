#include "recommender/embedding/table.h"

#include <gtest/gtest.h>

#include <map>

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

// The real thing against an ordered map, under admission, expiry, eviction at the limit, erasure,
// and a copy through restore half way.
TEST(Table, AgreesWithAModel) {
  struct Model {
    uint32_t count;
    uint32_t last_s;
    float mark;  // what was written to the row, 0 when not admitted
  };
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    base::Rng rng(seed);
    auto table = std::make_unique<Table>(kOptions);
    std::map<uint64_t, Model> model;
    uint32_t now = 1000;
    for (int step = 0; step < 6000; ++step) {
      uint64_t id = rng.below(700) * 0x10001;  // collides in its low bits
      switch (rng.below(20)) {
        case 0:
          now += static_cast<uint32_t>(rng.below(40));
          table->expire(now);
          std::erase_if(model, [&](const auto& m) { return m.second.last_s + 100 <= now; });
          break;
        case 1:
          table->erase(id);
          model.erase(id);
          break;
        case 2: {
          if (step % 500 != 0) break;
          auto copy = std::make_unique<Table>(kOptions);
          for (uint64_t known : table->sorted_ids()) {
            auto e = table->entry(known);
            std::span<const float> values(e.values, e.values == nullptr ? 0 : table->stride());
            ASSERT_TRUE(copy->restore(e.id, e.count, e.last_s, values));
            ASSERT_FALSE(copy->restore(e.id, e.count, e.last_s, values));
          }
          table = std::move(copy);
          break;
        }
        default: {
          if (model.count(id) == 0 && model.size() >= kOptions.rows_max) {
            auto oldest = model.begin();
            for (auto it = model.begin(); it != model.end(); ++it) {
              if (it->second.last_s < oldest->second.last_s) oldest = it;
            }
            model.erase(oldest);
          }
          Model& m = model.emplace(id, Model{0, now, 0}).first->second;
          ++m.count;
          m.last_s = now;
          bool admitted = table->occur(id, now);
          ASSERT_EQ(admitted, m.count >= kOptions.admit_after);
          if (admitted) {
            m.mark = static_cast<float>(step);
            table->row(id).vector[3] = m.mark;
          }
        }
      }
      ASSERT_EQ(table->ids(), model.size());
      const float* found = table->find(id);
      auto expected = model.find(id);
      bool has_row = expected != model.end() && expected->second.mark != 0;
      ASSERT_EQ(found != nullptr, has_row);
      if (has_row) {
        ASSERT_EQ(found[3], expected->second.mark);
      }
    }
    std::vector<uint64_t> ids;
    for (const auto& [id, m] : model) ids.push_back(id);
    EXPECT_EQ(table->sorted_ids(), ids);
    for (const auto& [id, m] : model) {
      auto e = table->entry(id);
      EXPECT_EQ(e.count, m.count);
      EXPECT_EQ(e.last_s, m.last_s);
    }
  }
}

}  // namespace
}  // namespace rondo::recommender::embedding
