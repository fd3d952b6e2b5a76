// What the disk itself allows: one 4 KiB append and fdatasync, as the log's group commit needs at
// least. Measured in the same run as what is compared with it, on the same file system.
//
// One thread at a time. The file is removed with the probe.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace rondo::bench {

class DiskProbe {
 public:
  static Result<DiskProbe> create(const std::filesystem::path& folder);
  DiskProbe(DiskProbe&& other) noexcept;
  DiskProbe& operator=(DiskProbe&&) = delete;
  ~DiskProbe();

  // Milliseconds that one took.
  Result<double> append();

 private:
  DiskProbe(int file, std::filesystem::path path) : file_(file), path_(std::move(path)) {}
  int file_;
  std::filesystem::path path_;
};

}  // namespace rondo::bench
