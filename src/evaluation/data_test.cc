// Loaders, splits and metrics, against figures worked out by hand.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "evaluation/dataset.h"
#include "evaluation/metrics.h"
#include "evaluation/splits.h"

namespace rondo::evaluation {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("rondo-evaluation-" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::string error_of(const std::string& text, bool needs_time = true) {
    auto read = read_events(write("e.tsv", text), needs_time);
    return read.ok() ? "" : read.error().describe();
  }
  fs::path folder_;
};

TEST_F(Files, ColumnsComeByNameWhateverTheirOrder) {
  auto data =
      read_events(write("e.inter",
                        "timestamp:float\tuser_id:token\titem_id:token\trating:float\textra\n"
                        "20\tu1\ta\t4\tx\n10\tu2\tb\t2.5\tx\n30\tu1\tb\t1\tx\n"),
                  true);
  ASSERT_TRUE(data.ok()) << data.error().describe();
  EXPECT_EQ(data->users, (std::vector<std::string>{"u1", "u2"}));
  EXPECT_EQ(data->items, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(data->rows.size(), 3u);
  EXPECT_EQ(data->rows[1].user, 1u);
  EXPECT_EQ(data->rows[1].item, 1u);
  EXPECT_EQ(data->rows[1].value, 2.5);
  EXPECT_EQ(by_time(data->rows)[0].time, 10);
  EXPECT_TRUE(data->has_value);
}

TEST_F(Files, ARepeatedRowKeepsTheFirst) {
  auto data = read_events(write("e.tsv", "user\titem\ttime\n1\t1\t5\n1\t1\t9\n1\t2\t9\n"), true);
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(data->rows.size(), 2u);
  EXPECT_EQ(data->repeated, 1u);
  EXPECT_EQ(data->rows[0].time, 5);
}

TEST_F(Files, ErrorsNameTheLineAndWhatWasFound) {
  EXPECT_NE(error_of("user\titem\n1\t2\n").find("e.tsv:1: the header is 'user\titem'; it needs"),
            std::string::npos);
  EXPECT_NE(
      error_of("user\titem\ttime\n1\t2\t3\n1\t2\n").find("e.tsv:3: 2 columns; the header has 3"),
      std::string::npos);
  EXPECT_NE(error_of("user\titem\ttime\n1\t2\tsoon\n").find("e.tsv:2: time is 'soon'"),
            std::string::npos);
  EXPECT_NE(error_of("user\titem\ttime\n1\t2\t-3\n").find("e.tsv:2: time is -3"),
            std::string::npos);
  EXPECT_NE(error_of("user\titem\ttime\tvalue\n1\t2\t3\tnan\n").find("e.tsv:2: value is 'nan'"),
            std::string::npos);
  EXPECT_NE(error_of("user\titem\ttime\n\t2\t3\n").find("e.tsv:2: the user or the item is empty"),
            std::string::npos);
  EXPECT_NE(error_of("user\titem\ttime\n").find("holds no interaction"), std::string::npos);
  EXPECT_NE(error_of("user\titem\ttime\n" + std::string(kLineBytesMax + 1, 'x')).find("e.tsv:2:"),
            std::string::npos);
  auto missing = read_events(folder_ / "none.tsv", true);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
}

TEST_F(Files, AGivenSplitIsReadAndItsPartsMayNotOverlap) {
  write("train.tsv", "0\t1\n2\t0\n");
  write("valid.tsv", "0\t3\n");
  write("test.tsv", "1\t1\n");
  auto split = read_given_split(folder_);
  ASSERT_TRUE(split.ok()) << split.error().describe();
  EXPECT_EQ(split->train, 2u);
  EXPECT_EQ(split->valid, 1u);
  EXPECT_EQ(split->test, 1u);
  EXPECT_EQ(split->data.users.size(), 3u);
  EXPECT_EQ(split->data.items.size(), 4u);
  write("test.tsv", "1\t1\n0\t1\n");
  auto overlap = read_given_split(folder_);
  ASSERT_FALSE(overlap.ok());
  EXPECT_NE(
      overlap.error().message().find("test.tsv:2: user 0 and item 1 are in train.tsv already"),
      std::string::npos);
  write("test.tsv", "1\tx\n");
  EXPECT_NE(read_given_split(folder_).error().message().find("test.tsv:1: the item is 'x'"),
            std::string::npos);
}

Interactions made_rows() {
  Interactions rows;
  for (uint32_t user = 0; user < 5; ++user) {
    for (uint32_t item = 0; item < 7 * user + 3; ++item) {
      rows.push_back({user, item, 1, static_cast<int64_t>((item * 37 + user) % 101)});
    }
  }
  return rows;
}

using Pairs = std::set<std::pair<uint32_t, uint32_t>>;
Pairs pairs(const Interactions& rows) {
  Pairs out;
  for (const auto& row : rows) out.emplace(row.user, row.item);
  return out;
}

size_t rows_of(const Interactions& rows, uint32_t user) {
  return static_cast<size_t>(
      std::count_if(rows.begin(), rows.end(), [&](const auto& r) { return r.user == user; }));
}

TEST(Splits, RatioTakesATenthOfEachUserTwiceAndFollowsTheSeed) {
  Interactions rows = made_rows();
  Split split = ratio_split(rows, 5, 7);
  EXPECT_EQ(split.train.size() + split.valid.size() + split.test.size(), rows.size());
  Pairs all = pairs(split.train);
  all.merge(pairs(split.valid));
  all.merge(pairs(split.test));
  EXPECT_EQ(all, pairs(rows));
  // Users have 3, 10, 17, 24 and 31 rows.
  const size_t expected[] = {1, 1, 1, 2, 3};
  for (uint32_t user = 0; user < 5; ++user) {
    EXPECT_EQ(rows_of(split.test, user), expected[user]) << user;
    EXPECT_EQ(rows_of(split.valid, user), expected[user]) << user;
  }
  EXPECT_EQ(pairs(ratio_split(rows, 5, 7).test), pairs(split.test));
  EXPECT_NE(pairs(ratio_split(rows, 5, 8).test), pairs(split.test));
}

TEST(Splits, LeaveOneOutTakesTheLatest) {
  Interactions rows{{0, 1, 1, 30}, {0, 2, 1, 10}, {0, 3, 1, 20}, {1, 1, 1, 5}, {1, 2, 1, 6}};
  Split split = leave_one_out(rows, 2);
  EXPECT_EQ(pairs(split.test), (Pairs{{0, 1}}));
  EXPECT_EQ(pairs(split.valid), (Pairs{{0, 3}}));
  EXPECT_EQ(split.train.size(), 3u);
}

TEST(Splits, FoldsTestEachRowOnce) {
  Interactions rows = made_rows();
  Pairs tested;
  size_t count = 0;
  for (size_t fold = 0; fold < 5; ++fold) {
    Split split = fold_split(rows, fold, 5, 3);
    EXPECT_EQ(split.train.size() + split.test.size(), rows.size());
    EXPECT_NEAR(static_cast<double>(split.test.size()), static_cast<double>(rows.size()) / 5, 1);
    count += split.test.size();
    tested.merge(pairs(split.test));
  }
  EXPECT_EQ(count, rows.size());
  EXPECT_EQ(tested, pairs(rows));
}

TEST(Metrics, OfOneListByHand) {
  // Hits at the second and the fourth place; three are relevant.
  std::vector<uint32_t> ranked{9, 4, 8, 1, 7};
  std::vector<uint32_t> relevant{1, 2, 4};
  ListScore at5 = score_list(ranked, relevant, 5);
  EXPECT_NEAR(at5.recall, 2.0 / 3, 1e-12);
  EXPECT_NEAR(at5.mrr, 0.5, 1e-12);
  EXPECT_EQ(at5.hit, 1);
  // (1/log2(3) + 1/log2(5)) / (1 + 1/log2(3) + 1/log2(4)) = (0.63093 + 0.43068) / 2.13093
  EXPECT_NEAR(at5.ndcg, 0.498189, 1e-6);
  ListScore at1 = score_list(ranked, relevant, 1);
  EXPECT_EQ(at1.recall + at1.mrr + at1.ndcg + at1.hit, 0);
  // Cut at 2 the best list has two hits: 0.63093 / 1.63093.
  EXPECT_NEAR(score_list(ranked, relevant, 2).ndcg, 0.386853, 1e-6);
}

TEST(Metrics, MeansAreOverLists) {
  ListMetrics metrics({1, 2});
  std::vector<uint32_t> ranked{3, 5};
  std::vector<uint32_t> first{3};
  std::vector<uint32_t> second{5};
  metrics.add(ranked, first);
  metrics.add(ranked, second);
  Metrics means = metrics.means();
  EXPECT_DOUBLE_EQ(means["hit@1"], 0.5);
  EXPECT_DOUBLE_EQ(means["mrr@2"], 0.75);
  EXPECT_DOUBLE_EQ(means["recall@2"], 1);
}

TEST(Metrics, AucCountsPairsAndHalvesTies) {
  std::vector<double> yes{0.9, 0.5};
  std::vector<double> no{0.5, 0.1, 0.95};
  // 0.9 beats two of three; 0.5 beats one and ties with one: (2 + 1.5) / 6.
  EXPECT_DOUBLE_EQ(auc(yes, no), 3.5 / 6);
  EXPECT_DOUBLE_EQ(auc(yes, {}), 0.5);
}

TEST(Metrics, CalibrationByHand) {
  std::vector<double> predicted{0.1, 0.1, 0.8, 0.8};
  std::vector<uint8_t> happened{0, 1, 1, 1};
  Calibration c = calibration(predicted, happened);
  ASSERT_EQ(c.bins.size(), 2u);
  EXPECT_DOUBLE_EQ(c.bins[0].predicted, 0.1);
  EXPECT_DOUBLE_EQ(c.bins[0].happened, 0.5);
  EXPECT_DOUBLE_EQ(c.ratio, 1.8 / 3);
  EXPECT_NEAR(c.error, (2 * 0.4 + 2 * 0.2) / 4, 1e-12);
}

}  // namespace
}  // namespace rondo::evaluation
