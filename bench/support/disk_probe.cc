#include "support/disk_probe.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace rondo::bench {

Result<DiskProbe> DiskProbe::create(const std::filesystem::path& folder) {
  std::filesystem::path path = folder / "disk-probe";
  int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return internal("cannot write " + path.string());
  return DiskProbe(file, std::move(path));
}

DiskProbe::DiskProbe(DiskProbe&& other) noexcept
    : file_(std::exchange(other.file_, -1)), path_(std::move(other.path_)) {}

DiskProbe::~DiskProbe() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(path_.c_str());
}

Result<double> DiskProbe::append() {
  static constexpr char kBlock[4096] = {};
  auto start = std::chrono::steady_clock::now();
  if (::write(file_, kBlock, sizeof(kBlock)) != sizeof(kBlock) || ::fdatasync(file_) != 0) {
    return internal("the disk probe could not write: is the disk full?");
  }
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace rondo::bench
