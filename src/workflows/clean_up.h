// Removing the files that a video does not need in the state that it is in: the upload once it is
// worked off (kept as the original first, where that is the policy), and the media of a refused or
// deleted video. May be repeated at any time; nothing for
// a video that is processing.
#pragma once

#include "catalogue/catalogue.h"
#include "workflows/media_steps.h"

namespace rondo::workflows {

Result<void> clean_up(catalogue::Catalogue& catalogue, const MediaSteps& media, VideoId video);

}  // namespace rondo::workflows
