#include "simulator/http_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace rondo::simulator {
namespace {

constexpr size_t kHeadBytesMax = 65'536;
constexpr size_t kBodyBytesMax = 16 << 20;

Error failed(const char* what) {
  return unavailable(fmt::format("{}: {}", what, std::strerror(errno)));
}

// What a head says under `name`; nothing when it does not.
std::optional<std::string_view> field(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        strncasecmp(line.data(), name.data(), name.size()) != 0) {
      continue;
    }
    line.remove_prefix(name.size() + 1);
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
    return line;
  }
  return std::nullopt;
}

// Of the body that follows a head; corrupt when it does not say.
Result<size_t> body_length(std::string_view head, int status) {
  if (status == 204) return size_t{0};
  size_t length = 0;
  if (const auto said = field(head, "content-length")) {
    auto [end, error] = std::from_chars(said->data(), said->data() + said->size(), length);
    if (error == std::errc() && length <= kBodyBytesMax) return length;
  }
  return corrupt("the answer has no Content-Length that can be read");
}

}  // namespace

Result<HttpClient> HttpClient::connect(uint16_t port) {
  HttpClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (client.socket_ < 0) return failed("socket");
  timeval limit{.tv_sec = 10, .tv_usec = 0};
  int on = 1;
  ::setsockopt(client.socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(client.socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  ::setsockopt(client.socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(client.socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
    return failed("connect");
  }
  return client;
}

HttpClient::HttpClient(HttpClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}

HttpClient& HttpClient::operator=(HttpClient&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

HttpClient::~HttpClient() {
  if (socket_ >= 0) ::close(socket_);
}

Result<Answer> HttpClient::get(std::string_view target, std::string_view token) {
  return send("GET", target, token, "", "");
}

Result<Answer> HttpClient::post(std::string_view target, std::string_view token,
                                std::string_view json) {
  return send("POST", target, token, "Content-Type: application/json\r\n", json);
}

Result<Answer> HttpClient::send(std::string_view method, std::string_view target,
                                std::string_view token, std::string_view fields,
                                std::string_view body) {
  std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n", method, target);
  if (!token.empty()) request += fmt::format("Authorization: Bearer {}\r\n", token);
  request += fields;
  if (method != "GET") request += fmt::format("Content-Length: {}\r\n", body.size());
  request += "\r\n";
  request += body;
  return exchange(request);
}

Result<Answer> HttpClient::exchange(std::string_view request) {
  while (!request.empty()) {
    ssize_t sent = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return failed("send");
    request.remove_prefix(static_cast<size_t>(sent));
  }
  size_t head_end;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (buffer_.size() > kHeadBytesMax) return corrupt("the answer's head is too long");
    RD_CHECK(receive());
  }
  std::string_view head(buffer_.data(), head_end + 2);
  Answer answer;
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 12) return corrupt("this is not HTTP/1.1");
  auto [end, error] = std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  if (error != std::errc()) return corrupt("the answer has no status");
  answer.location = field(head, "location").value_or("");
  RD_TRY(size_t length, body_length(head, answer.status));
  size_t total = head_end + 4 + length;
  while (buffer_.size() < total) RD_CHECK(receive());
  answer.body = buffer_.substr(head_end + 4, length);
  buffer_.erase(0, total);
  return answer;
}

Result<void> HttpClient::receive() {
  char bytes[65'536];
  ssize_t got;
  do {
    got = ::recv(socket_, bytes, sizeof(bytes), 0);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return unavailable("the server closed the connection");
  if (got < 0) return failed("recv");
  buffer_.append(bytes, static_cast<size_t>(got));
  return {};
}

}  // namespace rondo::simulator
