#include "stream/embedded/directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rondo::stream {

Result<void> make_directory(const std::filesystem::path& dir) {
  const std::filesystem::path parent = dir.parent_path();
  if (::mkdir(dir.c_str(), 0700) == 0) return sync_directory(parent.empty() ? "." : parent);
  if (errno == EEXIST) return {};
  if (errno == ENOENT && !parent.empty() && parent != dir) {
    RD_CHECK(make_directory(parent));
    if (::mkdir(dir.c_str(), 0700) == 0) return sync_directory(parent);
  }
  return base::unavailable("cannot create the folder " + dir.string() + ": " +
                           std::strerror(errno));
}

Result<void> sync_directory(const std::filesystem::path& dir) {
  const int fd = ::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return base::unavailable("cannot sync the folder " + dir.string() + ": " + std::strerror(error));
}

}  // namespace rondo::stream
