// Publishing and managing videos.
#pragma once

#include "api/handlers/feeds.h"
#include "api/route.h"
#include "api/wire.h"
#include "catalogue/video.h"

namespace rondo::api::handlers {

Error no_such_video();
// As far as `who` may see it: what is not live is its author's business. Blocks: for the pool.
Result<catalogue::Video> find_visible(Services& services, VideoId id,
                                      const std::optional<accounts::Principal>& who);

runtime::Task<Result<Reply<wire::Video>>> create_video(Context&, None, wire::NewVideo);
runtime::Task<Result<Reply<wire::Video>>> get_video(Context&, None, None);
runtime::Task<Result<Reply<None>>> delete_video(Context&, None, None);
runtime::Task<Result<Reply<wire::VideoList>>> list_own_videos(Context&, ListQuery, None);
runtime::Task<Result<Reply<wire::VideoList>>> list_videos_of(Context&, ListQuery, None);

}  // namespace rondo::api::handlers
