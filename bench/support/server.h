// The real `rondo serve` on a free port of loopback, with a data folder of its own: a copy of a
// demo world, or empty. Rate limits are raised, since all viewers of a bench come from one address.
//
// One thread at a time. The server is the destructor's to end (SIGTERM, by its pid; SIGKILL after
// ten seconds), the folder's copy is removed with it; should the bench itself die, the kernel ends
// the server.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace rondo::bench {

struct ServerOptions {
  std::filesystem::path binary;   // rondo
  std::filesystem::path world;    // a demo world's data folder; made when it is not there; "": none
  std::filesystem::path scratch;  // where the copy goes; on the disk that is to be measured
};

class Server {
 public:
  // unavailable, with the end of the server's log, when it does not come up.
  static Result<Server> start(const ServerOptions& options);
  Server(Server&& other) noexcept;
  Server& operator=(Server&&) = delete;
  ~Server();

  uint16_t port() const { return port_; }
  const std::filesystem::path& data() const { return data_; }

 private:
  Server() = default;
  Result<void> launch(const std::filesystem::path& binary, bool demo);
  Result<void> await_listening();
  Result<void> await_demo() const;

  pid_t pid_ = -1;
  uint16_t port_ = 0;
  std::filesystem::path data_;
  bool temporary_ = false;
};

}  // namespace rondo::bench
