// The sandbox around FFmpeg: one process a job, that sees nothing but what it is given.
//
// A command runs under bubblewrap in namespaces of its own (user, pid, network without interfaces,
// mount, ipc, uts, cgroup), as nobody, without capabilities, with the system call filter of
// seccomp_filter.h and resource limits. It sees, and nothing else (never the whole root):
//   /usr, /etc/alternatives (Debian's libav finds libblas through it), /lib* as links   read only
//   /dev/null, /dev/urandom;  /tmp: 64 MiB of memory
//   /in/source        the input file, read only            (when given)
//   /out              the output directory, the only place to write, the working directory
//
// Without bubblewrap a Sandbox refuses to run anything, unless `allow_unsandboxed` says that the
// operator accepts that; the limits then still hold, the isolation does not.
//
// Thread safe. Blocks while the command runs. Errors: unavailable with reason
// "sandbox_unavailable" (what is missing and the next step); internal. How the command itself ended
// is in the ProcessResult.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "media/process.h"

namespace rondo::media {

// What an argument is to say to mean the input file.
inline constexpr std::string_view kSandboxInput = "/in/source";

struct SandboxOptions {
  bool allow_unsandboxed = false;
  std::filesystem::path bwrap = "/usr/bin/bwrap";
};

struct SandboxCommand {
  std::string program;                 // below /usr/bin: "ffmpeg", "ffprobe"
  std::vector<std::string> arguments;  // without the program; outputs as relative names
  std::optional<std::filesystem::path> input;
  std::optional<std::filesystem::path> output_directory;
  ProcessLimits limits;
  uint64_t tasks_max = 128;  // threads
  std::function<void(std::string_view line)> on_stdout_line;
  std::stop_token stop;
};

class Sandbox {
 public:
  explicit Sandbox(SandboxOptions options) : options_(std::move(options)) {}

  // Whether commands can run here: starts ffprobe inside, once; the answer yes is remembered.
  Result<void> check() const;
  // Whether a command that runs is isolated (false: unsandboxed by the operator's choice).
  Result<bool> isolated() const;

  Result<ProcessResult> run(const SandboxCommand& command) const;

 private:
  Result<void> check_isolation() const;
  Result<ProcessResult> run_isolated(const SandboxCommand& command) const;
  Result<ProcessResult> run_bare(const SandboxCommand& command) const;

  const SandboxOptions options_;
  enum class State : int { kUnknown, kIsolated };
  mutable std::atomic<State> state_{State::kUnknown};
};

// Whether bubblewrap works here, as `rondo doctor` and the start-up log want to know it.
Result<void> check_sandbox();

}  // namespace rondo::media
