// What publishing and deleting need of media, as functions: media::Pipeline and media::Ingest in
// the server, something that fails at will in tests. Each may be repeated: done steps are found
// done. All block; thread safe for different videos.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "base/ids.h"
#include "base/result.h"
#include "catalogue/video.h"

namespace rondo::media {
class Ingest;
class Pipeline;
}  // namespace rondo::media

namespace rondo::workflows {

struct MediaSteps {
  // not_found unless the upload is this account's; conflict "upload_incomplete".
  std::function<Result<void>(UploadId, AccountId)> check_upload;
  // The same, and from now on it does not expire; where its file is.
  std::function<Result<std::filesystem::path>(UploadId, AccountId)> claim_upload;
  // What can be played soonest, and then all the rest (the facts are of the whole). invalid and
  // exhausted: the file is at fault, for good; others may pass.
  std::function<Result<catalogue::MediaFacts>(VideoId, const std::filesystem::path&,
                                              const std::function<void(double)>& progress,
                                              std::stop_token)>
      make_playable;
  std::function<Result<catalogue::MediaFacts>(VideoId, const std::filesystem::path&,
                                              std::stop_token)>
      make_rest;
  std::function<Result<void>(UploadId)> remove_upload;
  std::function<Result<void>(VideoId)> remove_media;
};

// Both have to outlive what is given.
MediaSteps media_steps(media::Ingest& ingest, media::Pipeline& pipeline);

}  // namespace rondo::workflows
