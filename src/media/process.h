// One child process, run to its end within limits.
//
// The child gets no stdin, an environment of its own, a process group of its own, none of the
// parent's open files but `inherited_fds`, and default signal handling. It is nicer than
// this process by 10: who swipes comes before what is transcoded. Its resource limits are set
// between fork and exec, so they bind everything that it starts. The group ends with this process,
// kill -9 included.
//
// run_process blocks until the child is gone and nothing of its process group is left. It is thread
// safe; `on_stdout_line` is called on the calling thread. Errors: internal or unavailable when the
// child could not be started (the message names the program and the reason). How a started child
// ended is a value, never an Error.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rondo::media {

struct ProcessLimits {
  std::chrono::milliseconds wall_max{60'000};
  uint64_t cpu_seconds_max = 120;                 // a process, over all its threads
  uint64_t address_space_bytes_max = 3ull << 30;  // a process
  uint64_t file_bytes_max = 4ull << 30;           // any one file written
  uint64_t open_files_max = 128;
  size_t stdout_bytes_max = 4u << 20;   // captured; more ends the child (kOutputTooLong)
  size_t stderr_bytes_max = 32u << 10;  // the last so many bytes are kept
  size_t line_bytes_max = 4096;         // longer stdout lines are cut
};

struct ProcessSpec {
  std::vector<std::string> argv;         // argv[0] is an absolute path
  std::vector<std::string> environment;  // "NAME=value"
  std::filesystem::path directory;       // empty: the parent's
  std::vector<int> inherited_fds;        // stay open in the child under their numbers
  ProcessLimits limits;
  // When set, stdout goes here line by line and is not captured.
  std::function<void(std::string_view line)> on_stdout_line;
  std::stop_token stop;
};

enum class ProcessEnd {
  kExited,         // see exit_code
  kSignalled,      // see exit_code: the signal's number
  kTimedOut,       // killed at wall_max
  kCancelled,      // killed on request of the stop token
  kOutputTooLong,  // killed at stdout_bytes_max
};

struct ProcessResult {
  ProcessEnd end = ProcessEnd::kExited;
  int exit_code = 0;
  std::string out;
  std::string err;
  std::chrono::milliseconds wall{0};

  bool succeeded() const { return end == ProcessEnd::kExited && exit_code == 0; }
};

Result<ProcessResult> run_process(const ProcessSpec& spec);

}  // namespace rondo::media
