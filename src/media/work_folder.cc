#include "media/work_folder.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

namespace rondo::media {
namespace fs = std::filesystem;
namespace {

// In pieces: an object may be larger than what should be in memory.
constexpr uint64_t kCopyBytes = 8 << 20;

}  // namespace

Error file_error(std::string_view doing, const fs::path& path, const std::error_code& code) {
  std::string message =
      "Cannot " + std::string(doing) + " " + path.string() + ": " + code.message() + ".";
  if (code == std::errc::no_space_on_device) {
    return base::unavailable(std::move(message)).with_reason("disk_full");
  }
  return base::internal(std::move(message));
}

Result<WorkFolder> WorkFolder::make(fs::path path) {
  std::error_code code;
  fs::remove_all(path, code);
  fs::create_directories(path, code);
  if (code) return file_error("make the folder", path, code);
  return WorkFolder(std::move(path));
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<void> copy_object(const blob::BlobStore& store, const std::string& key, uint64_t size_bytes,
                         const fs::path& to) {
  if (auto local = store.local_path(key)) {
    std::error_code code;
    fs::create_hard_link(*local, to, code);
    if (code) fs::copy_file(*local, to, code);
    if (code) return file_error("copy", *local, code);
    return {};
  }
  std::ofstream out(to, std::ios::binary);
  for (uint64_t at = 0; at < size_bytes; at += kCopyBytes) {
    RD_TRY(std::string bytes, store.get_range(key, {at, std::min(kCopyBytes, size_bytes - at)}));
    out << bytes;
  }
  if (!out.flush()) return file_error("write", to, std::error_code(errno, std::generic_category()));
  return {};
}

}  // namespace rondo::media
