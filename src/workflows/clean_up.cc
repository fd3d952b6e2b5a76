#include "workflows/clean_up.h"

namespace rondo::workflows {

using catalogue::VideoState;

Result<void> clean_up(catalogue::Catalogue& catalogue, const MediaSteps& media, VideoId id) {
  RD_TRY(catalogue::Video video, catalogue.find(id));
  if (video.state == VideoState::kProcessing) return {};
  if (video.state == VideoState::kLive && media.keep_original) {
    RD_TRY(const auto kept, media.keep_original(id, video.upload, video.author));
    if (kept) RD_CHECK(catalogue.note_original(id, *kept));
    // Deleted meanwhile, its files may have been removed before this one came.
    RD_TRY(video, catalogue.find(id));
  }
  RD_CHECK(media.remove_upload(video.upload));
  if (video.state != VideoState::kLive) RD_CHECK(media.remove_media(id));
  return catalogue.cleaned_up(id, video.state);
}

}  // namespace rondo::workflows
