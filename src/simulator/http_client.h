// A blocking HTTP/1.1 client over one keep-alive connection to a server on loopback: as little
// between the caller and the server as can be. Simulated viewers use it, and the benches.
//
// One thread at a time. Answers need a Content-Length (Rondo's JSON answers have one). Every wait
// ends after ten seconds, as unavailable; the client is of no use after an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rondo::simulator {

struct Answer {
  int status = 0;
  std::string body;
  std::string location;  // of what was made, where the answer says it
};

class HttpClient {
 public:
  static Result<HttpClient> connect(uint16_t port);
  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&& other) noexcept;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  // `token`: the bearer's; empty: none.
  Result<Answer> get(std::string_view target, std::string_view token);
  Result<Answer> post(std::string_view target, std::string_view token, std::string_view json);
  // Anything else: `fields` are whole lines of the head, each with its end ("A: b\r\n").
  Result<Answer> send(std::string_view method, std::string_view target, std::string_view token,
                      std::string_view fields, std::string_view body);

 private:
  explicit HttpClient(int socket) : socket_(socket) {}
  Result<Answer> exchange(std::string_view request);
  // At least one more byte into buffer_.
  Result<void> receive();

  int socket_ = -1;
  std::string buffer_;  // received, not yet part of an answer
};

}  // namespace rondo::simulator
