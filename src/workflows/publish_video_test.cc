#include "workflows/publish_video.h"

#include <thread>

#include "workflows/publish_fixture.h"

namespace rondo::workflows {
namespace {

using catalogue::VideoState;

class PublishVideoTest : public PublishFixture {};

TEST_F(PublishVideoTest, FromUploadToLive) {
  VideoId id = submit(1);
  EXPECT_EQ(video(id).state, VideoState::kProcessing);
  EXPECT_EQ(video(id).author_engine, accounts_->find(ada_.account).value().author);
  EXPECT_EQ(claimed_.count(UploadId(1)), 1u);
  EXPECT_EQ(outbox_size(), 0u);

  queue_.run_all();
  EXPECT_EQ(video(id).state, VideoState::kLive);
  EXPECT_EQ(video(id).hashtags, (std::vector<std::string>{"waves"}));
  ASSERT_EQ(video(id).media.renditions.size(), 2u);
  EXPECT_EQ(video(id).media.renditions.at(0).name, "1080p");
  EXPECT_EQ(video(id).media.width, 1080);
  EXPECT_EQ(outbox_size(), 1u);
  EXPECT_EQ(notified_, 1);
  EXPECT_TRUE(uploads_.empty()) << "the source is not kept";
  EXPECT_EQ(media_.size(), 1u);
}

TEST_F(PublishVideoTest, IsLiveWithTheFirstRenditionAndOthersComeFirst) {
  VideoId first = submit(1), second = submit(2);
  ASSERT_TRUE(queue_.run_one());
  EXPECT_EQ(video(first).state, VideoState::kLive);
  EXPECT_EQ(video(first).media.renditions.size(), 1u);
  EXPECT_EQ(uploads_.size(), 2u) << "the source is still needed";
  ASSERT_TRUE(queue_.run_one());
  EXPECT_EQ(video(second).state, VideoState::kLive) << "before the rest of the first";
  EXPECT_EQ(made_rest_, 0);
  queue_.run_all();
  EXPECT_EQ(video(first).media.renditions.size(), 2u);
  EXPECT_TRUE(uploads_.empty());
}

TEST_F(PublishVideoTest, ALiveVideoWhoseRestFailsStaysAsItIs) {
  VideoId fault = submit(1);
  rest_error = invalid("only half can be decoded").with_reason("damaged");
  queue_.run_all();
  EXPECT_EQ(made_rest_, 1) << "not tried again";
  VideoId machine = submit(2);
  rest_error = internal("the machine fails");
  queue_.run_all();
  EXPECT_EQ(made_rest_, 1 + PublishVideo::kAttemptsMax);
  for (VideoId id : {fault, machine}) {
    EXPECT_EQ(video(id).state, VideoState::kLive);
    EXPECT_EQ(video(id).media.renditions.size(), 1u);
  }
  EXPECT_TRUE(uploads_.empty());
  EXPECT_EQ(media_.size(), 2u);
}

TEST_F(PublishVideoTest, IsCutAndHasACoverWhereThatIsWanted) {
  NewVideo wanted{upload(1), "", {}, ""};
  wanted.edit.trim = catalogue::Trim{1'000, 3'000};
  wanted.edit.cover_ms = 500;
  VideoId id = publish_->submit(ada_, wanted).value().id;
  queue_.run_all();
  EXPECT_EQ(video(id).state, VideoState::kLive);
  EXPECT_EQ(cut_, 2) << "for what is seen first, and found done for the rest";
  EXPECT_EQ(covers_, 1);
  submit(2);
  queue_.run_all();
  EXPECT_EQ(cut_, 2) << "nobody asked";
  EXPECT_EQ(covers_, 1);
}

TEST_F(PublishVideoTest, WhatIsMissedLeastFailsWithoutHarm) {
  with_extra = true;
  restart();
  VideoId fault = submit(1);
  extra_error = invalid("no encoder takes it").with_reason("damaged");
  queue_.run_all();
  EXPECT_EQ(made_extra_, 1) << "not tried again";
  EXPECT_EQ(video(fault).state, VideoState::kLive);
  EXPECT_EQ(video(fault).media.renditions.size(), 2u) << "the rest stays";
  EXPECT_TRUE(uploads_.empty());

  VideoId passes = submit(2);
  extra_error = unavailable("the disk is full");
  queue_.run_all();
  EXPECT_EQ(made_extra_, 3) << "tried again";
  EXPECT_EQ(video(passes).state, VideoState::kLive);
  EXPECT_EQ(video(passes).media.renditions.size(), 3u);
  EXPECT_TRUE(uploads_.empty());
  EXPECT_EQ(media_.size(), 2u);
}

TEST_F(PublishVideoTest, DeletedWhileItsOriginalIsKeptLeavesNothing) {
  with_originals = true;
  restart();
  VideoId kept = submit(1);
  queue_.run_all();
  EXPECT_EQ(originals_, std::set<VideoId>{kept});
  EXPECT_EQ(catalogue_->stored_bytes(std::nullopt).value(), 3'000u + 1'000u);

  VideoId id = submit(2);
  during_keep = [&] {
    // Its own job of cleaning up is through before the original comes.
    queue_.refuse_enqueue = true;
    remove_->remove(ada_, id).value();
    media_.erase(id);
  };
  queue_.run_all();
  EXPECT_EQ(video(id).state, VideoState::kDeleted);
  EXPECT_EQ(originals_, std::set<VideoId>{kept});
  EXPECT_EQ(media_, std::set<VideoId>{kept});
  EXPECT_TRUE(uploads_.empty());
  EXPECT_TRUE(catalogue_->to_clean_up(VideoId(), 10).value().empty());
}

TEST(RunningWork, TheSecondOfAVideoOutlivesTheFirst) {
  RunningWork running;
  const jobs::Job job;
  const std::atomic<bool> stopping{false};
  const jobs::JobContext context(job, stopping);
  auto first = std::make_unique<RunningWork::Work>(running, VideoId(1), context);
  const RunningWork::Work second(running, VideoId(1), context);
  first.reset();
  running.stop(VideoId(1));
  EXPECT_TRUE(second.called_off());
  EXPECT_TRUE(second.token().stop_requested());
}

TEST_F(PublishVideoTest, DeletedWhileTheRestIsMadeLeavesNothing) {
  VideoId id = submit(1);
  during_rest = [&](std::stop_token) { remove_->remove(ada_, id).value(); };
  queue_.run_all();
  EXPECT_EQ(video(id).state, VideoState::kDeleted);
  EXPECT_TRUE(media_.empty());
  EXPECT_TRUE(uploads_.empty());
  EXPECT_TRUE(catalogue_->to_clean_up(VideoId(), 10).value().empty());
}

TEST_F(PublishVideoTest, DeletingStopsTheWorkAtOnce) {
  bool stopped = false;
  auto delete_and_wait = [&](VideoId id, std::stop_token stop) {
    remove_->remove(ada_, id).value();
    const auto deadline = in_seconds(10);
    while (!stop.stop_requested() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    stopped = stop.stop_requested();
  };
  VideoId first = submit(1);
  during_make = [&](std::stop_token stop) {
    delete_and_wait(first, stop);
    make_error = unavailable("stopped").with_reason("cancelled");
  };
  queue_.run_all();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(made_, 1) << "that is no failure to be tried again";
  EXPECT_TRUE(uploads_.empty());

  VideoId second = submit(2);
  stopped = false;
  during_make = {};
  make_error.reset();
  during_rest = [&](std::stop_token stop) {
    delete_and_wait(second, stop);
    rest_error = unavailable("stopped").with_reason("cancelled");
  };
  queue_.run_all();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(made_rest_, 1);
  EXPECT_EQ(video(second).state, VideoState::kDeleted);
  EXPECT_TRUE(uploads_.empty());
  EXPECT_TRUE(media_.empty());
}

// The process dies between publication and the job that finishes.
TEST_F(PublishVideoTest, ALiveVideoThatLostItsJobIsFinished) {
  VideoId id = submit(1);
  during_make = [&](std::stop_token) { queue_.refuse_enqueue = true; };
  queue_.run_all();
  ASSERT_EQ(video(id).state, VideoState::kLive);
  EXPECT_EQ(made_rest_, 0);
  restart();
  queue_.refuse_enqueue = false;
  EXPECT_EQ(remove_->resume().value(), 0) << "its upload is still needed";
  EXPECT_EQ(publish_->resume().value(), 1);
  queue_.run_all();
  EXPECT_EQ(video(id).media.renditions.size(), 2u);
  EXPECT_TRUE(uploads_.empty());
}

TEST_F(PublishVideoTest, TheLanguageIsNamedOrToldByWordsOrThatOfTheAuthor) {
  const std::string german = "Heute backen wir gemeinsam ein Brot mit Sauerteig";
  const std::string vtt =
      "WEBVTT\n\n00:01.000 --> 00:02.000\nHoy hacemos <b>pan</b> con los niños\n";
  struct Case {
    std::string caption, named;
    std::vector<std::string> tracks;
    std::string language;
  };
  uint64_t n = 0;
  for (const Case& c : {Case{german, "it-IT", {}, "it"}, Case{german, "", {"es"}, "de"},
                        Case{"Look #Waves", "", {"es"}, "es"}, Case{"", "", {"es", "en"}, "fr"},
                        Case{"Look #Waves", "", {}, "fr"}}) {
    SCOPED_TRACE(std::to_string(n));
    const VideoId id = publish_->submit(ada_, {upload(++n), c.caption, {}, c.named}).value().id;
    during_make = [&](std::stop_token) {
      for (const auto& tag : c.tracks) EXPECT_TRUE(catalogue_->put_captions(id, tag, vtt, 9).ok());
    };
    queue_.run_all();
    EXPECT_EQ(video(id).state, VideoState::kLive);
    EXPECT_EQ(video(id).language, c.language);
    EXPECT_TRUE(catalogue_->note_language(id, "en").ok());
    EXPECT_EQ(video(id).language, c.language) << "the log has been told";
  }
}

TEST_F(PublishVideoTest, SentAgainItIsTheSameVideoAtAnyTime) {
  VideoId id = submit(1);
  EXPECT_EQ(publish_->submit(ada_, {UploadId(1), "", {}, ""}).value().id, id);
  queue_.run_all();
  auto after = publish_->submit(ada_, {UploadId(1), "", {}, ""});
  EXPECT_EQ(after.value().id, id) << "though the upload is gone";
  EXPECT_EQ(after.value().state, VideoState::kLive);
  EXPECT_FALSE(queue_.run_one());
  EXPECT_EQ(made_, 1);
}

TEST_F(PublishVideoTest, RefusesBeforeAnythingIsKept) {
  accounts::Principal anonymous;
  EXPECT_EQ(publish_->submit(anonymous, {upload(1), "", {}, ""}).error().reason(),
            "account_needed");
  EXPECT_EQ(publish_->submit(ada_, {UploadId(99), "", {}, ""}).error().code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(publish_->submit(ada_, {UploadId(1), std::string(2001, 'x'), {}, ""}).error().field(),
            "caption");
  EXPECT_EQ(publish_->submit(ada_, {UploadId(1), "", {}, "?"}).error().field(), "language");
  EXPECT_TRUE(claimed_.empty()) << "the upload still expires by itself";
  EXPECT_TRUE(catalogue_->processing(VideoId(), 10).value().empty());
  EXPECT_TRUE(publish_->submit(ada_, {UploadId(1), "right", {}, ""}).ok());
  accounts::Principal bob = sign_up("bob");
  EXPECT_EQ(publish_->submit(bob, {UploadId(1), "", {}, ""}).error().reason(), "upload_used");
}

TEST_F(PublishVideoTest, AFileAtFaultIsRefusedAtOnceAndNothingIsLeftBehind) {
  struct Case {
    Error error;
    std::string code;
  };
  uint64_t n = 0;
  for (const Case& c : {Case{invalid("the video takes 11 min 02 s; at most 10 min are allowed")
                                 .with_reason("duration_too_long"),
                             "duration_too_long"},
                        Case{exhausted("it takes too much memory").with_reason("too_much_work"),
                             "too_much_work"}}) {
    VideoId id = submit(++n);
    make_error = c.error;
    queue_.run_all();
    EXPECT_EQ(video(id).state, VideoState::kRefused);
    EXPECT_EQ(video(id).refusal->code, c.code);
    EXPECT_EQ(video(id).refusal->detail, c.error.message());
  }
  EXPECT_EQ(made_, 2) << "not tried again";
  EXPECT_TRUE(uploads_.empty());
  EXPECT_TRUE(media_.empty());
  EXPECT_EQ(outbox_size(), 0u);
  EXPECT_TRUE(catalogue_->to_clean_up(VideoId(), 10).value().empty());
}

TEST_F(PublishVideoTest, AFailureThatPassesIsNotSeen) {
  VideoId id = submit(1);
  make_error = unavailable("the disk is full");
  ASSERT_TRUE(queue_.run_one());
  EXPECT_EQ(video(id).state, VideoState::kProcessing);
  EXPECT_EQ(uploads_.size(), 1u);
  make_error.reset();
  queue_.run_all();
  EXPECT_EQ(video(id).state, VideoState::kLive);
  EXPECT_EQ(made_, 2);
}

TEST_F(PublishVideoTest, AFailureThatStaysIsSaidInWords) {
  VideoId id = submit(1);
  make_error = internal("open(/srv/secret/path) failed");
  queue_.run_all();
  EXPECT_EQ(made_, 3);
  ASSERT_EQ(video(id).state, VideoState::kRefused);
  EXPECT_EQ(video(id).refusal->code, "processing_failed");
  const std::string detail = video(id).refusal->detail;
  EXPECT_NE(detail.find("processing failed 3 times"), std::string::npos) << detail;
  EXPECT_NE(detail.find(to_text(id)), std::string::npos) << "what to tell the operator";
  EXPECT_EQ(detail.find("/srv"), std::string::npos) << "nothing of the machine";
  EXPECT_TRUE(uploads_.empty());
}

// After each step, a crash: the attempt fails there and another process goes on.
TEST_F(PublishVideoTest, ACrashAfterMakingOrPublishingResumes) {
  VideoId id = submit(1);
  remove_upload_error = unavailable("killed here");
  ASSERT_TRUE(queue_.run_one());
  ASSERT_TRUE(queue_.run_one());
  EXPECT_EQ(video(id).state, VideoState::kLive) << "published, the upload not removed yet";
  EXPECT_EQ(uploads_.size(), 1u);
  restart();
  remove_upload_error.reset();
  queue_.run_all();
  EXPECT_EQ(video(id).state, VideoState::kLive);
  EXPECT_EQ(made_, 1) << "done steps are found done";
  EXPECT_EQ(outbox_size(), 1u);
  EXPECT_TRUE(uploads_.empty());
}

TEST_F(PublishVideoTest, ALiveVideoStaysLiveWhenOnlyItsUploadCannotGo) {
  VideoId id = submit(1);
  remove_upload_error = unavailable("never");
  queue_.run_all();
  EXPECT_EQ(video(id).state, VideoState::kLive);
  EXPECT_EQ(media_.size(), 1u);
  EXPECT_EQ(uploads_.size(), 1u);

  remove_upload_error.reset();
  EXPECT_EQ(publish_->resume().value(), 1);
  queue_.run_all();
  EXPECT_TRUE(uploads_.empty());
  EXPECT_EQ(media_.size(), 1u);
  remove_->remove(ada_, id).value();
  queue_.run_all();
  EXPECT_TRUE(media_.empty()) << "though its upload was cleaned up by a job before";
}

TEST_F(PublishVideoTest, NoDraftIsLeftInProcessing) {
  // The process dies between the draft and its job.
  static_cast<void>(upload(1));
  queue_.refuse_enqueue = true;
  EXPECT_FALSE(publish_->submit(ada_, {UploadId(1), "", {}, ""}).ok());
  queue_.refuse_enqueue = false;
  VideoId lost = catalogue_->find_upload(UploadId(1)).value()->id;
  EXPECT_FALSE(queue_.run_one());
  // Another one fails for good and nobody hears of it.
  VideoId unheard = submit(2);
  queue_.deaf = true;
  make_error = internal("x");
  queue_.run_all();
  EXPECT_EQ(video(unheard).state, VideoState::kProcessing);

  restart();
  make_error.reset();
  EXPECT_EQ(publish_->resume().value(), 2);
  EXPECT_EQ(video(unheard).state, VideoState::kRefused);
  EXPECT_EQ(made_, 3);
  queue_.run_all();
  EXPECT_EQ(made_, 4) << "what failed for good is not begun anew";
  EXPECT_EQ(video(lost).state, VideoState::kLive);
  EXPECT_EQ(publish_->resume().value(), 0);
}

TEST_F(PublishVideoTest, AnUploadThatWentAwayIsSaid) {
  VideoId id = submit(1);
  uploads_.clear();
  queue_.run_all();
  EXPECT_EQ(video(id).refusal->code, "upload_gone");
  EXPECT_EQ(made_, 0);
}

TEST_F(PublishVideoTest, DeletedWhileItIsMadeLeavesNothing) {
  VideoId id = submit(1);
  during_make = [&](std::stop_token) { remove_->remove(ada_, id).value(); };
  queue_.run_all();
  EXPECT_EQ(video(id).state, VideoState::kDeleted);
  EXPECT_TRUE(media_.empty());
  EXPECT_TRUE(uploads_.empty());
  EXPECT_EQ(outbox_size(), 0u);
  EXPECT_TRUE(catalogue_->to_clean_up(VideoId(), 10).value().empty());
}

TEST_F(PublishVideoTest, ProgressIsSeen) {
  VideoId id = submit(1);
  double seen = 0;
  during_make = [&](std::stop_token) { seen = video(id).progress; };
  queue_.run_all();
  EXPECT_DOUBLE_EQ(seen, 0.5);
}

TEST_F(PublishVideoTest, StoppingReachesTheWorkAndCostsNoAttempt) {
  VideoId id = submit(1);
  bool stopped = false;
  during_make = [&](std::stop_token stop) {
    queue_.stop();
    const auto deadline = in_seconds(10);
    while (!stop.stop_requested() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    stopped = stop.stop_requested();
    make_error = invalid("half a file").with_reason("damaged");
  };
  ASSERT_TRUE(queue_.run_one());
  EXPECT_TRUE(stopped);
  EXPECT_EQ(video(id).state, VideoState::kProcessing) << "not refused for being interrupted";
  EXPECT_EQ(queue_.list(jobs::JobState::kQueued, 10).value().at(0).attempts, 0);
}

}  // namespace
}  // namespace rondo::workflows
