#include "support/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "support/http_client.h"

namespace rondo::bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(20);

// Media files never change: by hard link where that can be.
void copy_world(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    fs::path target = to / entry.path().filename();
    if (entry.is_directory()) {
      copy_world(entry.path(), target);
      continue;
    }
    auto extension = entry.path().extension();
    if (extension == ".mp4" || extension == ".jpg" || extension == ".m3u8") {
      std::error_code refused;
      fs::create_hard_link(entry.path(), target, refused);
      if (!refused) continue;
    }
    fs::copy_file(entry.path(), target);
  }
}

std::string tail_of(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  std::string all = text.str();
  return all.size() > 2000 ? "..." + all.substr(all.size() - 2000) : all;
}

// The port of the log line that says so; 0 while there is none.
uint16_t listening_port(const fs::path& log) {
  std::ifstream in(log);
  for (std::string line; std::getline(in, line);) {
    boost::json::error_code error;
    auto entry = boost::json::parse(line, error);
    if (error || !entry.is_object()) continue;
    const auto* message = entry.as_object().if_contains("message");
    if (message == nullptr || *message != "the server listens") continue;
    return entry.at("port").to_number<uint16_t>();
  }
  return 0;
}

}  // namespace

Result<Server> Server::start(const ServerOptions& options) {
  try {
    if (!options.world.empty() && !fs::exists(options.world)) {
      fmt::print(stderr, "making a demo world in {}, once: some minutes\n", options.world.string());
      fs::path making = options.world.string() + ".bench";
      fs::remove_all(making);
      {
        Server maker;
        maker.data_ = making;
        RD_CHECK(maker.launch(options.binary, true));
        RD_CHECK(maker.await_demo());
      }
      fs::rename(making, options.world);
    }
    Server server;
    server.data_ = options.scratch / fmt::format("data-{}", ::getpid());
    server.temporary_ = true;
    if (!options.world.empty()) copy_world(options.world, server.data_);
    RD_CHECK(server.launch(options.binary, false));
    return server;
  } catch (const fs::filesystem_error& error) {
    return internal(fmt::format("the demo world could not be copied: {}", error.what()));
  }
}

Server::Server(Server&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      port_(other.port_),
      data_(std::move(other.data_)),
      temporary_(std::exchange(other.temporary_, false)) {}

Server::~Server() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    auto deadline = steady_clock::now() + std::chrono::seconds(10);
    bool killed = false;
    while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
      if (!killed && steady_clock::now() > deadline) killed = ::kill(pid_, SIGKILL) == 0;
      std::this_thread::sleep_for(kPoll);
    }
  }
  std::error_code ignored;
  if (temporary_) fs::remove_all(data_, ignored);
}

Result<void> Server::launch(const fs::path& binary, bool demo) {
  fs::create_directories(data_);
  fs::path log = data_ / "bench.log";
  int log_file = ::open(log.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  if (log_file < 0) return internal("cannot write " + log.string());
  // Everything is made before the fork: after it only async-signal-safe calls are allowed.
  std::vector<std::string> arguments = {binary.string(),
                                        "serve",
                                        demo ? "--demo" : "--no-demo",
                                        "--data=" + data_.string(),
                                        "--server.address=127.0.0.1",
                                        "--server.port=0",
                                        "--log.format=json",
                                        "--limits.events_per_second=100000",
                                        "--limits.viewers_per_minute=100000",
                                        "--limits.sign_up_per_hour=100000"};
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(log_file, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(126);
  }
  ::close(log_file);
  if (pid_ < 0) return internal("fork failed");
  return await_listening();
}

Result<void> Server::await_listening() {
  fs::path log = data_ / "bench.log";
  auto deadline = steady_clock::now() + std::chrono::seconds(60);
  while (steady_clock::now() < deadline) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return unavailable(
          fmt::format("the server ended before it listened; its log:\n{}\nA demo world of another "
                      "version cannot be served: remove it, and it is made anew.",
                      tail_of(log)));
    }
    if (port_ == 0) port_ = listening_port(log);
    if (port_ != 0) {
      RD_TRY(auto client, HttpClient::connect(port_));
      RD_TRY(auto ready, client.get("/readyz", ""));
      if (ready.status == 200) return {};
    }
    std::this_thread::sleep_for(kPoll);
  }
  return unavailable("the server was not ready within 60 s; its log:\n" + tail_of(log));
}

Result<void> Server::await_demo() const {
  auto deadline = steady_clock::now() + std::chrono::minutes(20);
  while (steady_clock::now() < deadline) {
    RD_TRY(auto client, HttpClient::connect(port_));
    RD_TRY(auto answer, client.get("/api/v1/network", ""));
    boost::json::error_code error;
    auto network = boost::json::parse(answer.body, error);
    if (!error && network.is_object()) {
      const auto* demo = network.as_object().if_contains("demo");
      if (demo != nullptr && demo->at("state") == "ready") return {};
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  return unavailable("the demo world was not ready within 20 minutes");
}

}  // namespace rondo::bench
