#include "app/stopped_network.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "base/bytes.h"
#include "base/random.h"
#include "blob/local/local_blob_store.h"
#include "records/envelope.h"
#include "stream/embedded/embedded_stream.h"

namespace rondo::app {
namespace {

namespace fs = std::filesystem;

class StoppedNetworkTest : public testing::Test {
 protected:
  StoppedNetworkTest() {
    config_.data = (fs::temp_directory_path() /
                    ("rondo-stopped-" + base::id_to_text(base::SecureRandom().next64())))
                       .string();
    config_.stream.partitions = 2;
    folder_ = {config_.data};
    fs::create_directories(folder_.blobs());
    EXPECT_TRUE(open_database(folder_, config_).ok());
    other_.exploration.uniform_share = 0.02f;
    auto blobs = blob::open_local({folder_.blobs()}).value();
    feed::BundleStore bundles(*blobs);
    EXPECT_TRUE(bundles.put(recommender::Bundle::defaults()).ok());
    EXPECT_TRUE(bundles.put(other_).ok());
    for (uint32_t p : {0u, 1u}) append(p, recommender::Bundle::defaults());
  }
  ~StoppedNetworkTest() override { fs::remove_all(folder_.root); }

  static log::v1::Record activated(const recommender::Bundle& bundle) {
    log::v1::Record record;
    const auto sha256 = bundle.sha256();
    record.mutable_bundle_activated()->set_bundle_sha256(std::string(base::as_bytes(sha256)));
    return record;
  }
  // As a command leaves it that is killed after this partition.
  void append(uint32_t partition, const recommender::Bundle& bundle) {
    base::SystemClock clock;
    auto params = stream::open_embedded({.dir = folder_.params(), .partitions = 2}, clock).value();
    auto log = stream::open_embedded({.dir = folder_.log(), .partitions = 2}, clock).value();
    auto stored =
        stream::append_and_wait(*log, PartitionId(partition),
                                {{base::to_hex(base::as_bytes(bundle.sha256())),
                                  records::seal(activated(bundle), clock.now_us())}},
                                std::chrono::steady_clock::now() + std::chrono::seconds(10));
    ASSERT_TRUE(stored.ok()) << stored.error().describe();
  }

  config::Config config_;
  DataFolder folder_;
  recommender::Bundle other_ = recommender::Bundle::defaults();
};

TEST_F(StoppedNetworkTest, ACommandThatWasKilledIsFinishedByGivingItAgain) {
  append(0, other_);
  auto there = [this](const recommender::Engine& engine) {
    return engine.bundle_sha256() == other_.sha256();
  };
  Offset end_of_first(0);
  {
    auto network = StoppedNetwork::open(config_);
    ASSERT_TRUE(network.ok()) << network.error().describe();
    EXPECT_TRUE(there(*(*network)->engines()[0]));
    EXPECT_FALSE(there(*(*network)->engines()[1]));
    end_of_first = (*network)->engines()[0]->next_offset();
    auto appended = (*network)->append(activated(other_), "again", there);
    ASSERT_TRUE(appended.ok()) << appended.error().describe();
    EXPECT_TRUE(*appended);
  }
  auto network = StoppedNetwork::open(config_);
  ASSERT_TRUE(network.ok()) << network.error().describe();
  for (const auto& engine : (*network)->engines()) EXPECT_TRUE(there(*engine));
  EXPECT_EQ((*network)->engines()[0]->next_offset(), end_of_first);
  auto appended = (*network)->append(activated(other_), "once more", there);
  ASSERT_TRUE(appended.ok());
  EXPECT_FALSE(*appended);
}

TEST_F(StoppedNetworkTest, WhatAnEngineWouldRefuseIsAppendedNowhere) {
  log::v1::Record record;
  record.mutable_experiment_stopped()->set_name("none");
  auto network = StoppedNetwork::open(config_);
  ASSERT_TRUE(network.ok()) << network.error().describe();
  auto there = [](const recommender::Engine&) { return false; };
  EXPECT_EQ((*network)->append(record, "stop", there).error().code(), ErrorCode::kConflict);
}

}  // namespace
}  // namespace rondo::app
