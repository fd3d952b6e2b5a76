// The files that uploads are kept in: opened, synced, hashed, with the errors in words.
//
// Thread safe for different files. Errors: unavailable "disk_full" (what is there is kept),
// internal.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace rondo::media {

// Owns an open file.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// What `code`, an errno, means for who uploads; `doing`: "read", "sync".
Error upload_file_error(std::string_view doing, int code);

Result<void> sync_folder(const std::filesystem::path& folder);
// SHA-256, in hexadecimal.
Result<std::string> hash_file(const std::filesystem::path& path);

}  // namespace rondo::media
