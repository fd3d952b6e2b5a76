// Files of media work: a folder for as long as a piece of work lasts, objects of the store as files
// in it, and failures of the disk in words.
//
// Thread safe for different folders; blocks. Errors: unavailable, reason "disk_full"; internal; and
// what the store gives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/result.h"
#include "blob/blob_store.h"

namespace rondo::media {

Error file_error(std::string_view doing, const std::filesystem::path& path,
                 const std::error_code& code);

// Empty when it is made, gone with its object.
class WorkFolder {
 public:
  static Result<WorkFolder> make(std::filesystem::path path);
  WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit WorkFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// An object of the store at `to`, which may share its bytes with the store: not to be written to.
Result<void> copy_object(const blob::BlobStore& store, const std::string& key, uint64_t size_bytes,
                         const std::filesystem::path& to);

}  // namespace rondo::media
