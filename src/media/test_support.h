// What the tests of this module share: the sample clips, a scratch folder, and FFmpeg outside the
// sandbox, to make inputs and to check outputs independently.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "media/process.h"

namespace rondo::media {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rondo-media-XXXXXX").string();
    RD_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code code;
    std::filesystem::remove_all(path_, code);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::filesystem::path clips_folder() {
  const char* given = std::getenv("RONDO_SHARED_DATA");
  return std::filesystem::path(given != nullptr ? given : RONDO_SHARED_DATA_DEFAULT) / "clips";
}

// Skips the test, saying what was left out, when the clip is not there.
#define RONDO_CLIP(variable, name)                                          \
  const std::filesystem::path variable = clips_folder() / (name);           \
  if (!std::filesystem::exists(variable))                                   \
  GTEST_SKIP() << "left out: " << (name) << " is not in " << clips_folder() \
               << " (set RONDO_SHARED_DATA to the folder that holds clips/)"

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}
inline std::string read_file(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

// Runs a program of the machine, outside the sandbox, on files that the test trusts.
inline ProcessResult run_trusted(std::vector<std::string> argv) {
  ProcessSpec spec;
  argv[0] = "/usr/bin/" + argv[0];
  spec.argv = std::move(argv);
  spec.environment = {"PATH=/usr/bin"};
  spec.limits.address_space_bytes_max = 8ull << 30;
  spec.limits.stdout_bytes_max = 64u << 20;
  auto result = run_process(spec);
  RD_ASSERT(result.ok());
  return std::move(*result);
}

// A clip of `seconds` made by FFmpeg's own sources; more options go before the file's name.
inline void make_clip(const std::filesystem::path& path, double seconds,
                      std::vector<std::string> options) {
  std::vector<std::string> argv = {
      "ffmpeg", "-v",    "error", "-y",
      "-f",     "lavfi", "-i",    "testsrc2=size=320x240:rate=25",
      "-f",     "lavfi", "-i",    "sine=frequency=440:sample_rate=48000"};
  argv.insert(argv.end(), {"-t", std::to_string(seconds)});
  argv.insert(argv.end(), options.begin(), options.end());
  argv.push_back(path.string());
  auto result = run_trusted(argv);
  ASSERT_TRUE(result.succeeded()) << result.err;
}

inline boost::json::object ffprobe_json(const std::filesystem::path& path,
                                        std::vector<std::string> options) {
  std::vector<std::string> argv = {"ffprobe", "-v", "error", "-of", "json"};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.push_back(path.string());
  auto result = run_trusted(argv);
  EXPECT_TRUE(result.succeeded()) << result.err;
  auto value = boost::json::parse(result.out.empty() ? "{}" : result.out);
  return value.as_object();
}

}  // namespace rondo::media
