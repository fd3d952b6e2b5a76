// What publishing and deleting need of media, as functions: media::Pipeline and media::Ingest in
// the server, something that fails at will in tests. Each may be repeated: done steps are found
// done. All block; thread safe for different videos.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

#include "base/ids.h"
#include "base/result.h"
#include "blob/blob_store.h"
#include "catalogue/video.h"

namespace rondo::media {
class Editor;
class Identities;
class Ingest;
class Pipeline;
}  // namespace rondo::media

namespace rondo::workflows {

struct MediaSteps {
  // not_found unless the upload is this account's; conflict "upload_incomplete".
  std::function<Result<void>(UploadId, AccountId)> check_upload;
  // The same, and from now on it does not expire; where its file is.
  std::function<Result<std::filesystem::path>(UploadId, AccountId)> claim_upload;
  // The part of an upload's file that is wanted, as a file; the file itself when that is all of it.
  // Goes with the upload.
  std::function<Result<std::filesystem::path>(const catalogue::Video&, const std::filesystem::path&,
                                              const std::function<void(double)>& progress,
                                              std::stop_token)>
      cut;
  // The wanted cover, if one is, of what can be played.
  std::function<Result<void>(const catalogue::Video&, const catalogue::MediaFacts&,
                             std::stop_token)>
      make_cover;
  // What can be played soonest, and then all the rest (the facts are of the whole). invalid and
  // exhausted: the file is at fault, for good; others may pass.
  std::function<Result<catalogue::MediaFacts>(VideoId, const std::filesystem::path&,
                                              const std::function<void(double)>& progress,
                                              std::stop_token)>
      make_playable;
  std::function<Result<catalogue::MediaFacts>(VideoId, const std::filesystem::path&,
                                              std::stop_token)>
      make_rest;
  // After that, what costs most and is missed least; not set where the operator does not want it.
  std::function<Result<catalogue::MediaFacts>(VideoId, const std::filesystem::path&,
                                              std::stop_token)>
      make_extra;
  // The uploaded file out of the upload, to be kept beside the video; how large it is, nothing when
  // this network keeps none. Empty: keeps none.
  std::function<Result<std::optional<uint64_t>>(VideoId, UploadId, AccountId)> keep_original;
  std::function<Result<void>(UploadId)> remove_upload;
  std::function<Result<void>(VideoId)> remove_media;
};

struct Originals {
  blob::BlobStore& store;  // holds them under originals/<video id>, which nobody serves
  bool keep = false;       // from now on; those that are there go with their videos
};

// All have to outlive what is given.
MediaSteps media_steps(media::Ingest& ingest, media::Editor& editor, media::Pipeline& pipeline,
                       media::Identities& identities, Originals originals);

}  // namespace rondo::workflows
