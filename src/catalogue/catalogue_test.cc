#include "catalogue/catalogue.h"

#include <atomic>
#include <cmath>
#include <set>
#include <thread>

#include "catalogue/catalogue_fixture.h"
#include "catalogue/words.h"

namespace rondo::catalogue {
namespace {

TEST_F(CatalogueFixture, ADraftIsProcessingAndToldToNobody) {
  Draft wanted = draft(1, 10);
  wanted.hashtags = {"Sea"};
  Video video = catalogue_->create_draft(wanted).value();
  EXPECT_EQ(video.state, VideoState::kProcessing);
  EXPECT_EQ(video.caption, "A caption #waves");
  EXPECT_EQ(video.hashtags, (std::vector<std::string>{"sea", "waves"}));
  EXPECT_EQ(video.language, "en");
  EXPECT_EQ(video.created_us, clock_.now_us());
  EXPECT_EQ(video.published_us, 0u);
  EXPECT_EQ(video.author, AccountId(10));
  EXPECT_FALSE(video.refusal.has_value());
  EXPECT_TRUE(outbox().empty());
}

TEST_F(CatalogueFixture, OneVideoAnUpload) {
  Video first = catalogue_->create_draft(draft(1, 10)).value();
  Draft again = draft(1, 10);
  again.caption = "Another";
  EXPECT_EQ(catalogue_->create_draft(again).value().id, first.id);
  EXPECT_EQ(catalogue_->find(first.id).value().caption, first.caption);
  EXPECT_EQ(catalogue_->find_upload(UploadId(1)).value()->id, first.id);
  EXPECT_FALSE(catalogue_->find_upload(UploadId(2)).value().has_value());

  EXPECT_EQ(catalogue_->create_draft(draft(1, 11)).error().reason(), "upload_used");
  catalogue_->remove(first.id).value();
  EXPECT_EQ(catalogue_->create_draft(draft(1, 10)).error().reason(), "upload_used");
}

TEST_F(CatalogueFixture, OneVideoAnUploadAlsoWhenSentAtOnce) {
  std::vector<std::jthread> threads;
  std::mutex mutex;
  std::set<uint64_t> ids;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      auto made = catalogue_->create_draft(draft(1, 10));
      std::lock_guard lock(mutex);
      ids.insert(made.value().id.value());
    });
  }
  threads.clear();
  EXPECT_EQ(ids.size(), 1u);
}

TEST_F(CatalogueFixture, RefusesWhatIsWrongWithTheField) {
  Draft wanted = draft(1, 10);
  wanted.language = "English";
  EXPECT_EQ(catalogue_->create_draft(wanted).error().field(), "language");
  wanted = draft(1, 10);
  wanted.caption = std::string(2001, 'a');
  EXPECT_EQ(catalogue_->create_draft(wanted).error().field(), "caption");
  wanted = draft(1, 10);
  wanted.hashtags = {"no tag"};
  EXPECT_EQ(catalogue_->create_draft(wanted).error().field(), "hashtags");
  EXPECT_TRUE(catalogue_->processing(VideoId(), 10).value().empty());
}

TEST_F(CatalogueFixture, PublishingIsOneRecordForEveryPartition) {
  VideoId id = catalogue_->create_draft(draft(1, 10)).value().id;
  clock_.advance(std::chrono::seconds(5));
  MediaFacts facts = media();
  facts.sound = VideoId(77);
  catalogue_->publish(id, facts).value();

  Video video = catalogue_->find(id).value();
  EXPECT_EQ(video.state, VideoState::kLive);
  EXPECT_EQ(video.published_us, clock_.now_us());
  EXPECT_EQ(video.media.duration_ms, 7500u);
  ASSERT_EQ(video.media.renditions.size(), 2u);
  EXPECT_EQ(video.media.renditions[0].name, "1080p");
  EXPECT_EQ(video.media.renditions[1].size_bytes, 1'100'000);

  auto told = outbox();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_FALSE(told[0].partition.has_value());
  auto record = records::open(told[0].payload).value().record;
  ASSERT_TRUE(record.has_video_published());
  EXPECT_EQ(record.video_published().video_id(), id.value());
  EXPECT_EQ(record.video_published().author_id(), ~uint64_t{10});
  EXPECT_EQ(record.video_published().duration_ms(), 7500u);
  ASSERT_EQ(record.video_published().topics_size(), 1);
  EXPECT_EQ(record.video_published().topics(0), "waves");
  const auto& told_words = record.video_published().words();
  const auto words = words_of_video("A caption #waves", std::vector<std::string>{"waves"});
  ASSERT_FALSE(words.empty());
  EXPECT_EQ(std::vector<uint32_t>(told_words.begin(), told_words.end()), words);
  EXPECT_EQ(record.video_published().sound_id(), 77u);
  EXPECT_EQ(record.video_published().published_us(), video.published_us);

  catalogue_->publish(id, media()).value();
  EXPECT_EQ(outbox().size(), 1u) << "repeated, it changes nothing";
  EXPECT_EQ(catalogue_->find(id).value().media.renditions.size(), 2u);
}

TEST_F(CatalogueFixture, MoreRenditionsComeToALiveVideoOnly) {
  VideoId id = catalogue_->create_draft(draft(1, 10)).value().id;
  MediaFacts first = media();
  first.renditions.erase(first.renditions.begin());
  first.width = 540;
  catalogue_->complete_media(id, media()).value();
  EXPECT_TRUE(catalogue_->find(id).value().media.renditions.empty()) << "not live yet";
  catalogue_->publish(id, first).value();
  for (int again = 0; again < 2; ++again) {
    catalogue_->complete_media(id, media()).value();
    EXPECT_EQ(catalogue_->find(id).value().media.renditions.size(), 2u);
    EXPECT_EQ(catalogue_->find(id).value().media.width, 1080);
  }
  EXPECT_EQ(outbox().size(), 1u) << "the log hears of the publication only";
  MediaFacts none;
  EXPECT_FALSE(catalogue_->complete_media(id, none).ok());
  catalogue_->remove(id).value();
  catalogue_->complete_media(id, media()).value();
  EXPECT_TRUE(catalogue_->find(id).value().media.renditions.empty());
}

// The record cannot be stored, so the video is not live either.
TEST_F(CatalogueFixture, WithoutItsRecordNothingGoesLive) {
  VideoId id = catalogue_->create_draft(draft(1, 10)).value().id;
  MediaFacts bad = media();
  bad.duration_ms = 0;
  EXPECT_FALSE(catalogue_->publish(id, bad).ok());
  Video video = catalogue_->find(id).value();
  EXPECT_EQ(video.state, VideoState::kProcessing);
  EXPECT_EQ(video.published_us, 0u);
  EXPECT_TRUE(outbox().empty());
  EXPECT_TRUE(catalogue_->publish(id, media()).ok());
}

TEST_F(CatalogueFixture, DeletingTakesTheVideoBackAndItsWordsAway) {
  VideoId id = live_video(1, 10);
  catalogue_->remove(id).value();
  Video video = catalogue_->find(id).value();
  EXPECT_EQ(video.state, VideoState::kDeleted);
  EXPECT_EQ(video.caption, "");
  EXPECT_TRUE(video.hashtags.empty());
  EXPECT_TRUE(video.media.renditions.empty());
  auto told = outbox();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_NE(told[0].message_id, told[1].message_id);
  auto record = records::open(told[1].payload).value().record;
  ASSERT_TRUE(record.has_video_changed());
  EXPECT_EQ(record.video_changed().video_id(), id.value());
  EXPECT_FALSE(record.video_changed().eligible());
  EXPECT_EQ(record.video_changed().reason(), "deleted");

  catalogue_->remove(id).value();
  EXPECT_EQ(outbox().size(), 2u) << "repeated, it changes nothing";
  EXPECT_EQ(catalogue_->publish(id, media()).error().reason(), "not_processing");
}

TEST_F(CatalogueFixture, WhatWasNeverLiveIsDeletedInSilence) {
  VideoId id = catalogue_->create_draft(draft(1, 10)).value().id;
  catalogue_->remove(id).value();
  EXPECT_TRUE(outbox().empty());
  EXPECT_EQ(catalogue_->remove(VideoId(77)).error().code(), ErrorCode::kNotFound);
}

TEST_F(CatalogueFixture, ARefusalIsKeptWithItsWords) {
  VideoId id = catalogue_->create_draft(draft(1, 10)).value().id;
  catalogue_->refuse(id, {"no_picture", "the file has sound, and no picture"}).value();
  Video video = catalogue_->find(id).value();
  EXPECT_EQ(video.state, VideoState::kRefused);
  ASSERT_TRUE(video.refusal.has_value());
  EXPECT_EQ(video.refusal->code, "no_picture");
  EXPECT_EQ(video.refusal->detail, "the file has sound, and no picture");
  catalogue_->refuse(id, {"other", "other"}).value();
  EXPECT_EQ(catalogue_->find(id).value().refusal->code, "no_picture") << "the first one stays";
  EXPECT_EQ(catalogue_->publish(id, media()).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(catalogue_->refuse(live_video(2, 10), {"a", "b"}).error().code(), ErrorCode::kConflict);
}

TEST_F(CatalogueFixture, ProgressIsExactInMemoryAndCoarseOnDisk) {
  VideoId id = catalogue_->create_draft(draft(1, 10)).value().id;
  catalogue_->note_progress(id, 0.05).value();
  EXPECT_DOUBLE_EQ(catalogue_->find(id).value().progress, 0.05);
  catalogue_->note_progress(id, 0.47).value();
  EXPECT_DOUBLE_EQ(catalogue_->find(id).value().progress, 0.47);
  catalogue_->note_progress(id, 0.2).value();
  catalogue_->note_progress(id, std::nan("")).value();
  EXPECT_DOUBLE_EQ(catalogue_->find(id).value().progress, 0.47) << "never back";

  Catalogue restarted(*database_, clock_, random_);
  EXPECT_DOUBLE_EQ(restarted.find(id).value().progress, 0.4);
  restarted.note_progress(id, 0.15).value();
  EXPECT_DOUBLE_EQ(restarted.find(id).value().progress, 0.4);
  restarted.note_progress(id, 7).value();
  EXPECT_DOUBLE_EQ(restarted.find(id).value().progress, 1);
}

TEST_F(CatalogueFixture, FindsManyInTheOrderAsked) {
  VideoId a = live_video(1, 10);
  VideoId b = live_video(2, 10);
  VideoId c = live_video(3, 11);
  VideoId gone = live_video(4, 11);
  catalogue_->remove(gone).value();
  const VideoId ids[] = {c, VideoId(5), a, gone, b};
  auto found = catalogue_->find_many(ids).value();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].id, c);
  EXPECT_EQ(found[1].id, a);
  EXPECT_EQ(found[2].id, b);
  for (const Video& video : found) EXPECT_EQ(video.media.renditions.size(), 2u);
  EXPECT_TRUE(catalogue_->find_many({}).value().empty());
  std::vector<VideoId> many(65, a);
  EXPECT_EQ(catalogue_->find_many(many).error().code(), ErrorCode::kInvalid);
}

TEST_F(CatalogueFixture, ListsTheWorkThatACrashMayHaveLeft) {
  std::set<uint64_t> drafts;
  for (uint64_t i = 1; i <= 7; ++i) {
    drafts.insert(catalogue_->create_draft(draft(i, 10)).value().id.value());
  }
  static_cast<void>(live_video(8, 10));
  std::set<uint64_t> listed;
  VideoId after;
  for (int pages = 0; pages < 10; ++pages) {
    auto page = catalogue_->processing(after, 3).value();
    if (page.empty()) break;
    for (VideoId id : page) EXPECT_TRUE(listed.insert(id.value()).second);
    after = page.back();
  }
  EXPECT_EQ(listed, drafts);
}

TEST_F(CatalogueFixture, CleaningUpIsDueUntilItIsDoneForTheStateThatItIs) {
  auto due = [&] { return catalogue_->to_clean_up(VideoId(), 10).value(); };
  VideoId id = catalogue_->create_draft(draft(1, 10)).value().id;
  EXPECT_TRUE(due().empty()) << "still at work";
  catalogue_->publish(id, media()).value();
  EXPECT_EQ(due(), (std::vector<VideoId>{id})) << "the upload";
  catalogue_->cleaned_up(id, VideoState::kLive).value();
  EXPECT_TRUE(due().empty());
  catalogue_->remove(id).value();
  EXPECT_EQ(due(), (std::vector<VideoId>{id})) << "the media";
  catalogue_->cleaned_up(id, VideoState::kLive).value();
  EXPECT_EQ(due(), (std::vector<VideoId>{id})) << "what was done for a live video is not enough";
  catalogue_->cleaned_up(id, VideoState::kDeleted).value();
  EXPECT_TRUE(due().empty());
}

}  // namespace
}  // namespace rondo::catalogue
