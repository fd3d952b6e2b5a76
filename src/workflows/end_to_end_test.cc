// A real file through everything: upload, job, FFmpeg in its sandbox, blob store, database, outbox,
// log; and out again.

#include <fstream>
#include <sstream>

#include "accounts/accounts.h"
#include "blob/local/local_blob_store.h"
#include "jobs/in_process/in_process_queue.h"
#include "media/editor.h"
#include "media/identity.h"
#include "media/ingest.h"
#include "media/pipeline.h"
#include "media/schema.h"
#include "workflows/delete_video.h"
#include "workflows/projector.h"
#include "workflows/publish_video.h"
#include "workflows/relay.h"
#include "workflows/workflows_fixture.h"

namespace rondo::workflows {
namespace {

using catalogue::VideoState;

class EndToEnd : public WorkflowsFixture {
 protected:
  EndToEnd() {
    open();
    std::vector<storage::Migration> more;
    for (const auto& module : {media::migrations(), jobs::job_migrations()}) {
      more.insert(more.end(), module.begin(), module.end());
    }
    database_->migrate(more).value();
    blobs_ = blob::open_local({folder_ / "blobs"}).value();
    media::PipelineOptions pipeline_options;
    pipeline_options.work_folder = folder_ / "work";
    pipeline_options.sandbox.allow_unsandboxed = true;  // it is not what is tested here
    pipeline_ = media::Pipeline::create(pipeline_options, *blobs_).value();
    media::EditorOptions editor_options;
    editor_options.work_folder = folder_ / "edits";
    editor_options.sandbox = pipeline_options.sandbox;
    editor_ = media::Editor::create(editor_options, *blobs_).value();
    ingest_ =
        media::Ingest::create({.folder = folder_ / "uploads"}, *database_, clock_, random_).value();
    sessions_ = std::make_unique<accounts::Sessions>(*database_, clock_, random_,
                                                     accounts::SessionOptions());
    accounts::AccountOptions account_options;
    account_options.password_cost = {1, 8192};
    accounts_ = accounts::Accounts::create(*database_, *sessions_, clock_, random_, account_options)
                    .value();
    auto account = accounts_->sign_up({"ada", "four unrelated words", "en", EngineId()}).value();
    ada_ = {accounts::Principal::Kind::kAccount, account.id, account.viewer, account.role, "en"};
    relay_ = std::make_unique<Relay>(*database_, *stream_, RelayOptions());
    jobs_ = jobs::make_in_process_queue(*database_, clock_, {});
    identities_ = media::Identities::create(*database_, clock_).value();
    const MediaSteps steps =
        media_steps(*ingest_, *editor_, *pipeline_, *identities_, {*blobs_, false});
    publish_ = std::make_unique<PublishVideo>(*accounts_, *catalogue_, *jobs_, steps,
                                              [this] { relay_->notify(); });
    remove_ = std::make_unique<DeleteVideo>(*catalogue_, *jobs_, steps, [this](VideoId video) {
      publish_->stop_work(video);
      relay_->notify();
    });
    publish_->register_jobs();
    remove_->register_jobs();
    relay_->start();
    jobs_->start().value();
  }
  ~EndToEnd() override {
    jobs_->stop();
    relay_->stop();
    jobs_.reset();
    relay_.reset();
    ingest_.reset();
  }

  std::string clip() {
    const auto file = folder_ / "clip.mp4";
    pipeline_
        ->render("testsrc2=size=180x320:rate=15", "sine=frequency=440:sample_rate=48000",
                 std::chrono::milliseconds(1200), file, {})
        .value();
    std::ostringstream bytes;
    bytes << std::ifstream(file, std::ios::binary).rdbuf();
    return bytes.str();
  }
  UploadId upload(const std::string& bytes, size_t sent) {
    const UploadId id =
        ingest_->create_upload({ada_.account, bytes.size(), "clip.mp4", "video/mp4"}).value().id;
    media::Appender appender = ingest_->open_append(id, ada_.account, 0).value();
    appender.write(std::string_view(bytes).substr(0, sent)).value();
    static_cast<void>(appender.finish().value());
    return id;
  }
  // Polls with a deadline until the video has left `state`.
  catalogue::Video leaves(VideoId id, VideoState state) {
    const auto deadline = in_seconds(50);
    catalogue::Video video = catalogue_->find(id).value();
    while (video.state == state && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      video = catalogue_->find(id).value();
    }
    return video;
  }
  bool cleaned_up() {
    const auto deadline = in_seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (catalogue_->to_clean_up(VideoId(), 10).value().empty()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  std::unique_ptr<blob::BlobStore> blobs_;
  std::unique_ptr<media::Pipeline> pipeline_;
  std::unique_ptr<media::Editor> editor_;
  std::unique_ptr<media::Identities> identities_;
  std::unique_ptr<media::Ingest> ingest_;
  std::unique_ptr<accounts::Sessions> sessions_;
  std::unique_ptr<accounts::Accounts> accounts_;
  accounts::Principal ada_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<jobs::JobQueue> jobs_;
  std::unique_ptr<PublishVideo> publish_;
  std::unique_ptr<DeleteVideo> remove_;
};

TEST_F(EndToEnd, AFileBecomesAVideoInEveryPartitionAndGoesAgain) {
  const std::string bytes = clip();
  const UploadId half = upload(bytes, bytes.size() / 2);
  EXPECT_EQ(publish_->submit(ada_, {half, "", {}, ""}).error().reason(), "upload_incomplete");

  const UploadId whole = upload(bytes, bytes.size());
  const VideoId id = publish_->submit(ada_, {whole, "Colours #test", {}, ""}).value().id;
  const catalogue::Video video = leaves(id, VideoState::kProcessing);
  ASSERT_EQ(video.state, VideoState::kLive)
      << (video.refusal ? video.refusal->code + ": " + video.refusal->detail : "");
  EXPECT_NEAR(video.media.duration_ms, 1200, 200);
  ASSERT_FALSE(video.media.renditions.empty());
  for (const auto& rendition : video.media.renditions) {
    const auto info = blobs_->stat(media::media_key(id, rendition.name + ".mp4")).value();
    EXPECT_EQ(static_cast<int64_t>(info.size_bytes), rendition.size_bytes);
  }
  ASSERT_TRUE(cleaned_up());
  EXPECT_EQ(ingest_->find(whole, ada_.account).error().code(), ErrorCode::kNotFound);

  ASSERT_TRUE(relay_->wait_empty(in_seconds(10)).ok());
  for (uint64_t p = 0; p < kPartitions; ++p) {
    auto messages = stream_->read(PartitionId(p), Offset(0), stream::ReadLimits()).value();
    ASSERT_EQ(messages.size(), 1u);
    const auto record = records::open(messages[0].payload).value().record;
    EXPECT_EQ(record.video_published().video_id(), id.value());
    EXPECT_EQ(record.video_published().topics(0), "test");
  }

  remove_->remove(ada_, id).value();
  ASSERT_TRUE(cleaned_up());
  EXPECT_TRUE(blobs_->list("media/").value().empty());
  ASSERT_TRUE(relay_->wait_empty(in_seconds(10)).ok());
  auto messages = stream_->read(PartitionId(2), Offset(0), stream::ReadLimits()).value();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_FALSE(records::open(messages[1].payload).value().record.video_changed().eligible());
}

TEST_F(EndToEnd, ADamagedFileIsRefusedWithItsReasonAndNothingIsLeft) {
  std::string bytes = clip();
  // The head that says "MP4" stays; the rest is noise.
  for (size_t i = 64; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 131 + 7);
  const VideoId id = publish_->submit(ada_, {upload(bytes, bytes.size()), "", {}, ""}).value().id;
  const catalogue::Video video = leaves(id, VideoState::kProcessing);
  ASSERT_EQ(video.state, VideoState::kRefused);
  EXPECT_FALSE(video.refusal->code.empty());
  EXPECT_NE(video.refusal->code, "processing_failed") << "the file is at fault, not the machine";
  EXPECT_FALSE(video.refusal->detail.empty());
  ASSERT_TRUE(cleaned_up());
  EXPECT_TRUE(blobs_->list("media/").value().empty());
  EXPECT_EQ(outbox_size(), 0u);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "uploads"));
}

}  // namespace
}  // namespace rondo::workflows
