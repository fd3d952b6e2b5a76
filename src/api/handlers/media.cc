#include "api/handlers/media.h"

#include "api/http/conditions.h"
#include "api/http/ranges.h"
#include "api/http/static_files.h"
#include "api/services.h"
#include "blob/blob_store.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;

constexpr uint64_t kCopiedBytesMax = 8 << 20;

std::string_view type_of(std::string_view file) {
  if (file.ends_with(".mp4")) return "video/mp4";
  if (file.ends_with(".jpg")) return "image/jpeg";
  if (file.ends_with(".m3u8")) return "application/vnd.apple.mpegurl";
  return "application/octet-stream";
}

struct Found {
  std::shared_ptr<http::OpenFile> file;  // null: the store has no local files
  uint64_t size = 0;
};

}  // namespace

Task<http::Response> get_media(Context& context) {
  Services& services = context.services;
  auto video = id_from_text<VideoId>(context.path.at(0));
  if (!video.ok()) co_return problem(404, "Not found", "there is no such video");
  const std::string& file = context.path.at(1);
  std::string key = "media/" + to_text(*video) + "/" + file;
  auto open = [&services, key]() -> Result<Found> {
    Found found;
    if (auto path = services.blobs.local_path(key)) {
      RD_TRY(found.file, http::OpenFile::open(path->string()));
      found.size = found.file->size_bytes();
    } else {
      RD_TRY(auto info, services.blobs.stat(key));
      found.size = info.size_bytes;
    }
    return found;
  };
  auto found = co_await context.blocking(open);
  if (!found.ok()) {
    bool missing =
        found.error().code() == ErrorCode::kNotFound || found.error().code() == ErrorCode::kInvalid;
    co_return missing ? problem(404, "Not found", "there is no such file") : problem(found.error());
  }
  // What is under a key never changes, so its name is its version.
  std::string etag = "\"" + to_text(*video) + "-" + file + "\"";
  http::Response response;
  response.set("ETag", etag);
  response.set("Cache-Control", "public, max-age=31536000, immutable");
  if (http::holds_already(context.request.header("if-none-match"), etag)) {
    response.status = 304;
    co_return response;
  }
  response.set("Accept-Ranges", "bytes");
  response.set("Content-Type", std::string(type_of(file)));
  std::string_view if_range = context.request.header("if-range");
  auto wanted = if_range.empty() || if_range == etag
                    ? http::parse_range(context.request.header("range"), found->size)
                    : http::RangeRequest{};
  http::Range range{0, found->size};
  if (wanted.kind == http::RangeRequest::Kind::kUnsatisfiable) {
    response = problem(416, "Range not satisfiable",
                       "the file has " + std::to_string(found->size) + " bytes");
    response.set("Content-Range", "bytes */" + std::to_string(found->size));
    co_return response;
  }
  if (wanted.kind == http::RangeRequest::Kind::kPart) {
    range = wanted.range;
    response.status = 206;
    response.set("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                      std::to_string(range.first + range.length - 1) + "/" +
                                      std::to_string(found->size));
  }
  if (found->file) {
    response.file = http::FileBody{found->file, range.first, range.length};
    co_return response;
  }
  // A store without local files: the part is copied, at most so much at a time.
  if (range.length > kCopiedBytesMax) {
    range.length = kCopiedBytesMax;
    response.status = 206;
    std::erase_if(response.headers, [](const auto& h) { return h.first == "Content-Range"; });
    response.set("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                      std::to_string(range.first + range.length - 1) + "/" +
                                      std::to_string(found->size));
  }
  auto read = [&services, key, range] {
    return services.blobs.get_range(key, {range.first, range.length});
  };
  auto bytes = co_await context.blocking(read);
  if (!bytes.ok()) co_return problem(bytes.error());
  response.body = std::move(bytes).value();
  co_return response;
}

Task<http::Response> get_static(Context& context) {
  const std::string& path = context.path.at(0);
  // What looks like the API but is none must not answer with a page.
  if (path.starts_with("api/") || path.starts_with("media/")) {
    co_return problem(404, "Not found", "there is nothing at this address");
  }
  if (context.services.static_files == nullptr) {
    co_return problem(404, "Not found", "this server was started without the web client");
  }
  co_return context.services.static_files->respond(context.request, path);
}

}  // namespace rondo::api::handlers
