#include "api/handlers/captions.h"

#include "api/handlers/present.h"
#include "api/handlers/videos.h"
#include "api/http/conditions.h"
#include "api/services.h"
#include "blob/blob_store.h"
#include "catalogue/catalogue.h"
#include "media/hls.h"
#include "workflows/video_captions.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;

constexpr std::string_view kVtt = "text/vtt; charset=utf-8";
constexpr std::string_view kPlaylist = "application/vnd.apple.mpegurl";
constexpr std::string_view kMaster = "master-";
constexpr uint64_t kPlaylistBytesMax = 256 << 10;

struct Text {
  std::string body;
  std::string etag;
  std::string_view type;
  bool for_good = false;  // what is under this name never changes
};

http::Response text_response(const Context& context, Text text) {
  http::Response response;
  response.set("ETag", text.etag);
  response.set("Cache-Control",
               text.for_good ? "public, max-age=31536000, immutable" : "private, no-cache");
  if (http::holds_already(context.request.header("if-none-match"), text.etag)) {
    response.status = 304;
    return response;
  }
  response.set("Content-Type", std::string(text.type));
  response.body = std::move(text.body);
  return response;
}

bool is_vtt(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  for (char& c : type) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return type == "text/vtt";
}

std::string etag_of(VideoId video, const catalogue::CaptionTrack& track) {
  return "\"" + to_text(video) + "-" + track.language + "-" + track.version + "\"";
}

// "en-0123456789abcdef" -> "en", "0123456789abcdef".
std::pair<std::string, std::string> language_and_version(std::string_view name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string_view::npos) return {std::string(name), ""};
  return {std::string(name.substr(0, dash)), std::string(name.substr(dash + 1))};
}

// The stored playlist without captions, and those that there are now in it.
Result<Text> multivariant(Services& services, const catalogue::Video& video,
                          const std::string& file) {
  RD_TRY(const std::string plain,
         services.blobs.get("media/" + to_text(video.id) + "/" + file, kPlaylistBytesMax));
  std::vector<media::HlsSubtitles> subtitles;
  Text text;
  text.type = kPlaylist;
  text.etag = "\"" + to_text(video.id) + "-" + file;
  for (const catalogue::CaptionTrack& track : video.captions) {
    const std::string name = track.language + "-" + track.version;
    subtitles.push_back({track.language, name + ".m3u8"});
    text.etag += "-" + name;
  }
  text.etag += "\"";
  text.body = media::with_subtitles(plain, subtitles, "../");
  return text;
}

Result<Text> captions_file(Services& services, const catalogue::Video& video,
                           const std::string& file) {
  const bool live = video.state == catalogue::VideoState::kLive;
  const bool playlist = file.ends_with(".m3u8");
  if (playlist && live && file.starts_with(kMaster)) return multivariant(services, video, file);
  if (!playlist && !file.ends_with(".vtt")) return not_found("there is no such file");
  const auto [language, version] = language_and_version(file.substr(0, file.rfind('.')));
  RD_TRY(auto found, services.catalogue.captions(video.id, language));
  Text text;
  text.for_good = live && version == found.track.version;
  if (playlist) {
    const std::string vtt = found.track.language + "-" + found.track.version + ".vtt";
    text.type = kPlaylist;
    text.body = media::subtitles_playlist(video.media.duration_ms, vtt);
    text.etag = "\"" + to_text(video.id) + "-" + vtt + ".m3u8\"";
  } else {
    text.type = kVtt;
    text.body = std::move(found.body);
    text.etag = etag_of(video.id, found.track);
  }
  return text;
}

// `read` makes a Text of a video that whoever asks may see.
template <typename Read>
Task<http::Response> answer(Context& context, Read read) {
  Services& services = context.services;
  auto id = id_from_text<VideoId>(context.path.at(0));
  if (!id.ok()) co_return problem(no_such_video());
  auto find = [&services, id = *id, who = context.principal, name = context.path.at(1),
               read]() -> Result<Text> {
    RD_TRY(auto video, find_visible(services, id, who));
    return read(services, video, name);
  };
  auto text = co_await context.blocking(find);
  if (!text.ok()) {
    const ErrorCode code = text.error().code();
    const bool missing = code == ErrorCode::kNotFound || code == ErrorCode::kInvalid;
    co_return missing ? problem(404, "Not found", "there are no such captions")
                      : problem(text.error());
  }
  co_return text_response(context, std::move(*text));
}

}  // namespace

Task<http::Response> put_captions(Context& context) {
  Services& services = context.services;
  auto id = id_from_text<VideoId>(context.path.at(0));
  if (!id.ok()) co_return problem(no_such_video());
  if (!is_vtt(context.request.header("content-type"))) {
    co_return problem(415, "Unsupported media type",
                      "captions are WebVTT: send the file with Content-Type: text/vtt");
  }
  auto put = [&services, id = *id, who = *context.principal, language = context.path.at(1),
              body = std::move(context.request.body)]() -> Result<wire::GivenCaptions> {
    RD_TRY(auto given, services.captions.put(who, id, language, body));
    wire::CaptionTrack track = present(id, given.track);
    wire::GivenCaptions out{std::move(track.language), std::move(track.url), {}};
    if (!given.text_language.empty()) out.text_language = std::move(given.text_language);
    return out;
  };
  auto given = co_await context.blocking(put);
  if (!given.ok()) co_return problem(given.error());
  co_return json_response(200, json::write(*given));
}

Task<Result<Reply<None>>> delete_captions(Context& context, None, None) {
  Services& services = context.services;
  auto id = id_from_text<VideoId>(context.path.at(0));
  if (!id.ok()) co_return no_such_video();
  auto remove = [&services, id = *id, who = *context.principal, language = context.path.at(1)] {
    return services.captions.remove(who, id, language);
  };
  RD_CO_CHECK(co_await context.blocking(remove));
  co_return Reply<None>();
}

Task<http::Response> get_captions(Context& context) {
  return answer(context,
                [](Services& services, const catalogue::Video& video,
                   const std::string& language) -> Result<Text> {
                  RD_TRY(auto found, services.catalogue.captions(video.id, language));
                  return Text{std::move(found.body), etag_of(video.id, found.track), kVtt, false};
                });
}

Task<http::Response> get_captions_file(Context& context) { return answer(context, captions_file); }

}  // namespace rondo::api::handlers
