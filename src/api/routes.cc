#include "api/routes.h"

#include "api/handlers/captions.h"
#include "api/handlers/events.h"
#include "api/handlers/feeds.h"
#include "api/handlers/media.h"
#include "api/handlers/operation.h"
#include "api/handlers/ops.h"
#include "api/handlers/preferences.h"
#include "api/handlers/sessions.h"
#include "api/handlers/uploads.h"
#include "api/handlers/video_events.h"
#include "api/handlers/videos.h"

namespace rondo::api {
namespace {

using http::Method;
using namespace handlers;
namespace bj = boost::json;

using RawHandler = runtime::Task<http::Response> (*)(Context&);

Route raw(RouteSpec spec, http::BodyRule body, RawHandler handler,
          std::function<void(bj::object&, bj::object&)> describe) {
  Route route;
  route.method = spec.method;
  route.path = std::move(spec.path);
  route.operation_id = std::move(spec.operation_id);
  route.summary = std::move(spec.summary);
  route.auth = spec.auth;
  route.body = body;
  route.handle = handler;
  route.describe = std::move(describe);
  return route;
}

// An operation that answers `status` with a body of `type`; none when the type is empty.
std::function<void(bj::object&, bj::object&)> answers(int status, std::string description,
                                                      std::string type) {
  return [=](bj::object& operation, bj::object&) {
    bj::object response{{"description", description}};
    if (!type.empty()) {
      bj::string schema_type = type == "application/json" ? "object" : "string";
      response["content"] =
          bj::object{{type, bj::object{{"schema", bj::object{{"type", schema_type}}}}}};
    }
    operation["responses"].emplace_object()[std::to_string(status)] = std::move(response);
  };
}

bj::object header(std::string_view name, std::string_view description, bool required) {
  return {{"name", bj::string(name)},
          {"in", "header"},
          {"required", required},
          {"description", bj::string(description)},
          {"schema", bj::object{{"type", "string"}}}};
}

// tus 1.0 (tus.io/protocols/resumable-upload): core, creation, termination, expiration.
std::function<void(bj::object&, bj::object&)> tus(int status, std::string description,
                                                  std::vector<bj::object> headers, bool has_body) {
  return [=](bj::object& operation, bj::object& components) {
    answers(status, description, "")(operation, components);
    auto& parameters = operation["parameters"];
    if (!parameters.is_array()) parameters = bj::array();
    for (const auto& h : headers) parameters.as_array().push_back(h);
    if (has_body) {
      operation["requestBody"] = bj::object{
          {"required", true},
          {"content", bj::object{{"application/offset+octet-stream",
                                  bj::object{{"schema", bj::object{{"type", "string"},
                                                                   {"format", "binary"}}}}}}}};
    }
  };
}

void takes_captions(bj::object& operation, bj::object& components) {
  operation["requestBody"] = bj::object{
      {"required", true},
      {"content",
       bj::object{{"text/vtt", bj::object{{"schema", bj::object{{"type", "string"}}}}}}}};
  operation["responses"].emplace_object()["200"] = bj::object{
      {"description",
       "Where they are; `text_language`, a warning, when the words are plainly in "
       "another language than was said."},
      {"content",
       bj::object{{"application/json",
                   bj::object{{"schema", schema::of<wire::GivenCaptions>(components)}}}}}};
}

}  // namespace

std::vector<Route> routes() {
  const http::BodyRule none{};
  const http::BodyRule pieces{http::BodyRule::Kind::kStream, kUploadPieceBytesMax};
  const bj::object version = header("Tus-Resumable", "1.0.0", true);
  const bj::object length = header("Upload-Length", "Bytes of the whole file.", true);
  const bj::object metadata =
      header("Upload-Metadata", "filename and filetype, each in base64.", false);
  const bj::object offset = header("Upload-Offset", "Where this piece begins.", true);

  return {
      // Who.
      typed({.method = Method::kPost,
             .path = "/api/v1/viewers",
             .operation_id = "createViewer",
             .summary = "Begin an anonymous session; its For You learns too.",
             .status = 201},
            create_viewer),
      typed({.method = Method::kPost,
             .path = "/api/v1/accounts",
             .operation_id = "createAccount",
             .summary = "Sign up; an anonymous session's history becomes the account's.",
             .status = 201},
            create_account),
      typed({.method = Method::kPost,
             .path = "/api/v1/sessions",
             .operation_id = "createSession",
             .summary = "Sign in.",
             .status = 201},
            create_session),
      typed({.method = Method::kGet,
             .path = "/api/v1/sessions/current",
             .operation_id = "getCurrentSession",
             .summary = "Who this session is.",
             .auth = Auth::kViewer},
            get_current_session),
      typed({.method = Method::kDelete,
             .path = "/api/v1/sessions/current",
             .operation_id = "deleteCurrentSession",
             .summary = "Sign out.",
             .auth = Auth::kViewer},
            delete_current_session),
      typed({.method = Method::kPatch,
             .path = "/api/v1/accounts/me",
             .operation_id = "changeOwnAccount",
             .summary = "Change what is named of one's own account, and nothing else.",
             .auth = Auth::kAccount},
            change_own_account),
      typed({.method = Method::kGet,
             .path = "/api/v1/accounts/me/videos",
             .operation_id = "listOwnVideos",
             .summary = "One's own videos in every state, newest first.",
             .auth = Auth::kAccount},
            list_own_videos),
      typed({.method = Method::kGet,
             .path = "/api/v1/accounts/me/storage",
             .operation_id = "getOwnStorage",
             .summary = "What one's own videos and uploads take up, and the limit.",
             .auth = Auth::kAccount},
            get_own_storage),
      typed({.method = Method::kGet,
             .path = "/api/v1/accounts/{handle}",
             .operation_id = "getProfile",
             .summary = "A person's profile."},
            get_profile),
      typed({.method = Method::kGet,
             .path = "/api/v1/accounts/{handle}/videos",
             .operation_id = "listVideosOf",
             .summary = "A person's live videos, newest first."},
            list_videos_of),
      typed({.method = Method::kPut,
             .path = "/api/v1/accounts/{handle}/follow",
             .operation_id = "follow",
             .summary = "Follow somebody.",
             .auth = Auth::kAccount},
            follow),
      typed({.method = Method::kDelete,
             .path = "/api/v1/accounts/{handle}/follow",
             .operation_id = "unfollow",
             .summary = "Follow somebody no longer.",
             .auth = Auth::kAccount},
            unfollow),

      // Watching.
      typed({.method = Method::kGet,
             .path = "/api/v1/feeds/for_you",
             .operation_id = "getForYou",
             .summary = "The next page for this viewer, after everything up to after_offset.",
             .auth = Auth::kViewer},
            get_for_you),
      typed({.method = Method::kGet,
             .path = "/api/v1/feeds/latest",
             .operation_id = "getLatest",
             .summary = "The newest videos, the same for everybody."},
            get_latest),
      typed({.method = Method::kGet,
             .path = "/api/v1/feeds/following",
             .operation_id = "getFollowing",
             .summary = "The newest videos of the people one follows.",
             .auth = Auth::kAccount},
            get_following),
      typed({.method = Method::kGet,
             .path = "/api/v1/feeds/pages/{page_id}",
             .operation_id = "getPage",
             .summary = "The receipt of a ranked page: what decided each slot."},
            get_page),
      typed({.method = Method::kPost,
             .path = "/api/v1/events",
             .operation_id = "postEvents",
             .summary = "What the viewer did; durable when answered.",
             .auth = Auth::kViewer},
            post_events),

      typed({.method = Method::kGet,
             .path = "/api/v1/viewers/current/preferences",
             .operation_id = "getPreferences",
             .summary = "What this viewer has asked of their feed, as of all that is durable.",
             .auth = Auth::kViewer},
            get_preferences),
      typed({.method = Method::kPatch,
             .path = "/api/v1/viewers/current/preferences",
             .operation_id = "changePreferences",
             .summary = "Change what is named, and nothing else; durable when answered.",
             .auth = Auth::kViewer},
            change_preferences),
      typed({.method = Method::kPost,
             .path = "/api/v1/viewers/current/reset",
             .operation_id = "resetFeed",
             .summary = "Forget what the feed has learned; what was seen does not come again.",
             .auth = Auth::kViewer},
            reset_feed),

      // Making.
      raw({.method = Method::kOptions,
           .path = "/api/v1/uploads",
           .operation_id = "describeUploads",
           .summary = "What of tus this server speaks, and its largest upload."},
          none, describe_uploads,
          tus(204, "The protocol's version, extensions and limit.", {}, false)),
      raw({.method = Method::kPost,
           .path = "/api/v1/uploads",
           .operation_id = "createUpload",
           .summary = "Begin an upload (tus creation).",
           .auth = Auth::kAccount},
          none, create_upload,
          tus(201, "Made; its address is in Location.", {version, length, metadata}, false)),
      raw({.method = Method::kGet,
           .path = "/api/v1/uploads/{upload_id}",
           .operation_id = "getUpload",
           .summary = "How much of an upload is durable (tus asks with HEAD).",
           .auth = Auth::kAccount},
          none, get_upload, tus(204, "Upload-Offset says it.", {version}, false)),
      raw({.method = Method::kPatch,
           .path = "/api/v1/uploads/{upload_id}",
           .operation_id = "appendUpload",
           .summary = "Send a piece; durable when answered.",
           .auth = Auth::kAccount},
          pieces, append_upload,
          tus(204, "Upload-Offset says where it stands.", {version, offset}, true)),
      raw({.method = Method::kDelete,
           .path = "/api/v1/uploads/{upload_id}",
           .operation_id = "deleteUpload",
           .summary = "Give an upload up (tus termination).",
           .auth = Auth::kAccount},
          none, delete_upload, tus(204, "Gone.", {version}, false)),
      typed({.method = Method::kPost,
             .path = "/api/v1/videos",
             .operation_id = "createVideo",
             .summary = "Publish a complete upload; follow or poll the video until it is live or "
                        "refused.",
             .auth = Auth::kAccount,
             .status = 202},
            create_video),
      typed({.method = Method::kGet,
             .path = "/api/v1/videos/{video_id}",
             .operation_id = "getVideo",
             .summary = "A video; its progress while it is processed."},
            get_video),
      raw({.method = Method::kGet,
           .path = "/api/v1/videos/{video_id}/events",
           .operation_id = "followVideo",
           .summary = "The video whenever it changes, until it is live or refused.",
           .auth = Auth::kViewer},
          none, get_video_events,
          answers(200,
                  "Server-sent events: `video` with the video as its data, `gone` when it was "
                  "deleted. 429 when too many are open: poll instead.",
                  "text/event-stream")),
      typed({.method = Method::kDelete,
             .path = "/api/v1/videos/{video_id}",
             .operation_id = "deleteVideo",
             .summary = "Delete one's own video; work on it stops at once.",
             .auth = Auth::kAccount},
            delete_video),
      raw({.method = Method::kPut,
           .path = "/api/v1/videos/{video_id}/captions/{language}",
           .operation_id = "putCaptions",
           .summary = "Give one's own video captions in a language, in place of those it had.",
           .auth = Auth::kAccount},
          {http::BodyRule::Kind::kWhole, kCaptionsBodyBytesMax}, put_captions, takes_captions),
      raw({.method = Method::kGet,
           .path = "/api/v1/videos/{video_id}/captions/{language}",
           .operation_id = "getCaptions",
           .summary = "The captions in a language as they are now."},
          none, get_captions, answers(200, "WebVTT.", "text/vtt")),
      typed({.method = Method::kDelete,
             .path = "/api/v1/videos/{video_id}/captions/{language}",
             .operation_id = "deleteCaptions",
             .summary = "Remove the captions in a language.",
             .auth = Auth::kAccount},
            delete_captions),
      raw({.method = Method::kGet,
           .path = "/media/{video_id}/captions/{file}",
           .operation_id = "getCaptionsFile",
           .summary = "Captions as a video's `captions` and its HLS playlists name them."},
          none, get_captions_file, answers(200, "WebVTT, or a playlist.", "text/vtt")),
      raw({.method = Method::kGet,
           .path = "/media/{video_id}/{file}",
           .operation_id = "getMedia",
           .summary = "A rendition, poster or playlist: immutable, with ranges."},
          none, get_media, answers(200, "The bytes.", "application/octet-stream")),

      // The network and its operation.
      typed({.method = Method::kGet,
             .path = "/api/v1/operation/jobs",
             .operation_id = "listJobs",
             .summary =
                 "Every job that is not done: whose, how far, tried how often, what went wrong.",
             .auth = Auth::kAdmin},
            list_jobs),
      typed(
          {.method = Method::kDelete,
           .path = "/api/v1/operation/jobs/{job_id}",
           .operation_id = "cancelJob",
           .summary = "Call work off: a video in processing is refused, a live one stays as it is.",
           .auth = Auth::kAdmin},
          cancel_job),
      typed({.method = Method::kPost,
             .path = "/api/v1/operation/jobs/{job_id}/retry",
             .operation_id = "retryJob",
             .summary = "Try again now, without waiting; a failed job begins anew.",
             .auth = Auth::kAdmin},
            retry_job),
      typed({.method = Method::kGet,
             .path = "/api/v1/operation/storage",
             .operation_id = "getStorage",
             .summary = "What videos and uploads take up, in all and of the largest accounts.",
             .auth = Auth::kAdmin},
            get_storage),
      typed({.method = Method::kGet,
             .path = "/api/v1/network",
             .operation_id = "getNetwork",
             .summary = "What this network is called, and its limits."},
            get_network),
      raw({.method = Method::kGet,
           .path = "/api/openapi.json",
           .operation_id = "getOpenapi",
           .summary = "This document."},
          none, openapi, answers(200, "OpenAPI 3.1.", "application/json")),
      raw({.method = Method::kGet,
           .path = "/healthz",
           .operation_id = "healthz",
           .summary = "The process answers."},
          none, healthz, answers(200, "Alive.", "text/plain")),
      raw({.method = Method::kGet,
           .path = "/readyz",
           .operation_id = "readyz",
           .summary = "Requests can be served; how far the engines are."},
          none, readyz, answers(200, "Ready.", "text/plain")),
      raw({.method = Method::kGet,
           .path = "/metrics",
           .operation_id = "metrics",
           .summary = "Prometheus metrics."},
          none, metrics, answers(200, "Metrics.", "text/plain")),
      raw({.method = Method::kGet,
           .path = "/{path*}",
           .operation_id = "getStatic",
           .summary = "The web client."},
          none, get_static, nullptr),
  };
}

}  // namespace rondo::api
