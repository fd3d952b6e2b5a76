// The partition host over the real engine, log and blob store, in a folder of its own.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "blob/local/local_blob_store.h"
#include "feed/bundle_store.h"
#include "feed/checkpoint_keeper.h"
#include "feed/partition_host.h"
#include "feed/replay.h"
#include "feed/verify.h"
#include "records/envelope.h"
#include "records/routing.h"
#include "stream/embedded/embedded_stream.h"

namespace rondo::feed {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr PartitionId kPartition(0);

base::Deadline in(seconds time) { return std::chrono::steady_clock::now() + time; }

class FeedTest : public testing::Test {
 protected:
  FeedTest()
      : folder_(fs::temp_directory_path() /
                ("rondo-feed-" + base::id_to_text(base::SecureRandom().next64()))) {
    fs::create_directories(folder_);
    open();
  }
  ~FeedTest() override {
    close();
    fs::remove_all(folder_);
  }

  void open() {
    stream::EmbeddedOptions options;
    options.dir = folder_ / "log";
    log_ = stream::open_embedded(options, clock_).value();
    blobs_ = blob::open_local({folder_ / "blobs"}).value();
    bundles_ = std::make_shared<BundleStore>(*blobs_);
    ASSERT_TRUE(bundles_->put(recommender::Bundle::defaults()).ok());
  }
  void close() {
    host_.reset();
    log_.reset();
    blobs_.reset();
  }
  Result<void> start(HostOptions options = {}) {
    auto host = PartitionHost::start(kPartition, wanted_,
                                     {*log_, *blobs_, bundles_, clock_, random_, metrics_,
                                      [this](PartitionId p) { return log_->state(p).value().end; }},
                                     options);
    if (!host.ok()) return std::move(host).error();
    host_ = std::move(*host);
    return {};
  }

  Offset append(const log::v1::Record& record) {
    auto stored = stream::append_and_wait(
        *log_, kPartition,
        {{"test/" + std::to_string(++messages_) + base::id_to_text(random_.next64()),
          records::seal(record, clock_.now_us())}},
        in(seconds(10)));
    return stored.value().front().offset;
  }
  Offset publish(uint64_t video, const std::string& topic) {
    log::v1::Record record;
    auto& published = *record.mutable_video_published();
    published.set_video_id(video);
    published.set_author_id(1000 + video % 3);
    published.set_duration_ms(8000);
    published.add_topics(topic);
    published.set_published_us(clock_.now_us());
    return append(record);
  }
  Result<RankedPage> rank(uint64_t viewer, std::optional<Offset> after,
                          seconds wait = seconds(10)) {
    log::v1::FeedRequest request;
    request.set_viewer_id(viewer);
    request.set_surface(log::v1::SURFACE_FOR_YOU);
    request.set_limit(4);
    auto promise = std::make_shared<std::promise<Result<RankedPage>>>();
    auto future = promise->get_future();
    host_->rank(std::move(request), after, in(wait),
                [promise](auto page) { promise->set_value(std::move(page)); });
    return future.get();
  }
  Offset watch(uint64_t viewer, const RankedPage& page, int slot) {
    log::v1::Record impression, engagement;
    auto fill = [&](auto& message) {
      message.set_viewer_id(viewer);
      message.set_video_id(page.served.slots(slot).video_id());
      message.set_from_page(true);
      message.set_page_offset(page.id.offset.value());
      message.set_slot(static_cast<uint32_t>(slot));
      message.set_event_id("e" + std::to_string(++messages_));
    };
    fill(*impression.mutable_impression());
    fill(*engagement.mutable_engagement());
    engagement.mutable_engagement()->mutable_watch()->set_watch_ms(8000);
    engagement.mutable_engagement()->mutable_watch()->set_loops(1);
    append(impression);
    return append(engagement);
  }

  const fs::path folder_;
  base::SystemClock clock_;
  base::SecureRandom random_;
  telemetry::Metrics metrics_;
  std::optional<base::Sha256Digest> wanted_;
  std::shared_ptr<BundleStore> bundles_;
  std::unique_ptr<stream::Stream> log_;
  std::unique_ptr<blob::BlobStore> blobs_;
  std::unique_ptr<PartitionHost> host_;
  int messages_ = 0;
};

TEST_F(FeedTest, APageReflectsTheOffsetThatItNames) {
  ASSERT_TRUE(start().ok());
  for (uint64_t video = 1; video <= 12; ++video) publish(video, video % 2 ? "odd" : "even");
  Offset last = publish(13, "odd");
  auto page = rank(7, last);
  ASSERT_TRUE(page.ok()) << page.error().describe();
  EXPECT_GT(page->served.ranked_at_offset(), last.value());
  EXPECT_EQ(page->served.slots_size(), 4);
  Offset watched = watch(7, *page, 0);
  auto next = rank(7, watched);
  ASSERT_TRUE(next.ok());
  EXPECT_GT(next->served.ranked_at_offset(), watched.value());
  EXPECT_EQ(next->served.request().request_counter(), 1u);
}

TEST_F(FeedTest, AnOffsetThatNeverComesIsUnavailableAtTheDeadline) {
  ASSERT_TRUE(start().ok());
  publish(1, "a");
  auto page = rank(7, Offset(1'000'000), seconds(0));
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().code(), ErrorCode::kUnavailable);
}

TEST_F(FeedTest, ARecordThatCannotBeFoldedStopsTheEngineAndIsSaid) {
  ASSERT_TRUE(start().ok());
  publish(1, "a");
  log::v1::Record other;
  other.mutable_engine_activated()->set_engine_version("from the future");
  Offset bad = append(other);
  auto page = rank(7, bad);
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().code(), ErrorCode::kUnavailable);
  auto status = host_->status();
  EXPECT_NE(status.failure.find("from the future"), std::string::npos) << status.failure;
  EXPECT_EQ(status.applied_end, bad) << "nothing is skipped";
}

TEST_F(FeedTest, RecoveryFromCheckpointAndTailGivesTheSameStateAndPages) {
  HostOptions options;
  options.checkpoint_records = 10;
  options.keeper.checkpoints_kept = 2;
  ASSERT_TRUE(start(options).ok());
  for (uint64_t video = 1; video <= 30; ++video) publish(video, "t" + std::to_string(video % 4));
  std::vector<records::PageId> pages;
  std::optional<Offset> after;
  for (int i = 0; i < 12; ++i) {
    for (uint64_t viewer = 1; viewer <= 3; ++viewer) {
      auto page = rank(viewer, after);
      ASSERT_TRUE(page.ok()) << page.error().describe();
      pages.push_back(page->id);
      if (page->served.slots_size() > 0) after = watch(viewer, *page, 0);
    }
  }
  for (int round = 0; round < 2; ++round) {
    close();  // with a last checkpoint
    open();
    auto verified = verify(*log_, nullptr, *blobs_, bundles_, kPartition);
    ASSERT_TRUE(verified.ok()) << verified.error().describe();
    ASSERT_TRUE(verified->uninterrupted.has_value());
    EXPECT_EQ(*verified->uninterrupted, verified->recovered);
    EXPECT_GT(verified->restored_at.value(), 0u);
    for (const auto& id : pages) {
      auto again = replay(*log_, nullptr, *blobs_, bundles_, id);
      ASSERT_TRUE(again.ok()) << again.error().describe();
      EXPECT_TRUE(again->equal) << again->differences.front();
    }
    ASSERT_TRUE(start(options).ok());
    ASSERT_TRUE(rank(1, std::nullopt).ok());
  }
}

// What the keeper folds beside the engine, half way from the beginning and then from the checkpoint
// before, is byte for byte what the engine saves of itself.
TEST_F(FeedTest, ACheckpointBesideTheEngineIsTheEnginesOwn) {
  ASSERT_TRUE(start().ok());
  for (uint64_t video = 1; video <= 20; ++video) publish(video, "t" + std::to_string(video % 4));
  std::optional<Offset> after;
  for (int i = 0; i < 10; ++i) {
    auto page = rank(1, after);
    ASSERT_TRUE(page.ok()) << page.error().describe();
    after = watch(1, *page, 0);
  }
  close();
  open();
  Checkpoints checkpoints(*blobs_, kPartition);
  const auto own = checkpoints.list().value();
  ASSERT_EQ(own.size(), 1u);
  const std::string bytes = blobs_->get(own[0].key, 1 << 24).value();
  ASSERT_TRUE(blobs_->remove(own[0].key).ok());

  const Offset end = own[0].next_offset;
  CheckpointKeeper keeper(
      kPartition, Offset(0),
      {*log_, nullptr, *blobs_, bundles_, clock_, metrics_, [end](PartitionId) { return end; }},
      {});
  for (Offset at : {Offset(end.value() / 2), end}) {
    const auto deadline = in(seconds(10));
    while (!keeper.begin(at)) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
  while (!keeper.begin(end)) std::this_thread::yield();
  keeper.finish(end, [] { return std::string("not needed: it stands there already"); });
  const auto kept = checkpoints.list().value();
  ASSERT_GE(kept.size(), 2u);
  EXPECT_EQ(kept[0].next_offset, Offset(end.value() / 2));
  EXPECT_EQ(kept[1].next_offset, end);
  for (size_t i = 1; i < kept.size(); ++i) {
    EXPECT_EQ(blobs_->get(kept[i].key, 1 << 24).value(), bytes);
  }
}

// A server that is told of another bundle goes over to it; pages from before are still replayed.
TEST_F(FeedTest, GoesOverToTheBundleThatIsWanted) {
  HostOptions options;
  options.checkpoint_records = 20;
  ASSERT_TRUE(start(options).ok());
  std::optional<Offset> after;
  for (uint64_t video = 1; video <= 30; ++video)
    after = publish(video, "t" + std::to_string(video % 4));
  std::vector<records::PageId> pages;
  auto browse = [&](const recommender::Bundle& bundle) {
    for (int i = 0; i < 8; ++i) {
      auto page = rank(1, after);
      ASSERT_TRUE(page.ok()) << page.error().describe();
      EXPECT_EQ(page->served.bundle_sha256(), base::as_bytes(bundle.sha256())) << i;
      pages.push_back(page->id);
      if (page->served.slots_size() > 0) after = watch(1, *page, 0);
    }
  };
  auto built_in = recommender::Bundle::defaults();
  recommender::Bundle other = built_in;
  other.value.novelty += 0.5f;
  browse(built_in);
  for (const auto& bundle : {other, other, built_in}) {
    close();
    open();
    ASSERT_TRUE(bundles_->put(other).ok());
    wanted_ = bundle.sha256();
    Offset end = log_->state(kPartition)->end;
    ASSERT_TRUE(start(options).ok());
    // The host appends it by itself when it has caught up: wait for its record.
    bool goes_over = pages.empty() || find_page(*log_, pages.back())->bundle_sha256() !=
                                          base::as_bytes(bundle.sha256());
    if (goes_over) {
      ASSERT_TRUE(log_->wait_beyond(kPartition, end, in(seconds(10))).ok());
      after = end;
    }
    browse(bundle);
  }
  close();
  open();
  auto verified = verify(*log_, nullptr, *blobs_, bundles_, kPartition);
  ASSERT_TRUE(verified.ok()) << verified.error().describe();
  EXPECT_EQ(*verified->uninterrupted, verified->recovered);
  for (const auto& id : pages) {
    auto again = replay(*log_, nullptr, *blobs_, bundles_, id);
    ASSERT_TRUE(again.ok()) << again.error().describe();
    EXPECT_TRUE(again->equal) << again->differences.front();
  }
}

// Without the bundle that the log names nothing is folded, and the reason says which and what to
// do.
TEST_F(FeedTest, ADamagedBundleIsRefusedByName) {
  ASSERT_TRUE(start().ok());
  publish(1, "a");
  close();
  open();
  auto name = base::to_hex(base::as_bytes(recommender::Bundle::defaults().sha256()));
  std::string key = "bundles/" + name + "/bundle.json";
  std::string text = blobs_->get(key, 1 << 20).value();
  text.replace(text.find("\"schema\""), 8, "\"shcema\"");
  ASSERT_TRUE(blobs_->put(key, text).ok());
  auto again = std::make_shared<BundleStore>(*blobs_);
  auto verified = verify(*log_, nullptr, *blobs_, again, kPartition);
  ASSERT_FALSE(verified.ok());
  EXPECT_NE(verified.error().describe().find(name), std::string::npos);
  EXPECT_NE(verified.error().describe().find("rondo bundle add"), std::string::npos);
  // Kept again, it is as before.
  ASSERT_TRUE(again->put(recommender::Bundle::defaults()).ok());
  EXPECT_TRUE(verify(*log_, nullptr, *blobs_, again, kPartition).ok());
}

TEST_F(FeedTest, ADamagedCheckpointIsPassedOverForTheOneBefore) {
  HostOptions options;
  options.checkpoint_records = 1;
  ASSERT_TRUE(start(options).ok());
  for (uint64_t video = 1; video <= 5; ++video) publish(video, "a");
  ASSERT_TRUE(rank(1, std::nullopt).ok());
  close();
  open();
  Checkpoints checkpoints(*blobs_, kPartition);
  auto kept = checkpoints.list().value();
  ASSERT_FALSE(kept.empty());
  auto path = blobs_->local_path(kept.back().key).value();
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(path) / 2));
    char byte = 0;
    file.read(&byte, 1);
    file.seekp(static_cast<std::streamoff>(fs::file_size(path) / 2));
    byte = static_cast<char>(byte ^ 0x10);
    file.write(&byte, 1);
  }
  auto verified = verify(*log_, nullptr, *blobs_, bundles_, kPartition);
  ASSERT_TRUE(verified.ok()) << verified.error().describe();
  EXPECT_EQ(verified->warnings.size(), 1u);
  EXPECT_EQ(*verified->uninterrupted, verified->recovered);
  ASSERT_TRUE(start(options).ok());
  EXPECT_TRUE(rank(1, std::nullopt).ok());
}

TEST_F(FeedTest, ACheckpointAheadOfTheLogIsRefusedAsCorruption) {
  Checkpoints(*blobs_, kPartition).put(Offset(50), 1, "whatever").value();
  auto started = start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code(), ErrorCode::kCorrupt);
}

TEST_F(FeedTest, RotationKeepsTheNewestAndTheFirstOfEachDay) {
  constexpr uint64_t kDay = 86'400'000'000;
  Checkpoints checkpoints(*blobs_, kPartition);
  for (uint64_t i = 0; i < 12; ++i) {
    checkpoints.put(Offset(i * 100), i * kDay / 4 + 1000, "x").value();
  }
  auto kept = checkpoints.rotate(2, kDay * 2, 11 * kDay / 4 + 1000).value();
  std::vector<uint64_t> offsets;
  for (const auto& c : kept) offsets.push_back(c.next_offset.value());
  // In the horizon, days 0, 1 and 2 begin with checkpoints 3, 4 and 8; the newest are 10 and 11.
  EXPECT_EQ(offsets, (std::vector<uint64_t>{300, 400, 800, 1000, 1100}));
  EXPECT_EQ(checkpoints.list().value().size(), 5u);
}

TEST_F(FeedTest, APageIdThatWasNeverGivenOutIsUnknown) {
  ASSERT_TRUE(start().ok());
  publish(1, "a");
  auto page = rank(1, std::nullopt);
  ASSERT_TRUE(page.ok());
  records::PageId forged = page->id;
  forged.nonce ^= 1;
  EXPECT_EQ(find_page(*log_, forged).error().code(), ErrorCode::kNotFound);
  forged = page->id;
  forged.offset = Offset(0);
  EXPECT_EQ(find_page(*log_, forged).error().code(), ErrorCode::kNotFound);
  forged.offset = Offset(1'000'000);
  EXPECT_EQ(find_page(*log_, forged).error().code(), ErrorCode::kNotFound);
  EXPECT_TRUE(find_page(*log_, page->id).ok());
}

}  // namespace
}  // namespace rondo::feed
