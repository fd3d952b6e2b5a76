#include "media/sandbox.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "media/test_support.h"

namespace rondo::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

SandboxCommand command(std::string program, std::vector<std::string> arguments) {
  SandboxCommand out;
  out.program = std::move(program);
  out.arguments = std::move(arguments);
  out.limits.wall_max = seconds(20);
  return out;
}

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    if (auto ok = sandbox_.check(); !ok.ok()) {
      GTEST_SKIP() << "left out: the sandbox: " << ok.error().message();
    }
  }
  ProcessResult run(const SandboxCommand& c) {
    auto result = sandbox_.run(c);
    EXPECT_TRUE(result.ok()) << result.error().describe();
    return std::move(*result);
  }
  Sandbox sandbox_{SandboxOptions{}};
};

TEST_F(SandboxTest, SeesOnlyWhatItIsGiven) {
  ScratchFolder scratch;
  write_file(scratch / "given", "hello");
  write_file(scratch / "secret", "canary");
  auto c = command("ls", {"-A", "/", "/in", "/etc", "/dev"});
  c.input = scratch / "given";
  auto listing = run(c);
  EXPECT_TRUE(listing.succeeded()) << listing.err;
  EXPECT_THAT(listing.out, HasSubstr("source"));
  for (const char* absent : {"home", "root", "proc", "work", "passwd", "secret"}) {
    EXPECT_THAT(listing.out, Not(HasSubstr(absent))) << absent;
  }
  c = command("cat", {"/in/source"});
  c.input = scratch / "given";
  EXPECT_EQ(run(c).out, "hello");
  EXPECT_FALSE(run(command("cat", {(scratch / "secret").string()})).succeeded());
}

TEST_F(SandboxTest, WritesToTheOutputDirectoryOnly) {
  ScratchFolder scratch;
  std::filesystem::create_directory(scratch / "out");
  write_file(scratch / "in", "x");
  auto c = command("cp", {"/in/source", "copy"});
  c.input = scratch / "in";
  c.output_directory = scratch / "out";
  EXPECT_TRUE(run(c).succeeded());
  EXPECT_EQ(read_file(scratch / "out/copy"), "x");
  c.arguments = {"/in/source", "/usr/lib/rondo-canary"};
  EXPECT_FALSE(run(c).succeeded());
  EXPECT_FALSE(std::filesystem::exists("/usr/lib/rondo-canary"));
  c.arguments = {"/usr/bin/true", "/in/source"};
  EXPECT_FALSE(run(c).succeeded());
  EXPECT_EQ(read_file(scratch / "in"), "x");
}

TEST_F(SandboxTest, ReachesNoListeningPort) {
  int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  auto result = run(command("ffprobe", {"-v", "error", "-i", url}));
  EXPECT_FALSE(result.succeeded());
  pollfd polled{listener, POLLIN, 0};
  EXPECT_EQ(::poll(&polled, 1, 0), 0) << "somebody knocked";
  ::close(listener);
}

TEST_F(SandboxTest, ComesAfterTheServer) {
  const int here = ::getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(run(command("nice", {})).out, std::to_string(std::min(here + 10, 19)) + "\n");
}

TEST_F(SandboxTest, StartsNoProcesses) {
  // The shell runs (exec), but may not fork.
  auto result = run(command("bash", {"-c", "/usr/bin/true; echo alive"}));
  EXPECT_THAT(result.err, HasSubstr("fork"));
  EXPECT_EQ(run(command("bash", {"-c", "echo alive"})).out, "alive\n");
}

TEST_F(SandboxTest, MayNotMakeNamespacesOrMount) {
  EXPECT_FALSE(run(command("unshare", {"--user", "/usr/bin/true"})).succeeded());
  EXPECT_FALSE(run(command("mount", {"-t", "tmpfs", "none", "/tmp"})).succeeded());
}

TEST_F(SandboxTest, HoldsItsLimits) {
  auto c = command("ffmpeg", {"-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i",
                              "testsrc=duration=60", "-f", "null", "-"});
  c.limits.wall_max = milliseconds(300);
  auto slow = run(c);
  EXPECT_EQ(slow.end, ProcessEnd::kTimedOut);
  EXPECT_LT(slow.wall, seconds(5));

  c = command("ffmpeg", {"-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc", "-vf",
                         "scale=16000:9000", "-f", "null", "-"});
  c.limits.address_space_bytes_max = 300u << 20;
  auto large = run(c);
  EXPECT_FALSE(large.succeeded());
  EXPECT_NE(large.end, ProcessEnd::kTimedOut);

  ScratchFolder scratch;
  c = command("ffmpeg", {"-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=duration=60",
                         "-f", "rawvideo", "big"});
  c.output_directory = scratch.path();
  c.limits.file_bytes_max = 1u << 20;
  EXPECT_FALSE(run(c).succeeded());
  EXPECT_LE(std::filesystem::file_size(scratch / "big"), 1u << 20);

  c = command("ffmpeg",
              {"-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc", "-f", "null", "-"});
  c.limits.cpu_seconds_max = 1;
  c.limits.wall_max = seconds(30);
  auto busy = run(c);
  EXPECT_FALSE(busy.succeeded());
  EXPECT_NE(busy.end, ProcessEnd::kTimedOut);

  c = command("yes", {});
  c.limits.stdout_bytes_max = 1000;
  EXPECT_EQ(run(c).end, ProcessEnd::kOutputTooLong);
}

TEST_F(SandboxTest, StopsOnRequestAndLeavesNothingRunning) {
  std::stop_source source;
  ScratchFolder scratch;
  auto c = command("ffmpeg", {"-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc",
                              "-f", "rawvideo", "growing"});
  c.output_directory = scratch.path();
  c.stop = source.get_token();
  std::jthread stopper([&] {
    const auto deadline = std::chrono::steady_clock::now() + seconds(10);
    std::error_code code;
    while (std::chrono::steady_clock::now() < deadline &&
           !(std::filesystem::file_size(scratch / "growing", code) > 0 && !code)) {
      std::this_thread::yield();
    }
    source.request_stop();
  });
  auto result = run(c);
  EXPECT_EQ(result.end, ProcessEnd::kCancelled);
  // Gone means gone: the file's only writer is dead, so nothing holds it open any more.
  auto holders = run_trusted(
      {"bash", "-c",
       "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c " + (scratch / "growing").string()});
  const auto deadline = std::chrono::steady_clock::now() + seconds(5);
  while (holders.out != "0\n" && std::chrono::steady_clock::now() < deadline) {
    holders = run_trusted(
        {"bash", "-c",
         "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c " + (scratch / "growing").string()});
  }
  EXPECT_EQ(holders.out, "0\n");
}

TEST_F(SandboxTest, PassesLinesOnAsTheyCome) {
  std::vector<std::string> lines;
  auto c = command("bash", {"-c", "echo one; echo two"});
  c.on_stdout_line = [&](std::string_view line) { lines.emplace_back(line); };
  auto result = run(c);
  EXPECT_THAT(lines, testing::ElementsAre("one", "two"));
  EXPECT_EQ(result.out, "");
}

// Runs still, or is stopped; not so when it is gone or only waits to be reaped.
bool lives(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(in, line)) return false;
  auto name_end = line.rfind(')');
  return name_end != std::string::npos && line.substr(name_end + 2, 1) != "Z";
}

TEST(Process, GrandchildrenEndWithAServerThatIsKilled) {
  std::array<int, 2> told{};
  ASSERT_EQ(::pipe(told.data()), 0);
  const pid_t server = ::fork();
  if (server == 0) {
    ProcessSpec spec;
    spec.argv = {"/bin/sh", "-c", "sleep 60 & echo $!; wait"};
    spec.on_stdout_line = [&](std::string_view line) {
      pid_t pid = static_cast<pid_t>(std::stol(std::string(line)));
      if (::write(told[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    };
    auto result = run_process(spec);
    ::_exit(result.ok() ? 0 : 1);
  }
  pid_t grandchild = 0;
  ASSERT_EQ(::read(told[0], &grandchild, sizeof grandchild), ssize_t(sizeof grandchild));
  ASSERT_TRUE(lives(grandchild));
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  const auto deadline = std::chrono::steady_clock::now() + seconds(10);
  while (lives(grandchild) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_FALSE(lives(grandchild));
  ::close(told[0]);
  ::close(told[1]);
}

TEST(SandboxChoice, RefusesWithoutBubblewrapUnlessTold) {
  Sandbox refusing(SandboxOptions{.allow_unsandboxed = false, .bwrap = "/nonexistent/bwrap"});
  auto c = command("ffprobe", {"-version"});
  auto refused = refusing.run(c);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().reason(), "sandbox_unavailable");
  EXPECT_THAT(refused.error().message(), HasSubstr("apt-get install bubblewrap"));

  Sandbox told(SandboxOptions{.allow_unsandboxed = true, .bwrap = "/nonexistent/bwrap"});
  auto ran = told.run(c);
  ASSERT_TRUE(ran.ok()) << ran.error().describe();
  EXPECT_TRUE(ran->succeeded());
  EXPECT_FALSE(*told.isolated());
}

}  // namespace
}  // namespace rondo::media
