#include "media/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <random>

#include "base/bytes.h"
#include "base/failpoint.h"
#include "media/schema.h"
#include "media/test_support.h"
#include "storage/sqlite/sqlite_database.h"

namespace rondo::media {
namespace {

using testing::HasSubstr;

// Starts like an MP4, and then is noise: what is inside does not matter here.
std::string video_bytes(size_t size, unsigned seed) {
  std::string bytes(
      "\0\0\0\x18"
      "ftypisom\0\0\0\0isommp42",
      24);
  std::mt19937 random(seed);
  while (bytes.size() < size) bytes.push_back(static_cast<char>(random()));
  bytes.resize(size);
  return bytes;
}

class IngestTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = storage::open_sqlite({.path = scratch_ / "rondo.db"}).value();
    database_->migrate(migrations()).value();
    options_.folder = scratch_ / "uploads";
    open();
  }
  void open() {
    ingest_.reset();
    auto made = Ingest::create(options_, *database_, clock_, random_);
    ASSERT_TRUE(made.ok()) << made.error().describe();
    ingest_ = std::move(*made);
  }
  Upload start(uint64_t length) {
    return ingest_->create_upload({kOwner, length, "clip.mp4", "video/mp4"}).value();
  }
  Result<Upload> append(UploadId id, uint64_t offset, std::string_view bytes) {
    RD_TRY(Appender appender, ingest_->open_append(id, kOwner, offset));
    RD_CHECK(appender.write(bytes));
    return appender.finish();
  }
  size_t files() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(scratch_ / "uploads"), {}));
  }
  static std::string reason(const Error& error) { return error.reason(); }

  static constexpr AccountId kOwner{7}, kStranger{8};
  ScratchFolder scratch_;
  base::ManualClock clock_{base::WallTime(std::chrono::hours(24 * 365 * 50))};
  base::SecureRandom random_;
  std::unique_ptr<storage::Database> database_;
  IngestOptions options_;
  std::unique_ptr<Ingest> ingest_;
};

TEST_F(IngestTest, TakesAnUploadInPieces) {
  const std::string bytes = video_bytes(100'000, 1);
  Upload upload = start(bytes.size());
  EXPECT_EQ(upload.offset, 0u);
  auto first = append(upload.id, 0, bytes.substr(0, 30'000));
  ASSERT_TRUE(first.ok()) << first.error().describe();
  EXPECT_EQ(first->offset, 30'000u);
  EXPECT_EQ(first->state, UploadState::kOpen);
  EXPECT_EQ(ingest_->find(upload.id, kOwner)->offset, 30'000u);
  auto last = append(upload.id, 30'000, bytes.substr(30'000));
  ASSERT_TRUE(last.ok()) << last.error().describe();
  EXPECT_EQ(last->state, UploadState::kComplete);
  const auto digest = base::sha256(bytes);
  EXPECT_EQ(last->sha256_hex, base::to_hex(base::as_bytes(digest)));

  auto path = ingest_->claim(upload.id, kOwner);
  ASSERT_TRUE(path.ok()) << path.error().describe();
  EXPECT_EQ(read_file(*path), bytes);
  EXPECT_EQ(*ingest_->claim(upload.id, kOwner), *path) << "twice is fine";
  EXPECT_EQ(reason(ingest_->terminate(upload.id, kOwner).error()), "upload_claimed");
  EXPECT_TRUE(ingest_->remove(upload.id).ok());
  EXPECT_TRUE(ingest_->remove(upload.id).ok());
  EXPECT_EQ(files(), 0u);
}

TEST_F(IngestTest, RefusesAWrongOffsetAndASecondAppender) {
  const std::string bytes = video_bytes(10'000, 2);
  Upload upload = start(bytes.size());
  ASSERT_TRUE(append(upload.id, 0, bytes.substr(0, 5000)).ok());
  auto wrong = ingest_->open_append(upload.id, kOwner, 4000);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(reason(wrong.error()), "offset_mismatch");
  EXPECT_THAT(wrong.error().message(), HasSubstr("at byte 5000"));
  {
    auto holder = ingest_->open_append(upload.id, kOwner, 5000);
    ASSERT_TRUE(holder.ok());
    EXPECT_EQ(reason(ingest_->open_append(upload.id, kOwner, 5000).error()), "upload_locked");
  }
  EXPECT_TRUE(append(upload.id, 5000, bytes.substr(5000)).ok());
}

TEST_F(IngestTest, KeepsWhatArrivedWhenTheConnectionBreaks) {
  const std::string bytes = video_bytes(10'000, 3);
  Upload upload = start(bytes.size());
  {
    auto appender = ingest_->open_append(upload.id, kOwner, 0);
    ASSERT_TRUE(appender.ok());
    ASSERT_TRUE(appender->write(bytes.substr(0, 6000)).ok());
    EXPECT_EQ(ingest_->find(upload.id, kOwner)->offset, 0u) << "written is not durable";
  }
  EXPECT_EQ(ingest_->find(upload.id, kOwner)->offset, 6000u);
  auto done = append(upload.id, 6000, bytes.substr(6000));
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->sha256_hex, base::to_hex(base::as_bytes(base::sha256(bytes))));
}

TEST_F(IngestTest, GoesOnAfterARestart) {
  const std::string bytes = video_bytes(10'000, 4);
  Upload upload = start(bytes.size());
  ASSERT_TRUE(append(upload.id, 0, bytes.substr(0, 500)).ok());
  open();
  EXPECT_EQ(ingest_->find(upload.id, kOwner)->offset, 500u);
  auto done = append(upload.id, 500, bytes.substr(500));
  ASSERT_TRUE(done.ok()) << done.error().describe();
  EXPECT_EQ(done->sha256_hex, base::to_hex(base::as_bytes(base::sha256(bytes))));
}

// The process dies around the fsync: what it has acknowledged is there afterwards, and an upload
// whose last byte was synced completes itself.
TEST_F(IngestTest, SurvivesDyingAroundTheSync) {
  const std::string bytes = video_bytes(50'000, 5);
  for (const char* point : {"upload.before_fsync=2", "upload.after_fsync=2"}) {
    SCOPED_TRACE(point);
    Upload upload = start(bytes.size());
    ingest_.reset();
    database_.reset();
    const pid_t child = ::fork();
    if (child == 0) {
      ::setenv("RONDO_FAILPOINTS", point, 1);
      base::arm_failpoints_from_environment();
      database_ = storage::open_sqlite({.path = scratch_ / "rondo.db"}).value();
      ingest_ = Ingest::create(options_, *database_, clock_, random_).value();
      if (!append(upload.id, 0, bytes.substr(0, 20'000)).ok()) ::_exit(1);
      (void)append(upload.id, 20'000, bytes.substr(20'000)).ok();
      ::_exit(2);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), 77);
    database_ = storage::open_sqlite({.path = scratch_ / "rondo.db"}).value();
    open();
    auto found = ingest_->find(upload.id, kOwner);
    ASSERT_TRUE(found.ok()) << found.error().describe();
    EXPECT_GE(found->offset, 20'000u);
    if (found->state == UploadState::kOpen) {
      found = append(upload.id, found->offset, bytes.substr(found->offset));
      ASSERT_TRUE(found.ok()) << found.error().describe();
    }
    EXPECT_EQ(found->state, UploadState::kComplete);
    EXPECT_EQ(found->sha256_hex, base::to_hex(base::as_bytes(base::sha256(bytes))));
    EXPECT_EQ(read_file(*ingest_->claim(upload.id, kOwner)), bytes);
    ASSERT_TRUE(ingest_->remove(upload.id).ok());
  }
}

TEST_F(IngestTest, RefusesWhatIsNoVideoEarly) {
  for (const std::string& bytes :
       {std::string("<!doctype html><html>") + std::string(5000, ' '), std::string(5000, 'x'),
        std::string("%PDF-1.7") + std::string(5000, '\1')}) {
    Upload upload = start(1u << 30);
    auto appender = ingest_->open_append(upload.id, kOwner, 0);
    ASSERT_TRUE(appender.ok());
    auto refused = appender->write(bytes);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::kInvalid);
    EXPECT_EQ(reason(refused.error()), "not_a_video");
    EXPECT_EQ(ingest_->find(upload.id, kOwner).error().code(), ErrorCode::kNotFound);
    { Appender last = std::move(*appender); }
    EXPECT_EQ(files(), 0u);
    EXPECT_EQ(ingest_->find(upload.id, kOwner).error().code(), ErrorCode::kNotFound);
  }
  // In drops, and shorter than what is looked at.
  Upload small = start(10);
  ASSERT_TRUE(append(small.id, 0, "hello").ok());
  EXPECT_EQ(reason(append(small.id, 5, "world").error()), "not_a_video");
  EXPECT_EQ(files(), 0u);
}

TEST_F(IngestTest, HoldsItsLimits) {
  options_.size_bytes_max = 1000;
  options_.open_per_account_max = 2;
  options_.total_bytes_max = 2500;
  open();
  auto create = [&](AccountId owner, uint64_t length) {
    return ingest_->create_upload({owner, length, "a.mp4", ""});
  };
  EXPECT_EQ(reason(create(kOwner, 0).error()), "empty");
  auto large = create(kOwner, 1001);
  EXPECT_EQ(reason(large.error()), "too_large");
  EXPECT_THAT(large.error().message(), HasSubstr("the limit here is 1.0 kB"));
  Upload first = *create(kOwner, 1000);
  ASSERT_TRUE(create(kOwner, 1000).ok());
  auto many = create(kOwner, 1);
  EXPECT_EQ(many.error().code(), ErrorCode::kExhausted);
  EXPECT_EQ(reason(many.error()), "too_many_uploads");
  EXPECT_EQ(reason(create(kStranger, 600).error()), "uploads_full");
  EXPECT_EQ(files(), 2u) << "nothing of what was refused";
  ASSERT_TRUE(ingest_->terminate(first.id, kOwner).ok());
  EXPECT_TRUE(create(kStranger, 600).ok());

  Upload upload = *create(kOwner, 100);
  auto appender = ingest_->open_append(upload.id, kOwner, 0);
  ASSERT_TRUE(appender.ok());
  EXPECT_EQ(reason(appender->write(video_bytes(101, 1)).error()), "upload_too_long");
}

TEST_F(IngestTest, IsSeenByItsOwnerOnly) {
  Upload upload = start(1000);
  EXPECT_EQ(ingest_->find(upload.id, kStranger).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(ingest_->open_append(upload.id, kStranger, 0).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(ingest_->terminate(upload.id, kStranger).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(ingest_->claim(upload.id, kStranger).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(reason(ingest_->claim(upload.id, kOwner).error()), "upload_incomplete");
}

TEST_F(IngestTest, TerminatesUnderAnAppender) {
  Upload upload = start(100'000);
  const std::string bytes = video_bytes(100'000, 6);
  auto appender = ingest_->open_append(upload.id, kOwner, 0);
  ASSERT_TRUE(appender.ok());
  ASSERT_TRUE(appender->write(bytes.substr(0, 2000)).ok());
  ASSERT_TRUE(ingest_->terminate(upload.id, kOwner).ok());
  EXPECT_EQ(appender->write(bytes.substr(2000, 2000)).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(appender->finish().error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files(), 0u);
  EXPECT_TRUE(ingest_->terminate(upload.id, kOwner).ok()) << "gone is gone";
}

TEST_F(IngestTest, ExpiresWhatNobodyClaims) {
  const std::string bytes = video_bytes(2000, 7);
  Upload idle = start(bytes.size());
  Upload claimed = start(bytes.size());
  ASSERT_TRUE(append(claimed.id, 0, bytes).ok());
  ASSERT_TRUE(ingest_->claim(claimed.id, kOwner).ok());
  clock_.advance(std::chrono::hours(23));
  ASSERT_TRUE(append(idle.id, 0, bytes.substr(0, 100)).ok()) << "an append puts it off";
  clock_.advance(std::chrono::hours(23));
  EXPECT_EQ(*ingest_->expire(), 0);
  clock_.advance(std::chrono::hours(2));
  EXPECT_EQ(ingest_->find(idle.id, kOwner).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(*ingest_->expire(), 1);
  EXPECT_EQ(files(), 1u);
  ASSERT_TRUE(ingest_->release(claimed.id).ok());
  EXPECT_EQ(ingest_->find(claimed.id, kOwner)->state, UploadState::kComplete);
  clock_.advance(std::chrono::hours(25));
  EXPECT_EQ(*ingest_->expire(), 1);
  EXPECT_EQ(files(), 0u);
}

TEST_F(IngestTest, RemovesFilesThatNobodyOwns) {
  Upload upload = start(1000);
  write_file(scratch_ / "uploads/0000000000001.part", "orphan");
  open();
  EXPECT_EQ(files(), 1u);
  EXPECT_TRUE(ingest_->find(upload.id, kOwner).ok());
}

TEST_F(IngestTest, CutsNamesBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 150; ++i) name += "\xC3\xA9";
  auto upload = ingest_->create_upload({kOwner, 10, name + "\n", "video/mp4"});
  ASSERT_TRUE(upload.ok());
  EXPECT_EQ(upload->filename.size(), 200u);
  EXPECT_EQ(ingest_->find(upload->id, kOwner)->filename, upload->filename);
}

// Random pieces, breaks and restarts against a string.
TEST_F(IngestTest, BehavesLikeAString) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string bytes = video_bytes(20'000, seed);
  Upload upload = start(bytes.size());
  uint64_t model = 0;
  for (int step = 0; model < bytes.size() && step < 500; ++step) {
    ASSERT_EQ(ingest_->find(upload.id, kOwner)->offset, model);
    const uint64_t count = std::min<uint64_t>(random() % 2000, bytes.size() - model);
    switch (random() % 4) {
      case 0:
        open();
        break;
      case 1: {
        auto appender = ingest_->open_append(upload.id, kOwner, model);
        ASSERT_TRUE(appender.ok());
        ASSERT_TRUE(appender->write(std::string_view(bytes).substr(model, count)).ok());
        model += count;
        break;
      }
      case 2:
        EXPECT_EQ(reason(ingest_->open_append(upload.id, kOwner, model + 1).error()),
                  "offset_mismatch");
        break;
      default:
        ASSERT_TRUE(append(upload.id, model, std::string_view(bytes).substr(model, count)).ok());
        model += count;
    }
  }
  auto done = ingest_->find(upload.id, kOwner);
  ASSERT_TRUE(done.ok()) << done.error().describe();
  EXPECT_EQ(done->state, UploadState::kComplete);
  EXPECT_EQ(done->sha256_hex, base::to_hex(base::as_bytes(base::sha256(bytes))));
}

}  // namespace
}  // namespace rondo::media
