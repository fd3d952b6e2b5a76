#include "media/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace rondo::media {
namespace {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~Fd() { reset(); }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read, write;
};

Error system_error(std::string_view what) {
  return base::internal(std::string(what) + ": " + std::strerror(errno));
}

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return system_error("pipe");
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

constexpr int kNicer = 10;  // than this process

// What the child needs, laid out before the fork: after it, in a process with threads, nothing may
// allocate.
struct ChildPlan {
  std::vector<char*> argv, environment;
  const char* directory = nullptr;
  std::array<std::pair<int, rlimit>, 5> limits;
  int out = -1, err = -1, failure = -1;
  const int* inherited = nullptr;
  size_t inherited_count = 0;
  pid_t parent = 0, group = 0;
};

[[noreturn]] void child(const ChildPlan& plan) {
  auto check = [&](bool ok) {
    if (ok) return;
    int code = errno;
    [[maybe_unused]] auto n = ::write(plan.failure, &code, sizeof code);
    ::_exit(127);
  };
  check(::setpgid(0, plan.group) == 0);
  // The child must not outlive the server, whatever kills it.
  check(::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
  if (::getppid() != plan.parent) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  check(::sigprocmask(SIG_SETMASK, &none, nullptr) == 0);
  // -1 may be the new niceness as well as an error, which raising it cannot have.
  [[maybe_unused]] const int niceness = ::nice(kNicer);
  for (int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGXFSZ, SIGXCPU}) {
    ::signal(signal, SIG_DFL);
  }
  int null = ::open("/dev/null", O_RDONLY);
  check(null >= 0 && ::dup2(null, STDIN_FILENO) >= 0);
  check(::dup2(plan.out, STDOUT_FILENO) >= 0 && ::dup2(plan.err, STDERR_FILENO) >= 0);
  check(::syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) == 0);
  for (size_t i = 0; i < plan.inherited_count; ++i) {
    check(::fcntl(plan.inherited[i], F_SETFD, 0) == 0);
  }
  if (plan.directory != nullptr) check(::chdir(plan.directory) == 0);
  for (const auto& [resource, limit] : plan.limits) {
    check(::setrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0);
  }
  ::execve(plan.argv[0], plan.argv.data(), plan.environment.data());
  check(false);
  ::_exit(127);
}

// The process group of a child. Its first process does nothing but wait for this one to end,
// however it ends, and then ends everybody in the group: the child's own children too, which the
// child's death alone leaves behind (bubblewrap that is killed while it starts leaves a half-made
// sandbox, waiting for ever).
class Group {
 public:
  Group() = default;
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() {
    if (leader_ <= 0) return;
    kill();
    while (::waitpid(leader_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  Result<void> start() {
    RD_TRY(Pipe life, make_pipe());
    const pid_t pid = ::fork();
    if (pid < 0) return system_error("fork");
    if (pid == 0) watch(life.read.get());
    ::setpgid(pid, pid);  // here and there: whichever comes first
    leader_ = pid;
    life_ = std::move(life.write);
    return {};
  }

  pid_t id() const { return leader_; }
  void kill() const { ::kill(-leader_, SIGKILL); }

 private:
  [[noreturn]] static void watch(int life) {
    ::setpgid(0, 0);
    // Nothing else of the parent's stays open here, above all not the other ends of pipes.
    if (::dup2(life, STDIN_FILENO) < 0) ::_exit(127);
    ::syscall(SYS_close_range, 1u, ~0u, 0u);
    char byte;
    while (::read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR) {
    }
    ::kill(0, SIGKILL);
    ::_exit(0);
  }

  pid_t leader_ = -1;
  Fd life_;  // only this process holds it open
};

// The child's stdout: kept whole or cut into lines.
class Output {
 public:
  explicit Output(const ProcessSpec& spec) : spec_(spec) {}

  // False when there is more than may be kept.
  bool take(std::string_view bytes) {
    if (!spec_.on_stdout_line) {
      if (kept_.size() + bytes.size() > spec_.limits.stdout_bytes_max) return false;
      kept_.append(bytes);
      return true;
    }
    for (char c : bytes) {
      if (c == '\n') {
        spec_.on_stdout_line(kept_);
        kept_.clear();
      } else if (kept_.size() < spec_.limits.line_bytes_max) {
        kept_.push_back(c);
      }
    }
    return true;
  }
  std::string finish() { return spec_.on_stdout_line ? std::string() : std::move(kept_); }

 private:
  const ProcessSpec& spec_;
  std::string kept_;
};

void keep_tail(std::string& text, std::string_view bytes, size_t bytes_max) {
  text.append(bytes);
  if (text.size() > 2 * bytes_max) text.erase(0, text.size() - bytes_max);
}

// One read; false at the end of the stream (or when there is nothing and the writer is gone).
template <typename Take>
bool pump(int fd, Take&& take) {
  std::array<char, 16384> buffer;
  ssize_t n = ::read(fd, buffer.data(), buffer.size());
  if (n > 0) {
    take(std::string_view(buffer.data(), static_cast<size_t>(n)));
    return true;
  }
  return n < 0 && (errno == EINTR || errno == EAGAIN);
}

bool readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

}  // namespace

Result<ProcessResult> run_process(const ProcessSpec& spec) {
  RD_ASSERT(!spec.argv.empty() && spec.argv[0].starts_with('/'));
  const auto start = std::chrono::steady_clock::now();
  const auto deadline = start + spec.limits.wall_max;

  RD_TRY(Pipe out, make_pipe());
  RD_TRY(Pipe err, make_pipe());
  RD_TRY(Pipe failure, make_pipe());
  Fd cancelled(::eventfd(0, EFD_CLOEXEC));
  if (!cancelled.open()) return system_error("eventfd");
  std::stop_callback on_stop(spec.stop, [&] {
    uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(cancelled.get(), &one, sizeof one);
  });

  Group group;
  RD_CHECK(group.start());
  const auto& limits = spec.limits;
  auto both = [](uint64_t value) { return rlimit{value, value}; };
  ChildPlan plan{
      .argv = pointers(spec.argv),
      .environment = pointers(spec.environment),
      .directory = spec.directory.empty() ? nullptr : spec.directory.c_str(),
      .limits = {{{RLIMIT_AS, both(limits.address_space_bytes_max)},
                  // Soft first, so that the program can say why it ends.
                  {RLIMIT_CPU, rlimit{limits.cpu_seconds_max, limits.cpu_seconds_max + 5}},
                  {RLIMIT_FSIZE, both(limits.file_bytes_max)},
                  {RLIMIT_NOFILE, both(limits.open_files_max)},
                  {RLIMIT_CORE, both(0)}}},
      .out = out.write.get(),
      .err = err.write.get(),
      .failure = failure.write.get(),
      .inherited = spec.inherited_fds.data(),
      .inherited_count = spec.inherited_fds.size(),
      .parent = ::getpid(),
      .group = group.id(),
  };
  const pid_t pid = ::fork();
  if (pid < 0) return system_error("fork");
  if (pid == 0) child(plan);
  ::setpgid(pid, group.id());  // here too: whichever comes first, a kill of the group finds it
  out.write.reset();
  err.write.reset();
  failure.write.reset();

  int exec_errno = 0;
  ssize_t got = 0;
  do {
    got = ::read(failure.read.get(), &exec_errno, sizeof exec_errno);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof exec_errno) {
    ::waitpid(pid, nullptr, 0);
    return base::unavailable("Cannot start " + spec.argv[0] + ": " + std::strerror(exec_errno) +
                             ".");
  }

  Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  ProcessResult result;
  Output output(spec);
  std::optional<ProcessEnd> killed;
  auto kill_group = [&](ProcessEnd why) {
    if (!killed) killed = why;
    group.kill();
  };
  if (!process.open()) kill_group(ProcessEnd::kCancelled);  // without it nothing can be awaited

  auto take_out = [&](std::string_view bytes) {
    if (!killed && !output.take(bytes)) kill_group(ProcessEnd::kOutputTooLong);
  };
  auto take_err = [&](std::string_view bytes) {
    keep_tail(result.err, bytes, limits.stderr_bytes_max);
  };
  bool ended = !process.open();
  while (!ended) {
    std::array<pollfd, 4> polled{{{process.get(), POLLIN, 0},
                                  {out.read.get(), POLLIN, 0},
                                  {err.read.get(), POLLIN, 0},
                                  {killed ? -1 : cancelled.get(), POLLIN, 0}}};
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    int wait_ms = killed ? -1 : static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
    int n = ::poll(polled.data(), polled.size(), wait_ms);
    if (n < 0 && errno != EINTR) kill_group(ProcessEnd::kCancelled);
    if (!killed && std::chrono::steady_clock::now() >= deadline) kill_group(ProcessEnd::kTimedOut);
    if (n <= 0) continue;
    if (polled[3].revents != 0) kill_group(ProcessEnd::kCancelled);
    if (polled[1].revents != 0 && !pump(out.read.get(), take_out)) out.read.reset();
    if (polled[2].revents != 0 && !pump(err.read.get(), take_err)) err.read.reset();
    ended = polled[0].revents != 0;
  }

  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  // Whatever the child left behind in its group goes with it; then what the pipes still hold.
  group.kill();
  while (out.read.open() && readable(out.read.get())) {
    if (!pump(out.read.get(), take_out)) out.read.reset();
  }
  while (err.read.open() && readable(err.read.get())) {
    if (!pump(err.read.get(), take_err)) err.read.reset();
  }

  if (result.err.size() > limits.stderr_bytes_max) {
    result.err.erase(0, result.err.size() - limits.stderr_bytes_max);
  }
  result.out = output.finish();
  result.wall = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  if (killed) {
    result.end = *killed;
  } else if (WIFSIGNALED(status)) {
    result.end = ProcessEnd::kSignalled;
    result.exit_code = WTERMSIG(status);
  } else {
    result.exit_code = WEXITSTATUS(status);
  }
  return result;
}

}  // namespace rondo::media
