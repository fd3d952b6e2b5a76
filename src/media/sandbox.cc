#include "media/sandbox.h"

#include <unistd.h>

#include <algorithm>

#include "media/seccomp_filter.h"

namespace rondo::media {
namespace fs = std::filesystem;
namespace {

const std::vector<std::string> kEnvironment = {"PATH=/usr/bin", "LANG=C.UTF-8", "HOME=/tmp",
                                               "MALLOC_ARENA_MAX=2"};

Error sandbox_unavailable(std::string message) {
  return base::unavailable(std::move(message)).with_reason("sandbox_unavailable");
}

Result<fs::path> program_path(const std::string& name) {
  fs::path path = fs::path("/usr/bin") / name;
  std::error_code code;
  if (!fs::exists(path, code)) {
    return sandbox_unavailable("Videos cannot be processed: " + path.string() +
                               " is missing. Install it (apt-get install ffmpeg).");
  }
  return path;
}

// /lib and its like as this machine has them: links into /usr, or directories of their own.
void bind_library_folders(std::vector<std::string>& argv) {
  for (const char* name : {"/bin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code code;
    if (fs::is_symlink(name, code)) {
      argv.insert(argv.end(), {"--symlink", fs::read_symlink(name, code).string(), name});
    } else if (fs::is_directory(name, code)) {
      argv.insert(argv.end(), {"--ro-bind", name, name});
    }
  }
}

// Why bubblewrap could not start, in words, from what it said.
std::string next_step(std::string_view said) {
  auto has = [&](std::string_view text) { return said.find(text) != std::string_view::npos; };
  if (has("namespace") || has("uid map") || has("clone") || has("max_user_namespaces")) {
    return "This system does not let Rondo make user namespaces. On the machine itself: sysctl "
           "kernel.unprivileged_userns_clone=1 (Debian), user.max_user_namespaces=10000, or "
           "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu). In a container: allow it "
           "nested namespaces (Docker: --security-opt seccomp=unconfined --security-opt "
           "systempaths=unconfined).";
  }
  return "Run the same by hand to see more: bwrap --unshare-all --ro-bind / / true.";
}

std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  auto at = text.rfind('\n');
  return std::string(at == std::string_view::npos ? text : text.substr(at + 1));
}

struct OwnedFd {
  int fd;
  ~OwnedFd() { ::close(fd); }
};

}  // namespace

Result<ProcessResult> Sandbox::run_isolated(const SandboxCommand& command) const {
  RD_TRY(fs::path program, program_path(command.program));
  RD_TRY(int filter, make_seccomp_filter());
  OwnedFd owned{filter};

  std::vector<std::string> argv = {options_.bwrap.string()};
  auto add = [&](std::initializer_list<std::string> arguments) {
    argv.insert(argv.end(), arguments);
  };
  add({"--unshare-all", "--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534",
       "--hostname", "rondo", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"});
  for (const auto& variable : kEnvironment) {
    auto at = variable.find('=');
    add({"--setenv", variable.substr(0, at), variable.substr(at + 1)});
  }
  add({"--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives"});
  bind_library_folders(argv);
  add({"--dev-bind", "/dev/null", "/dev/null", "--dev-bind", "/dev/urandom", "/dev/urandom",
       "--size", "67108864", "--tmpfs", "/tmp"});
  if (command.input) {
    add({"--ro-bind", fs::absolute(*command.input).string(), std::string(kSandboxInput)});
  }
  if (command.output_directory) {
    add({"--bind", fs::absolute(*command.output_directory).string(), "/out", "--chdir", "/out"});
  } else {
    add({"--chdir", "/tmp"});
  }
  add({"--seccomp", std::to_string(filter), "--"});
  // Counted within the user namespace, so it has to be set inside.
  add({"/usr/bin/prlimit", "--nproc=" + std::to_string(command.tasks_max), "--", program.string()});
  argv.insert(argv.end(), command.arguments.begin(), command.arguments.end());

  ProcessSpec spec;
  spec.argv = std::move(argv);
  spec.environment = kEnvironment;
  spec.inherited_fds = {filter};
  spec.limits = command.limits;
  spec.on_stdout_line = command.on_stdout_line;
  spec.stop = command.stop;
  RD_TRY(ProcessResult result, run_process(spec));
  if (result.end == ProcessEnd::kExited && result.exit_code == 1 &&
      result.err.starts_with("bwrap: ")) {
    return sandbox_unavailable("The sandbox could not be set up: " + last_line(result.err) + ". " +
                               next_step(result.err));
  }
  // bubblewrap reports a command killed by signal n as exit code 128 + n.
  if (result.end == ProcessEnd::kExited && result.exit_code > 128 && result.exit_code < 128 + 65) {
    result.end = ProcessEnd::kSignalled;
    result.exit_code -= 128;
  }
  return result;
}

Result<ProcessResult> Sandbox::run_bare(const SandboxCommand& command) const {
  RD_TRY(fs::path program, program_path(command.program));
  ProcessSpec spec;
  spec.argv = {program.string()};
  for (const auto& argument : command.arguments) {
    bool input = argument == kSandboxInput && command.input;
    spec.argv.push_back(input ? fs::absolute(*command.input).string() : argument);
  }
  spec.environment = kEnvironment;
  spec.directory = command.output_directory ? *command.output_directory : fs::path("/");
  spec.limits = command.limits;
  spec.on_stdout_line = command.on_stdout_line;
  spec.stop = command.stop;
  return run_process(spec);
}

Result<void> Sandbox::check_isolation() const {
  std::error_code code;
  if (!fs::exists(options_.bwrap, code)) {
    return sandbox_unavailable("Videos cannot be processed safely: " + options_.bwrap.string() +
                               " is missing. Install it (apt-get install bubblewrap), or set "
                               "media.allow_unsandboxed = true to do without isolation.");
  }
  SandboxCommand command;
  command.program = "ffprobe";
  command.arguments = {"-hide_banner", "-version"};
  command.limits.wall_max = std::chrono::seconds(20);
  constexpr std::string_view kOtherwise =
      " Or set media.allow_unsandboxed = true to do without isolation.";
  auto ran = run_isolated(command);
  if (!ran.ok()) {
    return sandbox_unavailable("Videos cannot be processed safely. " + ran.error().message() +
                               std::string(kOtherwise));
  }
  if (ran->succeeded() && ran->out.starts_with("ffprobe version")) return {};
  return sandbox_unavailable(
      "Videos cannot be processed safely: ffprobe does not run in the "
      "sandbox (" +
      last_line(ran->err) + ")." + std::string(kOtherwise));
}

Result<bool> Sandbox::isolated() const {
  if (state_.load() == State::kIsolated) return true;
  auto checked = check_isolation();
  if (checked.ok()) {
    state_ = State::kIsolated;
    return true;
  }
  if (!options_.allow_unsandboxed) return std::move(checked).error();
  if (auto program = program_path("ffprobe"); !program.ok()) return std::move(program).error();
  return false;
}

Result<void> Sandbox::check() const {
  RD_TRY([[maybe_unused]] bool answer, isolated());
  return {};
}

Result<ProcessResult> Sandbox::run(const SandboxCommand& command) const {
  RD_TRY(bool inside, isolated());
  return inside ? run_isolated(command) : run_bare(command);
}

Result<void> check_sandbox() { return Sandbox(SandboxOptions{}).check(); }

}  // namespace rondo::media
