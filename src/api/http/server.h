// The HTTP/1.1 server: sockets, parsing, limits, timeouts, zero-copy files. What a request means is
// the Service's business.
//
// One coroutine a connection, one io_context a thread; a connection never changes threads.
// Limits: headers 16 KiB, bodies as the service rules, connections, and a deadline on every wait:
// for the next request (60 s), for a request as a whole, and for each piece of a streamed body or
// file. A request that breaks a limit gets its status and the connection ends.
//
// Thread safe: start and stop from one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/http/message.h"
#include "base/clock.h"
#include "base/result.h"

namespace rondo::api::http {

struct BodyRule {
  enum class Kind { kWhole, kStream } kind = Kind::kWhole;
  uint64_t bytes_max = 0;
};

// Called on io threads: must not block.
class Service {
 public:
  virtual ~Service() = default;
  // From the head alone, before any byte of the body is read.
  virtual BodyRule body_rule(const Request& head) const = 0;
  // Answers every request; never throws.
  virtual runtime::Task<Response> handle(Request& request) = 0;
  // The answer to a request that the server itself refuses.
  virtual Response refuse(int status, std::string detail) const = 0;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 8080;
  int io_threads = 2;
  int connections_max = 4096;
  std::chrono::seconds request_max{30};
  bool trust_forwarded = false;
};

class Server {
 public:
  // Binds and listens; unavailable when the address cannot be had (the message says who may hold
  // it).
  static Result<std::unique_ptr<Server>> listen(const ServerOptions& options);
  ~Server();

  uint16_t port() const;
  // Starts to serve; the service must outlive the server.
  void start(Service& service);
  // Stops accepting, lets open requests end until the deadline, then closes what is left.
  void stop(base::Deadline deadline);
  int connections() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo::api::http
