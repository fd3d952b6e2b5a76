#include "media/upload_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"

namespace rondo::media {
namespace fs = std::filesystem;

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Error upload_file_error(std::string_view doing, int code) {
  if (code == ENOSPC || code == EDQUOT) {
    return base::unavailable(
               "The disk of this server is full. What has arrived is kept; try again later.")
        .with_reason("disk_full");
  }
  return base::internal("Cannot " + std::string(doing) +
                        " the upload's file: " + std::strerror(code) + ".");
}

Result<void> sync_folder(const fs::path& folder) {
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return upload_file_error("sync", errno);
  return {};
}

Result<std::string> hash_file(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return upload_file_error("read", errno);
  base::Sha256 hash;
  std::vector<char> buffer(1u << 20);
  while (true) {
    ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return upload_file_error("read", errno);
    if (n == 0) break;
    hash.update({buffer.data(), static_cast<size_t>(n)});
  }
  return base::to_hex(base::as_bytes(hash.finish()));
}

}  // namespace rondo::media
