// For tests: this test program again, as a child that may be killed. Its main must look at argv:
//
//   int main(int argc, char** argv) {
//     if (argc > 1 && std::string_view(argv[1]) == "child") return child(argv + 2);
//     testing::InitGoogleTest(&argc, argv); return RUN_ALL_TESTS();
//   }
//
// The child's standard output comes back line by line. One thread at a time; the child is killed
// with its owner.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace rondo::base::testing {

class ChildProcess {
 public:
  // `environment` is added to this process's own: "NAME=value".
  ChildProcess(std::vector<std::string> arguments, std::vector<std::string> environment) {
    int pipe_ends[2];
    RD_ASSERT(::pipe2(pipe_ends, O_CLOEXEC) == 0);
    // Everything is made before the fork: after it only async-signal-safe calls are allowed.
    std::vector<char*> argv = {const_cast<char*>("/proc/self/exe"), const_cast<char*>("child")};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (std::string& variable : environment) envp.push_back(variable.data());
    for (char** variable = environ; *variable != nullptr; ++variable) envp.push_back(*variable);
    envp.push_back(nullptr);
    pid_ = ::fork();
    RD_ASSERT(pid_ >= 0);
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(pipe_ends[1], STDOUT_FILENO);
      ::execve(argv[0], argv.data(), envp.data());
      ::_exit(126);
    }
    ::close(pipe_ends[1]);
    output_ = pipe_ends[0];
  }
  ~ChildProcess() {
    if (pid_ > 0) {
      kill();
      wait();
    }
    ::close(output_);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The next line without its end; nullopt when the output has ended, or at the deadline.
  std::optional<std::string> read_line(std::chrono::steady_clock::time_point deadline) {
    for (;;) {
      if (size_t end = buffer_.find('\n', start_); end != std::string::npos) {
        std::string line = buffer_.substr(start_, end - start_);
        start_ = end + 1;
        return line;
      }
      buffer_.erase(0, start_);
      start_ = 0;
      auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() < 0) return std::nullopt;
      pollfd poll_for{output_, POLLIN, 0};
      if (::poll(&poll_for, 1, static_cast<int>(left.count())) <= 0) return std::nullopt;
      char bytes[65536];
      ssize_t got = ::read(output_, bytes, sizeof(bytes));
      if (got <= 0) return std::nullopt;  // a line that was cut off is no line
      buffer_.append(bytes, static_cast<size_t>(got));
    }
  }

  void kill() { ::kill(pid_, SIGKILL); }
  // Exit status, or 128 + signal.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string buffer_;
  size_t start_ = 0;
};

}  // namespace rondo::base::testing
