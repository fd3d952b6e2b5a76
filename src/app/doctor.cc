#include "app/doctor.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "media/refusal.h"
#include "media/sandbox.h"

namespace rondo::app {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kSpareBytesMin = 1ull << 30;

class Findings {
 public:
  void add(const char* what, const Result<std::string>& found) {
    std::printf("%-10s %-8s %s\n", what, found.ok() ? "ok" : "FAULTY",
                found.ok() ? found->c_str() : found.error().message().c_str());
    well_ = well_ && found.ok();
  }
  int exit_code() const { return well_ ? 0 : 1; }

 private:
  bool well_ = true;
};

Result<std::string> look_at_sandbox(const config::Config& config) {
  auto works = media::check_sandbox();
  if (works.ok()) return std::string("videos are opened in a sandbox of their own");
  if (!config.media.allow_unsandboxed) return std::move(works).error();
  return unavailable(works.error().message() +
                     " media.allow_unsandboxed is set: videos are opened WITHOUT a sandbox.");
}

// The folder, or what of it there is so far.
Result<std::string> look_at_data(const config::Config& config) {
  fs::path folder = fs::absolute(config.data);
  while (!fs::exists(folder) && folder.has_parent_path()) folder = folder.parent_path();
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return unavailable("nothing can be written to " + folder.string() +
                       "; give it to whoever runs rondo, or name another folder with --data");
  }
  std::error_code code;
  const auto space = fs::space(folder, code);
  if (code) return unavailable("the disk of " + folder.string() + ": " + code.message());
  const std::string left = media::size_text(space.available) + " free in " + folder.string();
  if (space.available < kSpareBytesMin) {
    return exhausted("only " + left + "; at least " + media::size_text(kSpareBytesMin) +
                     " are needed to take uploads");
  }
  return left;
}

}  // namespace

Result<int> doctor(const config::Config& config) {
  Findings findings;
  findings.add("sandbox", look_at_sandbox(config));
  findings.add("data", look_at_data(config));
  return findings.exit_code();
}

}  // namespace rondo::app
