// Two partition hosts in one process, as a network of two partitions has them: what one learns
// reaches the other through the params log, and recovery gives the same bits.
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <thread>

#include "blob/local/local_blob_store.h"
#include "feed/bundle_store.h"
#include "feed/hosts.h"
#include "feed/params.h"
#include "feed/replay.h"
#include "feed/verify.h"
#include "records/envelope.h"
#include "stream/embedded/embedded_stream.h"

namespace rondo::feed {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr uint32_t kPartitions = 2;

base::Deadline in(seconds time) { return std::chrono::steady_clock::now() + time; }

class PartitionsTest : public testing::Test {
 protected:
  PartitionsTest()
      : folder_(fs::temp_directory_path() /
                ("rondo-partitions-" + base::id_to_text(base::SecureRandom().next64()))) {
    fs::create_directories(folder_);
    options_.exchange_every = seconds(1);
    options_.checkpoint_records = 20;
    open();
  }
  ~PartitionsTest() override {
    close();
    fs::remove_all(folder_);
  }

  void open() {
    log_ =
        stream::open_embedded({.dir = folder_ / "log", .partitions = kPartitions}, clock_).value();
    params_log_ =
        stream::open_embedded({.dir = folder_ / "params", .partitions = kPartitions}, clock_)
            .value();
    blobs_ = blob::open_local({folder_ / "blobs"}).value();
    bundles_ = std::make_shared<BundleStore>(*blobs_);
    ASSERT_TRUE(bundles_->put(recommender::Bundle::defaults()).ok());
    params_ = std::make_unique<Params>(*params_log_, options_.keeper.horizon);
  }
  void start() {
    std::vector<std::unique_ptr<PartitionHost>> made;
    for (uint32_t p = 0; p < kPartitions; ++p) {
      auto host = PartitionHost::start(
          PartitionId(p), std::nullopt,
          {*log_, *blobs_, bundles_, clock_, random_, metrics_,
           [this](PartitionId id) { return log_->state(id).value().end; }, params_.get()},
          options_);
      ASSERT_TRUE(host.ok()) << host.error().describe();
      made.push_back(std::move(*host));
    }
    hosts_ = std::make_unique<Hosts>(std::move(made));
  }
  void close() {
    hosts_.reset();
    params_.reset();
    params_log_.reset();
    log_.reset();
  }

  Offset append(PartitionId partition, const log::v1::Record& record, const std::string& id) {
    return stream::append_and_wait(*log_, partition, {{id, records::seal(record, clock_.now_us())}},
                                   in(seconds(10)))
        .value()
        .front()
        .offset;
  }
  void publish(uint64_t video) {
    log::v1::Record record;
    auto& published = *record.mutable_video_published();
    published.set_video_id(video);
    published.set_author_id(1000 + video % 3);
    published.set_duration_ms(8000);
    published.add_topics(video % 2 == 0 ? "even" : "odd");
    published.set_published_us(clock_.now_us());
    for (uint32_t p = 0; p < kPartitions; ++p) {
      append(PartitionId(p), record, records::video_message_id(VideoId(video), 1));
    }
  }
  // A viewer of this partition: 1, 2, ..
  EngineId viewer_of(uint32_t partition, int number) {
    uint64_t id = 0;
    while (number > 0)
      number -= records::partition_of(EngineId(++id), kPartitions).value() == partition;
    return EngineId(id);
  }
  Result<RankedPage> rank(EngineId viewer, std::optional<Offset> after = {}) {
    log::v1::FeedRequest request;
    request.set_viewer_id(viewer.value());
    request.set_surface(log::v1::SURFACE_FOR_YOU);
    request.set_limit(4);
    auto promise = std::make_shared<std::promise<Result<RankedPage>>>();
    auto future = promise->get_future();
    hosts_->of(viewer).rank(std::move(request), after, in(seconds(20)),
                            [promise](auto page) { promise->set_value(std::move(page)); });
    return future.get();
  }
  Offset watch(EngineId viewer, const RankedPage& page, int slot) {
    log::v1::Record record;
    auto& engagement = *record.mutable_engagement();
    engagement.set_viewer_id(viewer.value());
    engagement.set_video_id(page.served.slots(slot).video_id());
    engagement.set_from_page(true);
    engagement.set_page_offset(page.id.offset.value());
    engagement.set_slot(static_cast<uint32_t>(slot));
    engagement.set_event_id("e" + std::to_string(++events_));
    engagement.mutable_watch()->set_watch_ms(8000);
    engagement.mutable_watch()->set_loops(1);
    return append(page.id.partition, record,
                  records::event_message_id(viewer, engagement.event_id()));
  }
  // Some viewers of the partition watch all that they are shown.
  void watch_all(uint32_t partition, int viewers) {
    for (int v = 1; v <= viewers; ++v) {
      EngineId viewer = viewer_of(partition, v);
      std::optional<Offset> after;
      for (int i = 0; i < 3; ++i) {
        auto page = rank(viewer, after);
        ASSERT_TRUE(page.ok()) << page.error().describe();
        pages_.push_back(page->id);
        for (int slot = 0; slot < page->served.slots_size(); ++slot) {
          after = watch(viewer, *page, slot);
        }
      }
    }
  }
  testing::AssertionResult comes_true(const std::function<bool()>& condition) {
    auto deadline = in(seconds(60));
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return testing::AssertionFailure();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return testing::AssertionSuccess();
  }
  recommender::EngineStats stats(uint32_t partition) {
    auto status = hosts_->all()[partition]->status();
    EXPECT_EQ(status.failure, "");
    return status.engine;
  }
  // All that one has to tell is with the other, and nothing is on its way.
  bool settled() {
    for (uint32_t p = 0; p < kPartitions; ++p) {
      auto other = params_log_->state(PartitionId(1 - p)).value().end.value();
      if (stats(p).untold || stats(p).examples_waiting > 0 || stats(p).deltas_taken < other) {
        return false;
      }
    }
    return true;
  }
  void verify_all() {
    for (uint32_t p = 0; p < kPartitions; ++p) {
      auto verified = verify(*log_, params_log_.get(), *blobs_, bundles_, PartitionId(p));
      ASSERT_TRUE(verified.ok()) << verified.error().describe();
      ASSERT_TRUE(verified->uninterrupted.has_value());
      EXPECT_EQ(*verified->uninterrupted, verified->recovered);
      EXPECT_GT(verified->restored_at.value(), 0u);
    }
    for (const auto& id : pages_) {
      auto again = replay(*log_, params_log_.get(), *blobs_, bundles_, id);
      ASSERT_TRUE(again.ok()) << again.error().describe();
      EXPECT_TRUE(again->equal) << again->differences.front();
    }
  }

  const fs::path folder_;
  base::SystemClock clock_;
  base::SecureRandom random_;
  telemetry::Metrics metrics_;
  std::shared_ptr<BundleStore> bundles_;
  HostOptions options_;
  std::unique_ptr<stream::Stream> log_, params_log_;
  std::unique_ptr<blob::BlobStore> blobs_;
  std::unique_ptr<Params> params_;
  std::unique_ptr<Hosts> hosts_;
  std::vector<records::PageId> pages_;
  int events_ = 0;
};

TEST_F(PartitionsTest, WhatOneLearnsReachesTheOtherAndSurvives) {
  start();
  for (uint64_t video = 1; video <= 24; ++video) publish(video);
  watch_all(0, 3);
  ASSERT_TRUE(comes_true([&] { return stats(1).deltas_taken > 0; }));
  watch_all(1, 2);
  ASSERT_TRUE(comes_true([&] { return stats(0).deltas_taken > 0 && settled(); }));
  EXPECT_EQ(stats(0).delta_items_unknown, 0u);
  // Idle: nobody has anything to say, so the log does not grow.
  EXPECT_GT(params_log_->state(PartitionId(0)).value().end.value(), 0u);

  for (int round = 0; round < 2; ++round) {
    close();
    open();
    verify_all();
    start();
    const auto stored = params_log_->state(PartitionId(0)).value().end;
    ASSERT_TRUE(comes_true([&] { return settled(); }));
    EXPECT_EQ(params_log_->state(PartitionId(0)).value().end, stored) << "nothing is told twice";
    watch_all(0, 1);
    ASSERT_TRUE(comes_true([&] { return settled(); }));
  }
}

TEST_F(PartitionsTest, ADeltaThatIsGoneStopsTheFoldAndIsNamed) {
  start();
  for (uint64_t video = 1; video <= 8; ++video) publish(video);
  watch_all(0, 1);
  ASSERT_TRUE(comes_true([&] { return stats(1).deltas_taken > 0; }));
  close();
  fs::remove_all(folder_ / "params");
  fs::remove_all(folder_ / "blobs");  // the checkpoints: all is folded again
  open();
  start();
  ASSERT_TRUE(comes_true([&] { return !hosts_->all()[1]->status().failure.empty(); }));
  const std::string failure = hosts_->all()[1]->status().failure;
  EXPECT_NE(failure.find("the delta of partition 0 at offset 0 of the params log"),
            std::string::npos)
      << failure;
  EXPECT_NE(failure.find("one backup"), std::string::npos);
  auto page = rank(viewer_of(1, 1));
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().code(), ErrorCode::kUnavailable);
}

TEST_F(PartitionsTest, WhatIsOldGoesWhenEveryCheckpointHasTakenItIn) {
  base::ManualClock clock{base::WallTime(std::chrono::hours(24 * 365))};
  auto log =
      stream::open_embedded({.dir = folder_ / "old", .partitions = kPartitions}, clock).value();
  Params params(*log, std::chrono::hours(24 * 30));
  for (uint64_t epoch = 1; epoch <= 4; ++epoch) {
    std::promise<Result<void>> stored;
    params.store(PartitionId(0), epoch, "body " + std::to_string(epoch), clock.now_us(),
                 [&stored](Result<void> done) { stored.set_value(std::move(done)); });
    ASSERT_TRUE(stored.get_future().get().ok());
  }
  EXPECT_EQ(params.stored_epoch(PartitionId(0)).value(), 4u);
  EXPECT_EQ(params.stored_epoch(PartitionId(1)).value(), 0u);
  const std::vector<uint64_t> nothing{0, 0};
  auto to_take = params.to_take(PartitionId(1), nothing).value();
  ASSERT_EQ(to_take.size(), 4u);
  EXPECT_EQ(to_take[2].offset(), 2u);
  EXPECT_TRUE(params.to_take(PartitionId(0), nothing).value().empty()) << "not its own";

  auto first = [&log] { return log->state(PartitionId(0)).value().first.value(); };
  const std::vector<uint64_t> two{2, 0}, all{4, 0};
  ASSERT_TRUE(params.release(PartitionId(0), nothing).ok());
  ASSERT_TRUE(params.release(PartitionId(1), two).ok());
  EXPECT_EQ(first(), 0u) << "too young";
  clock.advance(std::chrono::hours(24 * 40));
  ASSERT_TRUE(params.release(PartitionId(1), two).ok());
  EXPECT_EQ(first(), 2u);
  ASSERT_TRUE(params.release(PartitionId(1), all).ok());
  EXPECT_EQ(first(), 3u) << "the latest stays: it says what was stored last";
  EXPECT_EQ(params.stored_epoch(PartitionId(0)).value(), 4u);
  EXPECT_FALSE(params.to_take(PartitionId(1), nothing).ok()) << "gone";
}

}  // namespace
}  // namespace rondo::feed
