#include "api/http/wire.h"

#include <algorithm>
#include <cctype>
#include <ctime>

namespace rondo::api::http {
namespace {

namespace bhttp = boost::beast::http;

Method method_of(bhttp::verb verb) {
  switch (verb) {
    case bhttp::verb::get:
      return Method::kGet;
    case bhttp::verb::head:
      return Method::kHead;
    case bhttp::verb::post:
      return Method::kPost;
    case bhttp::verb::put:
      return Method::kPut;
    case bhttp::verb::patch:
      return Method::kPatch;
    case bhttp::verb::delete_:
      return Method::kDelete;
    case bhttp::verb::options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    size_t end = std::min(path.find('/', 1), path.size());
    std::string_view segment = path.substr(1, end - 1);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(end);
  }
  return false;
}

std::string date_header() {
  static thread_local time_t cached = 0;
  static thread_local char text[64];
  time_t now = ::time(nullptr);
  if (now != cached) {
    cached = now;
    tm parts{};
    ::gmtime_r(&now, &parts);
    ::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return text;
}

}  // namespace

Result<Request> to_request(const bhttp::request_header<>& head, std::string peer,
                           bool trust_forwarded) {
  Request request;
  request.method = method_of(head.method());
  std::string_view target(head.target().data(), head.target().size());
  size_t mark = target.find('?');
  RD_TRY(request.path, percent_decode(target.substr(0, mark), false));
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  if (!request.path.starts_with('/')) return invalid("the address has to begin with '/'");
  if (has_dot_segment(request.path)) return invalid("the address must not contain '.' or '..'");
  for (const auto& field : head) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  request.remote_address = std::move(peer);
  if (trust_forwarded) {
    // The last entry is what our own proxy saw.
    std::string_view forwarded = request.header("x-forwarded-for");
    size_t comma = forwarded.rfind(',');
    if (comma != std::string_view::npos) forwarded.remove_prefix(comma + 1);
    while (forwarded.starts_with(' ')) forwarded.remove_prefix(1);
    if (!forwarded.empty()) request.remote_address = forwarded.substr(0, 64);
  }
  return request;
}

std::string serialise_head(const Response& response, std::optional<uint64_t> content_length,
                           bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head +=
      std::string_view(bhttp::obsolete_reason(static_cast<bhttp::status>(response.status)).data(),
                       bhttp::obsolete_reason(static_cast<bhttp::status>(response.status)).size());
  head += "\r\nDate: " + date_header() + "\r\n";
  for (const auto& [name, value] : response.headers) {
    head += name;
    head += ": ";
    // A header value never ends the line early, whatever went into it.
    for (char c : value) head += (c == '\r' || c == '\n') ? ' ' : c;
    head += "\r\n";
  }
  if (content_length && response.status != 204 && response.status != 304) {
    head += "Content-Length: " + std::to_string(*content_length) + "\r\n";
  }
  head += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return head;
}

}  // namespace rondo::api::http
