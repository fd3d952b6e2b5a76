// The system calls that the local store is made of, with errors instead of errno. Free functions
// and one owner of a descriptor. Errors: not_found, exhausted (no space left, in any of the ways
// that the system says so), unavailable.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rondo::blob {

// Owns a file descriptor. Not thread safe.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(other.release()) {}
  File& operator=(File&& other) noexcept;
  ~File();
  int fd() const { return fd_; }

 private:
  int release();
  int fd_ = -1;
};

// Of the present errno.
Error system_error(std::string_view what, const std::filesystem::path& path);

Result<File> open_for_reading(const std::filesystem::path& path);
// Fails when it exists. Locked until it is closed.
Result<File> create_locked(const std::filesystem::path& path);
// True when no process holds the lock of create_locked.
Result<bool> is_abandoned(const std::filesystem::path& path);

Result<void> write_all(const File& file, std::string_view bytes, const std::filesystem::path& path);
Result<void> copy_all(const File& from, const File& to, const std::filesystem::path& path);
// Exactly `length` bytes; unavailable when there are fewer.
Result<std::string> read_exactly(const File& file, uint64_t offset, uint64_t length,
                                 const std::filesystem::path& path);
Result<uint64_t> size_of(const File& file, const std::filesystem::path& path);

Result<void> sync_file(const File& file, const std::filesystem::path& path);
Result<void> sync_folder(const std::filesystem::path& folder);
// With its parents; what was created is durable.
Result<void> make_folder(const std::filesystem::path& folder);

}  // namespace rondo::blob
