#include "blob/local/file_io.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace rondo::blob {
namespace {

// What is written goes on its way to the disk at once: who syncs another file of the same file
// system (the log) waits for what is on its way, and a large file would hold it up.
constexpr size_t kPieceBytes = 1 << 20;

}  // namespace

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
File::~File() {
  if (fd_ >= 0) ::close(fd_);
}
int File::release() { return std::exchange(fd_, -1); }

Error system_error(std::string_view what, const std::filesystem::path& path) {
  const int code = errno;
  std::string text = std::string(what) + " " + path.string() + ": " + std::strerror(code);
  switch (code) {
    case ENOENT:
    case ENOTDIR:
      return base::not_found(std::move(text));
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return base::exhausted(std::move(text) + "; free space on the disk that holds the media")
          .with_reason("disk_full");
    default:
      return base::unavailable(std::move(text));
  }
}

Result<File> open_for_reading(const std::filesystem::path& path) {
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.fd() < 0) return system_error("cannot open", path);
  return file;
}

Result<File> create_locked(const std::filesystem::path& path) {
  File file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd() < 0) return system_error("cannot create", path);
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) return system_error("cannot lock", path);
  return file;
}

Result<bool> is_abandoned(const std::filesystem::path& path) {
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.fd() < 0) return system_error("cannot open", path);
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return system_error("cannot lock", path);
}

Result<void> write_all(const File& file, std::string_view bytes,
                       const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file.fd(), bytes.data(), std::min(bytes.size(), kPieceBytes));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return system_error("cannot write", path);
    if (static_cast<size_t>(wrote) == kPieceBytes) {
      (void)::sync_file_range(file.fd(), 0, 0, SYNC_FILE_RANGE_WRITE);  // may do nothing
    }
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return {};
}

Result<void> copy_all(const File& from, const File& to, const std::filesystem::path& path) {
  std::vector<char> buffer(1 << 20);
  for (;;) {
    const ssize_t got = ::read(from.fd(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read", path);
    if (got == 0) return {};
    RD_CHECK(write_all(to, {buffer.data(), static_cast<size_t>(got)}, path));
  }
}

Result<std::string> read_exactly(const File& file, uint64_t offset, uint64_t length,
                                 const std::filesystem::path& path) {
  std::string bytes(length, '\0');
  for (uint64_t done = 0; done < length;) {
    const ssize_t got =
        ::pread(file.fd(), bytes.data() + done, length - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read", path);
    if (got == 0) return base::unavailable(path.string() + " ended while it was read");
    done += static_cast<uint64_t>(got);
  }
  return bytes;
}

Result<uint64_t> size_of(const File& file, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(file.fd(), &info) != 0) return system_error("cannot read", path);
  if (!S_ISREG(info.st_mode)) return base::not_found(path.string() + " is not a file");
  return static_cast<uint64_t>(info.st_size);
}

Result<void> sync_file(const File& file, const std::filesystem::path& path) {
  if (::fsync(file.fd()) == 0) return {};
  return system_error("cannot sync", path);
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.fd() < 0) return system_error("cannot open", folder);
  return sync_file(file, folder);
}

Result<void> make_folder(const std::filesystem::path& folder) {
  const std::filesystem::path parent = folder.parent_path();
  if (::mkdir(folder.c_str(), 0700) == 0) return sync_folder(parent.empty() ? "." : parent);
  if (errno == EEXIST) return {};
  if (errno == ENOENT && !parent.empty()) {
    RD_CHECK(make_folder(parent));
    if (::mkdir(folder.c_str(), 0700) == 0) return sync_folder(parent);
    if (errno == EEXIST) return {};
  }
  return system_error("cannot create", folder);
}

}  // namespace rondo::blob
