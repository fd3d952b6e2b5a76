#include "api/handlers/uploads.h"

#include <array>
#include <charconv>
#include <ctime>

#include "api/handlers/present.h"
#include "api/services.h"
#include "base/bytes.h"
#include "media/ingest.h"
#include "workflows/storage_use.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;

constexpr std::string_view kVersion = "1.0.0";
constexpr size_t kChunkBytes = 256 << 10;

http::Response tus(http::Response response) {
  response.set("Tus-Resumable", std::string(kVersion));
  return response;
}

http::Response tus_problem(const Error& error) { return tus(problem(error)); }

http::Response status_only(int status) {
  http::Response response;
  response.status = status;
  response.set("Cache-Control", "no-store");
  return tus(std::move(response));
}

std::string http_date(base::WallTime time) {
  time_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  ::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

std::optional<http::Response> refuse_version(const http::Request& request) {
  std::string_view version = request.header("tus-resumable");
  if (version == kVersion) return std::nullopt;
  auto response = problem(412, "Unsupported version",
                          version.empty() ? "the header Tus-Resumable: 1.0.0 is missing"
                                          : "this server speaks tus 1.0.0");
  response.set("Tus-Version", std::string(kVersion));
  return tus(std::move(response));
}

Result<uint64_t> number_header(const http::Request& request, std::string_view name) {
  std::string_view text = request.header(name);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return json::refused(std::string(name), "malformed",
                         "the header " + std::string(name) + " has to be a whole number");
  }
  return value;
}

// "filename d29ybGQ=,filetype dmlkZW8vbXA0": keys and base64 values.
Result<std::string> metadata_value(std::string_view header, std::string_view wanted) {
  while (!header.empty()) {
    std::string_view item = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), item.size() + 1));
    while (item.starts_with(' ')) item.remove_prefix(1);
    size_t space = item.find(' ');
    if (item.substr(0, space) != wanted) continue;
    if (space == std::string_view::npos) return std::string();
    auto value = base::from_base64(item.substr(space + 1));
    if (!value.ok()) {
      return json::refused("Upload-Metadata", "malformed",
                           "Upload-Metadata: " + value.error().message());
    }
    return std::move(value).value();
  }
  return std::string();
}

void set_state(http::Response& response, const media::Upload& upload) {
  response.set("Upload-Offset", std::to_string(upload.offset));
  if (upload.state != media::UploadState::kClaimed) {
    response.set("Upload-Expires", http_date(upload.expires));
  }
}

}  // namespace

Task<http::Response> describe_uploads(Context& context) {
  http::Response response = status_only(204);
  response.set("Tus-Version", std::string(kVersion));
  response.set("Tus-Extension", "creation,termination,expiration");
  response.set("Tus-Max-Size", std::to_string(context.services.config.uploads.size_mib_max << 20));
  co_return response;
}

Task<http::Response> create_upload(Context& context) {
  Services& services = context.services;
  if (auto refusal = refuse_version(context.request)) co_return std::move(*refusal);
  if (std::string reason = services.uploads_closed(); !reason.empty()) {
    co_return tus_problem(unavailable(std::move(reason)).with_reason("uploads_closed"));
  }
  media::NewUpload wanted;
  wanted.owner = context.principal->account;
  auto length = number_header(context.request, "upload-length");
  if (!length.ok()) co_return tus_problem(length.error());
  wanted.length = *length;
  std::string_view metadata = context.request.header("upload-metadata");
  auto filename = metadata_value(metadata, "filename");
  if (!filename.ok()) co_return tus_problem(filename.error());
  auto filetype = metadata_value(metadata, "filetype");
  if (!filetype.ok()) co_return tus_problem(filetype.error());
  wanted.filename = std::move(*filename);
  wanted.filetype = std::move(*filetype);
  auto create = [&services, wanted]() -> Result<media::Upload> {
    RD_CHECK(services.storage.admit(wanted.owner, wanted.length));
    return services.uploads.create_upload(wanted);
  };
  auto upload = co_await context.blocking(create);
  if (!upload.ok()) co_return tus_problem(upload.error());
  http::Response response = status_only(201);
  response.set("Location", "/api/v1/uploads/" + to_text(upload->id));
  set_state(response, *upload);
  co_return response;
}

Task<http::Response> get_upload(Context& context) {
  Services& services = context.services;
  if (auto refusal = refuse_version(context.request)) co_return std::move(*refusal);
  auto id = id_from_text<UploadId>(context.path.at(0));
  if (!id.ok()) co_return tus_problem(not_found("there is no such upload"));
  auto find = [&services, id = *id, owner = context.principal->account] {
    return services.uploads.find(id, owner);
  };
  auto upload = co_await context.blocking(find);
  if (!upload.ok()) co_return tus_problem(upload.error());
  http::Response response = status_only(200);
  set_state(response, *upload);
  response.set("Upload-Length", std::to_string(upload->length));
  co_return response;
}

Task<http::Response> append_upload(Context& context) {
  Services& services = context.services;
  if (auto refusal = refuse_version(context.request)) co_return std::move(*refusal);
  if (context.request.header("content-type") != "application/offset+octet-stream") {
    co_return tus(problem(415, "Unsupported media type",
                          "a piece is sent as application/offset+octet-stream"));
  }
  auto id = id_from_text<UploadId>(context.path.at(0));
  if (!id.ok()) co_return tus_problem(not_found("there is no such upload"));
  auto offset = number_header(context.request, "upload-offset");
  if (!offset.ok()) co_return tus_problem(offset.error());
  auto open = [&services, id = *id, owner = context.principal->account,
               offset = *offset]() -> Result<std::shared_ptr<media::Appender>> {
    RD_TRY(auto appender, services.uploads.open_append(id, owner, offset));
    return std::make_shared<media::Appender>(std::move(appender));
  };
  auto opened = co_await context.blocking(open);
  if (!opened.ok()) co_return tus_problem(opened.error());
  std::shared_ptr<media::Appender> appender = std::move(*opened);
  std::optional<Error> failure;
  auto chunk = std::make_shared<std::string>(kChunkBytes, '\0');
  while (!failure) {
    size_t filled = 0;
    while (filled < kChunkBytes) {
      auto size =
          co_await context.request.stream->read_some(chunk->data() + filled, kChunkBytes - filled);
      if (!size.ok()) {
        failure = std::move(size).error();
        break;
      }
      if (*size == 0) break;
      filled += *size;
    }
    if (filled > 0) {
      auto write = [appender, chunk, filled] {
        return appender->write(std::string_view(*chunk).substr(0, filled));
      };
      auto written = co_await context.blocking(write);
      if (!written.ok()) failure = std::move(written).error();
    }
    if (filled < kChunkBytes) break;
  }
  // Also when something went wrong: what has come is made durable, to be resumed from.
  auto finish = [appender, failure]() -> Result<media::Upload> {
    auto upload = appender->finish();
    if (failure) return *failure;
    return upload;
  };
  auto upload = co_await context.blocking(finish);
  if (!upload.ok()) co_return tus_problem(upload.error());
  http::Response response = status_only(204);
  set_state(response, *upload);
  co_return response;
}

Task<http::Response> delete_upload(Context& context) {
  Services& services = context.services;
  if (auto refusal = refuse_version(context.request)) co_return std::move(*refusal);
  auto id = id_from_text<UploadId>(context.path.at(0));
  if (!id.ok()) co_return tus_problem(not_found("there is no such upload"));
  auto terminate = [&services, id = *id, owner = context.principal->account] {
    return services.uploads.terminate(id, owner);
  };
  auto done = co_await context.blocking(terminate);
  if (!done.ok()) co_return tus_problem(done.error());
  co_return status_only(204);
}

Task<Result<Reply<wire::StorageUse>>> get_own_storage(Context& context, None, None) {
  Services& services = context.services;
  auto sum = [&services, owner = context.principal->account] { return services.storage.of(owner); };
  RD_CO_TRY(const workflows::StorageUse use, co_await context.blocking(sum));
  Reply<wire::StorageUse> reply;
  reply.body = present(use);
  co_return reply;
}

}  // namespace rondo::api::handlers
