#include "api/http/static_files.h"

#include <zlib.h>

#include <fstream>
#include <sstream>

#include "api/http/conditions.h"
#include "api/route.h"
#include "base/bytes.h"
#include "base/hash.h"

namespace rondo::api::http {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kTotalBytesMax = 32 << 20;

// The page runs its own scripts and styles, plays its own media, and talks to its own server.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; worker-src 'self' blob:; "
    "style-src 'self'; script-src 'self'; connect-src 'self'";

std::string type_of(const fs::path& path) {
  static const std::map<std::string, std::string> kTypes = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".webp", "image/webp"},
      {".woff2", "font/woff2"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".map", "application/json"},
      {".txt", "text/plain; charset=utf-8"},
  };
  auto it = kTypes.find(path.extension().string());
  return it != kTypes.end() ? it->second : "application/octet-stream";
}

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  RD_ASSERT(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  RD_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

Result<StaticFiles> StaticFiles::load(const fs::path& folder) {
  StaticFiles out;
  uint64_t total = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    if (!it->is_regular_file()) continue;
    std::string name = fs::relative(it->path(), folder).generic_string();
    if (name.starts_with('.')) continue;
    std::ifstream in(it->path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    total += text.view().size();
    if (total > kTotalBytesMax) return invalid("the web client is larger than 32 MiB");
    File file;
    file.bytes = std::make_shared<const std::string>(std::move(text).str());
    file.type = type_of(it->path());
    file.etag = "\"" + base::to_hex(base::as_bytes(base::sha256(*file.bytes))).substr(0, 24) + "\"";
    file.immutable = name.starts_with("assets/");
    if (file.bytes->size() > 512) {
      auto smaller = gzip(*file.bytes);
      if (smaller.size() < file.bytes->size() * 9 / 10) {
        file.gzip = std::make_shared<const std::string>(std::move(smaller));
      }
    }
    out.files_.emplace(std::move(name), std::move(file));
  }
  if (!out.files_.contains("index.html")) {
    return invalid("there is no built web client at " + folder.string() +
                   "; build it with scripts/web, or say where it is with --server.web");
  }
  return out;
}

Response StaticFiles::respond(const Request& request, const std::string& path) const {
  auto it = files_.find(path.empty() ? "index.html" : path);
  if (it == files_.end()) {
    std::string_view last = std::string_view(path).substr(path.rfind('/') + 1);
    // "@handle" may have a dot in it.
    bool is_page = last.find('.') == std::string_view::npos || last.starts_with('@');
    if (!is_page) return problem(404, "Not found", "there is no such file");
    it = files_.find("index.html");
  }
  const File& file = it->second;
  Response response;
  response.set("Content-Type", file.type);
  response.set("ETag", file.etag);
  response.set("Cache-Control",
               file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.set("Vary", "Accept-Encoding");
  if (it->first == "index.html") {
    response.set("Content-Security-Policy", std::string(kContentSecurityPolicy));
    response.set("Referrer-Policy", "same-origin");
    response.set("Cross-Origin-Opener-Policy", "same-origin");
    response.set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=()");
  }
  if (holds_already(request.header("if-none-match"), file.etag)) {
    response.status = 304;
    return response;
  }
  bool takes_gzip = request.header("accept-encoding").find("gzip") != std::string_view::npos;
  if (file.gzip && takes_gzip) {
    response.shared_body = file.gzip;
    response.set("Content-Encoding", "gzip");
  } else {
    response.shared_body = file.bytes;
  }
  return response;
}

}  // namespace rondo::api::http
