// The report over synthetic logs: arms that are alike, a difference that was planted, and what must
// not count.
#include "evaluation/experiment.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace rondo::evaluation {
namespace {

using log::v1::Record;

constexpr uint64_t kSecondUs = 1'000'000;
constexpr uint64_t kBeginUs = 1'750'000'000 * kSecondUs;
constexpr PartitionId kPartition(0);

log::v1::ExperimentStarted experiment(log::v1::ExperimentMode mode) {
  log::v1::ExperimentStarted out;
  out.set_name("try");
  out.set_salt("s");
  out.set_treatment_sha256(std::string(32, 't'));
  out.set_share_permyriad(5000);
  out.set_mode(mode);
  return out;
}

// A log in which viewers finish a video with a chance of their own, plus `lift` when the treatment
// has placed it.
class SyntheticLog {
 public:
  SyntheticLog(log::v1::ExperimentMode mode, uint64_t seed)
      : mode_(mode), rng_(seed), tally_(experiment(mode)) {
    Record bundle;
    bundle.mutable_bundle_activated()->set_bundle_sha256(std::string(32, 'c'));
    note(bundle);
    for (uint64_t video = 1; video <= 20; ++video) {
      Record published;
      published.mutable_video_published()->set_video_id(video);
      published.mutable_video_published()->set_duration_ms(10'000);
      note(published);
    }
    Record started;
    *started.mutable_experiment_started() = experiment(mode);
    note(started);
  }

  void run(uint32_t viewers, float lift) {
    for (uint32_t v = 1; v <= viewers; ++v) {
      const bool treated = rng_.uniform() < 0.5f;
      const float own = 0.2f + 0.5f * rng_.uniform();
      const auto pages = 1 + rng_.below(6);
      for (uint64_t p = 0; p < pages; ++p) page(v, treated, own, lift);
    }
  }

  Offset serve(uint64_t viewer, bool treated) {
    Record record;
    auto& served = *record.mutable_served();
    served.mutable_request()->set_viewer_id(viewer);
    served.set_experiment("try");
    const bool both = mode_ == log::v1::EXPERIMENT_MODE_INTERLEAVE;
    served.set_arm(both ? "interleaved" : treated ? "treatment" : "control");
    bool turn = rng_.below(2) == 0;
    for (uint64_t slot = 0; slot < 4; ++slot) {
      auto& s = *served.add_slots();
      s.set_video_id(1 + slot);
      if (both) s.set_team(turn == (slot % 2 == 0) ? "control" : "treatment");
    }
    last_ = served;
    return note(record);
  }
  void watch(uint64_t viewer, Offset page, uint32_t slot, bool finish) {
    Record record;
    auto& e = *record.mutable_engagement();
    e.set_viewer_id(viewer);
    e.set_from_page(true);
    e.set_page_offset(page.value());
    e.set_slot(slot);
    e.set_video_id(1 + slot);
    e.mutable_watch()->set_watch_ms(finish ? 10'000 : 1'000);
    note(record);
  }
  void page(uint64_t viewer, bool treated, float own, float lift) {
    Offset at = serve(viewer, treated);
    log::v1::Served served = last_;
    for (uint32_t slot = 0; slot < 4; ++slot) {
      bool better = treated;
      if (mode_ == log::v1::EXPERIMENT_MODE_INTERLEAVE) {
        better = served.slots(static_cast<int>(slot)).team() == "treatment";
      }
      watch(viewer, at, slot, rng_.uniform() < own + (better ? lift : 0.0f));
    }
  }
  Offset note(const Record& record) {
    now_us_ += kSecondUs;
    tally_.note(kPartition, Offset(next_), now_us_, record);
    return Offset(next_++);
  }
  ExperimentReport report() const { return tally_.report(); }
  void wait(uint64_t us) { now_us_ += us; }

 private:
  const log::v1::ExperimentMode mode_;
  base::Rng rng_;
  ExperimentTally tally_;
  log::v1::Served last_;
  uint64_t now_us_ = kBeginUs;
  uint64_t next_ = 0;
};

const Comparison& comparison(const ExperimentReport& report, const std::string& metric) {
  for (const auto& c : report.comparisons) {
    if (c.metric == metric) return c;
  }
  ADD_FAILURE() << "no metric " << metric;
  return report.comparisons.front();
}

constexpr auto kSplit = log::v1::EXPERIMENT_MODE_SPLIT;
constexpr auto kInterleave = log::v1::EXPERIMENT_MODE_INTERLEAVE;

// Equal arms: of 200 experiments about one of twenty looks clear, neither more nor fewer.
TEST(ExperimentReport, IntervalsOfEqualArmsCoverZeroAsOftenAsTheySay) {
  int clear_mean = 0;
  int clear_rate = 0;
  int clear_preference = 0;
  constexpr int kRuns = 200;
  for (int run = 0; run < kRuns; ++run) {
    SyntheticLog log(kSplit, 1000 + static_cast<uint64_t>(run));
    log.run(200, 0);
    auto report = log.report();
    clear_mean += comparison(report, "watch_seconds_per_viewer").is_clear() ? 1 : 0;
    clear_rate += comparison(report, "finish_rate").is_clear() ? 1 : 0;
    SyntheticLog both(kInterleave, 5000 + static_cast<uint64_t>(run));
    both.run(200, 0);
    auto share = both.report().preferences.front().share;
    clear_preference += share.low > 0.5 || share.high < 0.5 ? 1 : 0;
  }
  // 5%: 10 of 200, with a standard deviation of 3.1.
  for (int clear : {clear_mean, clear_rate, clear_preference}) {
    EXPECT_GE(clear, 1);
    EXPECT_LE(clear, 22);
  }
}

TEST(ExperimentReport, APlantedDifferenceIsFoundAndIsWithinItsInterval) {
  SyntheticLog log(kSplit, 7);
  log.run(2000, 0.1f);
  auto report = log.report();
  EXPECT_EQ(report.control_viewers + report.treatment_viewers, 2000u);
  EXPECT_EQ(report.control_sha256.substr(0, 4), "6363");
  EXPECT_TRUE(report.running);
  const auto& rate = comparison(report, "finish_rate");
  EXPECT_TRUE(rate.is_clear());
  EXPECT_LT(rate.difference.low, 0.1);
  EXPECT_GT(rate.difference.high, 0.1);
  EXPECT_TRUE(comparison(report, "skip_rate").difference.high < 0);
  EXPECT_FALSE(comparison(report, "sessions_per_viewer").is_clear());
}

TEST(ExperimentReport, InterleavingFindsItWithFewerViewers) {
  SyntheticLog both(kInterleave, 7);
  both.run(400, 0.15f);
  auto report = both.report();
  ASSERT_EQ(report.preferences.size(), 3u);
  EXPECT_EQ(report.preferences[0].metric, "finishes");
  EXPECT_GT(report.preferences[0].share.low, 0.5);
  EXPECT_TRUE(report.comparisons.empty());
}

TEST(ExperimentReport, AnOutcomeCountsOnceAndOnlyOfItsPage) {
  SyntheticLog log(kSplit, 3);
  Offset page = log.serve(9, false);
  log.watch(9, page, 0, true);
  log.watch(9, page, 0, true);             // again
  log.watch(8, page, 1, true);             // somebody else's page
  log.watch(9, Offset(999'999), 1, true);  // no page
  log.wait(31 * 60 * kSecondUs);
  log.watch(9, page, 1, false);  // a second session
  Record stopped;
  stopped.mutable_experiment_stopped()->set_name("try");
  log.note(stopped);
  log.serve(10, true);  // after its end
  auto report = log.report();
  EXPECT_FALSE(report.running);
  EXPECT_EQ(report.control_viewers, 1u);
  EXPECT_EQ(report.treatment_viewers, 0u);
  EXPECT_FALSE(comparison(report, "finish_rate").difference.known);
  EXPECT_NE(to_text(report).find("too few viewers"), std::string::npos);
  EXPECT_NE(to_json(report).find("\"low\":null"), std::string::npos);
  EXPECT_EQ(comparison(report, "watch_seconds_per_viewer").control, 11);
  EXPECT_EQ(comparison(report, "impressions_per_viewer").control, 2);
  EXPECT_EQ(comparison(report, "finish_rate").control, 0.5);
  EXPECT_EQ(comparison(report, "skip_rate").control, 0.5);
  EXPECT_EQ(comparison(report, "sessions_per_viewer").control, 2);
}

TEST(ExperimentReport, IsWrittenInThreeForms) {
  SyntheticLog log(kSplit, 7);
  log.run(50, 0.2f);
  auto report = log.report();
  EXPECT_NE(to_text(report).find("finish_rate"), std::string::npos);
  EXPECT_NE(to_json(report).find("\"experiment\":\"try\""), std::string::npos);
  EXPECT_NE(to_html(report).find("<svg"), std::string::npos);
  EXPECT_EQ(to_html(report).find("<script"), std::string::npos);
}

}  // namespace
}  // namespace rondo::evaluation
