#include "api/handlers/videos.h"

#include "accounts/accounts.h"
#include "api/handlers/present.h"
#include "api/services.h"
#include "catalogue/catalogue.h"
#include "workflows/delete_video.h"
#include "workflows/publish_video.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;

constexpr int64_t kTimeMsMax = int64_t{24} * 3600 * 1000;

Result<wire::VideoList> list(Services& services, const catalogue::VideoPage& page,
                             const std::optional<accounts::Principal>& who) {
  wire::VideoList out;
  RD_TRY(out.items, present(services, page.items, who));
  out.next_cursor = page.next_cursor;
  return out;
}

// From the wire; what the numbers mean is the catalogue's to judge.
Result<catalogue::Edit> edit_of(const wire::NewVideo& wanted) {
  auto time = [](const char* field, int64_t ms) -> Result<uint32_t> {
    if (ms < 0 || ms > kTimeMsMax) {
      return json::refused(field, "out_of_range",
                           std::string(field) + ": " + std::to_string(ms) +
                               " ms is not within 0.." + std::to_string(kTimeMsMax));
    }
    return static_cast<uint32_t>(ms);
  };
  catalogue::Edit edit;
  if (wanted.trim) {
    catalogue::Trim trim;
    RD_TRY(trim.start_ms, time("trim.start_ms", wanted.trim->start_ms));
    RD_TRY(trim.end_ms, time("trim.end_ms", wanted.trim->end_ms));
    edit.trim = trim;
  }
  if (wanted.cover_ms) {
    RD_TRY(edit.cover_ms, time("cover_ms", *wanted.cover_ms));
  }
  return edit;
}

}  // namespace

Error no_such_video() { return not_found("there is no such video"); }

Result<catalogue::Video> find_visible(Services& services, VideoId id,
                                      const std::optional<accounts::Principal>& who) {
  auto video = services.catalogue.find(id);
  if (!video.ok()) {
    if (video.error().code() == ErrorCode::kNotFound) return no_such_video();
    return video;
  }
  const bool own = who && who->is_account() && who->account == video->author;
  if (video->state == catalogue::VideoState::kLive) return video;
  if (own && video->state != catalogue::VideoState::kDeleted) return video;
  return no_such_video();
}

Task<Result<Reply<wire::Video>>> create_video(Context& context, None, wire::NewVideo wanted) {
  Services& services = context.services;
  if (std::string reason = services.uploads_closed(); !reason.empty()) {
    co_return unavailable(std::move(reason)).with_reason("uploads_closed");
  }
  auto upload = id_from_text<UploadId>(wanted.upload_id);
  if (!upload.ok()) {
    co_return json::refused("upload_id", "malformed", "upload_id: " + upload.error().message());
  }
  RD_CO_TRY(catalogue::Edit edit, edit_of(wanted));
  workflows::NewVideo video{*upload, std::move(wanted.caption),
                            wanted.hashtags.value_or(std::vector<std::string>()),
                            wanted.language.value_or(""), edit};
  auto submit = [&services, video, who = *context.principal]() -> Result<wire::Video> {
    RD_TRY(auto made, services.publish_video.submit(who, video));
    return present(services, made, who);
  };
  Reply<wire::Video> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(submit));
  reply.headers.emplace_back("Location", "/api/v1/videos/" + reply.body.id);
  co_return reply;
}

Task<Result<Reply<wire::Video>>> get_video(Context& context, None, None) {
  Services& services = context.services;
  auto id = id_from_text<VideoId>(context.path.at(0));
  if (!id.ok()) co_return no_such_video();
  auto find = [&services, id = *id, who = context.principal]() -> Result<wire::Video> {
    RD_TRY(auto video, find_visible(services, id, who));
    return present(services, video, who);
  };
  Reply<wire::Video> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(find));
  co_return reply;
}

Task<Result<Reply<None>>> delete_video(Context& context, None, None) {
  Services& services = context.services;
  auto id = id_from_text<VideoId>(context.path.at(0));
  if (!id.ok()) co_return no_such_video();
  auto remove = [&services, id = *id, who = *context.principal] {
    return services.delete_video.remove(who, id);
  };
  RD_CO_CHECK(co_await context.blocking(remove));
  co_return Reply<None>();
}

Task<Result<Reply<wire::VideoList>>> list_own_videos(Context& context, ListQuery query, None) {
  Services& services = context.services;
  RD_CO_TRY(int limit, limit_of(query.limit, 24, catalogue::kPageVideosMax));
  auto find = [&services, limit, cursor = query.cursor.value_or(""),
               who = context.principal]() -> Result<wire::VideoList> {
    RD_TRY(auto page, services.catalogue.all_of(who->account, cursor, limit));
    return list(services, page, who);
  };
  Reply<wire::VideoList> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(find));
  co_return reply;
}

Task<Result<Reply<wire::VideoList>>> list_videos_of(Context& context, ListQuery query, None) {
  Services& services = context.services;
  RD_CO_TRY(int limit, limit_of(query.limit, 24, catalogue::kPageVideosMax));
  auto find = [&services, limit, handle = context.path.at(0), cursor = query.cursor.value_or(""),
               who = context.principal]() -> Result<wire::VideoList> {
    RD_TRY(auto account, services.accounts.find_handle(handle));
    RD_TRY(auto page, services.catalogue.live_of(std::span(&account.id, 1), cursor, limit));
    return list(services, page, who);
  };
  Reply<wire::VideoList> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(find));
  co_return reply;
}

}  // namespace rondo::api::handlers
