// What the tests of this module share: the sample clips, a scratch folder, and FFmpeg outside the
// sandbox, to make inputs and to check outputs independently.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "blob/blob_store.h"
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

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}
inline std::string read_file(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

// A blob store that is a folder, and no more.
class FolderStore final : public blob::BlobStore {
 public:
  explicit FolderStore(std::filesystem::path root) : root_(std::move(root)) {}
  Result<void> put(std::string_view key, std::string_view bytes) override {
    std::filesystem::create_directories((root_ / key).parent_path());
    write_file(root_ / key, bytes);
    return {};
  }
  Result<void> put_file(std::string_view key, const std::filesystem::path& file) override {
    RD_CHECK(put(key, read_file(file)));
    std::filesystem::remove(file);
    return {};
  }
  Result<blob::BlobInfo> stat(std::string_view key) const override {
    if (!std::filesystem::exists(root_ / key)) return base::not_found("no such object");
    return blob::BlobInfo{std::filesystem::file_size(root_ / key)};
  }
  Result<std::string> get(std::string_view key, uint64_t) const override {
    if (!std::filesystem::exists(root_ / key)) return base::not_found("no such object");
    return read_file(root_ / key);
  }
  Result<std::string> get_range(std::string_view key, blob::ByteRange range) const override {
    RD_TRY(std::string bytes, get(key, UINT64_MAX));
    return bytes.substr(range.offset, range.length);
  }
  Result<void> remove(std::string_view key) override {
    std::filesystem::remove(root_ / key);
    return {};
  }
  Result<std::vector<std::string>> list(std::string_view prefix) const override {
    std::vector<std::string> keys;
    if (!std::filesystem::exists(root_)) return keys;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      const std::string key = std::filesystem::relative(entry.path(), root_).string();
      if (entry.is_regular_file() && key.starts_with(prefix)) keys.push_back(key);
    }
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  std::optional<std::filesystem::path> local_path(std::string_view key) const override {
    return root_ / key;
  }

 private:
  const std::filesystem::path root_;
};

// Skips the test, saying what was left out, when the clip is not there.
#define RONDO_CLIP(variable, name)                                          \
  const std::filesystem::path variable = clips_folder() / (name);           \
  if (!std::filesystem::exists(variable))                                   \
  GTEST_SKIP() << "left out: " << (name) << " is not in " << clips_folder() \
               << " (set RONDO_SHARED_DATA to the folder that holds clips/)"

// Runs a program of the machine, outside the sandbox, on files that the test trusts. It ends with
// the test's own time: on a busy machine, decoding one clip was seen to take more than a minute.
inline ProcessResult run_trusted(std::vector<std::string> argv) {
  ProcessSpec spec;
  argv[0] = "/usr/bin/" + argv[0];
  spec.argv = std::move(argv);
  spec.environment = {"PATH=/usr/bin"};
  spec.limits.address_space_bytes_max = 8ull << 30;
  spec.limits.stdout_bytes_max = 64u << 20;
  spec.limits.wall_max = std::chrono::minutes(5);
  auto result = run_process(spec);
  RD_ASSERT(result.ok());
  if (result->end == ProcessEnd::kTimedOut) result->err += "\nended after its time";
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
