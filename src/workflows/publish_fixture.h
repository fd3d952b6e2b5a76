// For tests of publishing and deleting: real catalogue, accounts and outbox; media steps that keep
// sets of what "files" there are and fail when told to.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "accounts/accounts.h"
#include "workflows/delete_video.h"
#include "workflows/fake_queue.h"
#include "workflows/publish_video.h"
#include "workflows/workflows_fixture.h"

namespace rondo::workflows {

class PublishFixture : public WorkflowsFixture {
 protected:
  PublishFixture() {
    open_database();
    sessions_ = std::make_unique<accounts::Sessions>(*database_, clock_, random_,
                                                     accounts::SessionOptions());
    accounts::AccountOptions options;
    options.password_cost = {1, 8192};
    accounts_ =
        accounts::Accounts::create(*database_, *sessions_, clock_, random_, options).value();
    ada_ = sign_up("ada");
    restart();
  }

  accounts::Principal sign_up(const std::string& handle) {
    auto account = accounts_->sign_up({handle, "four unrelated words", "fr", EngineId()}).value();
    return {accounts::Principal::Kind::kAccount, account.id, account.viewer, account.role,
            account.language};
  }

  // As after a crash: the workflows are new, catalogue, queue and files are what they were.
  void restart() {
    publish_ = std::make_unique<PublishVideo>(*accounts_, *catalogue_, queue_, steps(),
                                              [this] { ++notified_; });
    publish_->register_jobs();
    remove_ = std::make_unique<DeleteVideo>(*catalogue_, queue_, steps(), [this](VideoId id) {
      publish_->stop_work(id);
      ++notified_;
    });
    remove_->register_jobs();
  }

  MediaSteps steps() {
    MediaSteps steps;
    steps.check_upload = [this](UploadId upload, AccountId) -> Result<void> {
      if (uploads_.count(upload) == 0) return not_found("there is no such upload");
      return {};
    };
    steps.claim_upload = [this](UploadId upload, AccountId) -> Result<std::filesystem::path> {
      if (uploads_.count(upload) == 0) return not_found("there is no such upload");
      claimed_.insert(upload);
      return std::filesystem::path("upload");
    };
    steps.cut = [this](const catalogue::Video& video, const std::filesystem::path& file,
                       const std::function<void(double)>&,
                       std::stop_token) -> Result<std::filesystem::path> {
      if (video.edit.trim) ++cut_;
      return file;
    };
    steps.make_cover = [this](const catalogue::Video& video, const catalogue::MediaFacts&,
                              std::stop_token) -> Result<void> {
      if (video.edit.cover_ms) ++covers_;
      return {};
    };
    steps.make_playable = [this](VideoId video, const std::filesystem::path&,
                                 const std::function<void(double)>& progress,
                                 std::stop_token stop) -> Result<catalogue::MediaFacts> {
      ++made_;
      progress(0.5);
      if (during_make) during_make(stop);
      if (make_error) return *make_error;
      media_.insert(video);
      return catalogue::MediaFacts{5000, 720, 1280, {{"720p", 720, 1280, 1000, 1000}}};
    };
    steps.make_rest = [this](VideoId video, const std::filesystem::path&,
                             std::stop_token stop) -> Result<catalogue::MediaFacts> {
      ++made_rest_;
      if (during_rest) during_rest(stop);
      if (rest_error) return *rest_error;
      media_.insert(video);
      return catalogue::MediaFacts{
          5000, 1080, 1920, {{"1080p", 1080, 1920, 2000, 2000}, {"720p", 720, 1280, 1000, 1000}}};
    };
    if (with_extra) {
      steps.make_extra = [this](VideoId, const std::filesystem::path&,
                                std::stop_token) -> Result<catalogue::MediaFacts> {
        ++made_extra_;
        if (extra_error) return *std::exchange(extra_error, std::nullopt);
        return catalogue::MediaFacts{5000,
                                     1080,
                                     1920,
                                     {{"1080p", 1080, 1920, 2000, 2000},
                                      {"720p", 720, 1280, 1000, 1000},
                                      {"1080p-av1", 1080, 1920, 900, 900}}};
      };
    }
    if (with_originals) {
      steps.keep_original = [this](VideoId video, UploadId,
                                   AccountId) -> Result<std::optional<uint64_t>> {
        if (during_keep) during_keep();
        originals_.insert(video);
        return std::optional<uint64_t>(1'000);
      };
    }
    steps.remove_upload = [this](UploadId upload) -> Result<void> {
      if (remove_upload_error) return *remove_upload_error;
      uploads_.erase(upload);
      return {};
    };
    steps.remove_media = [this](VideoId video) -> Result<void> {
      if (remove_media_error) return *remove_media_error;
      media_.erase(video);
      originals_.erase(video);
      return {};
    };
    return steps;
  }

  UploadId upload(uint64_t n) {
    uploads_.insert(UploadId(n));
    return UploadId(n);
  }
  VideoId submit(uint64_t n) {
    return publish_->submit(ada_, {upload(n), "Look #Waves", {}, ""}).value().id;
  }
  catalogue::Video video(VideoId id) { return catalogue_->find(id).value(); }

  std::unique_ptr<accounts::Sessions> sessions_;
  std::unique_ptr<accounts::Accounts> accounts_;
  accounts::Principal ada_;
  FakeQueue queue_;
  std::unique_ptr<PublishVideo> publish_;
  std::unique_ptr<DeleteVideo> remove_;

  std::set<UploadId> uploads_;
  std::set<UploadId> claimed_;
  std::set<VideoId> media_;
  std::set<VideoId> originals_;
  bool with_extra = false;  // these two from the next restart() on
  bool with_originals = false;
  int cut_ = 0;
  int covers_ = 0;
  int made_ = 0;
  int made_rest_ = 0;
  int made_extra_ = 0;
  int notified_ = 0;
  std::function<void(std::stop_token)> during_make;
  std::function<void(std::stop_token)> during_rest;
  std::optional<Error> make_error;
  std::function<void()> during_keep;
  std::optional<Error> rest_error;
  std::optional<Error> extra_error;  // once
  std::optional<Error> remove_upload_error;
  std::optional<Error> remove_media_error;
};

}  // namespace rondo::workflows
