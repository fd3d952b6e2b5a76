// The durable ends of all partitions, kept apart from RocksDB: the proof that its recovery has lost
// nothing that was acknowledged.
//
// RocksDB recovers the longest sound prefix of its write-ahead log and says nothing about what it
// left out; after damage an acknowledged tail would be missing in silence. So every group commit
// writes the ends here, after RocksDB's fsync and before the acknowledgement, and opening refuses a
// database that ends earlier. The order is what makes it a proof, hence a second fdatasync a group:
// written together with the log, an end could not be told from one never acknowledged; written with
// the next group, the last group would go unproven. It is the cheaper of the two syncs, because it
// overwrites blocks in place and changes no file size.
//
// Two slots take turns, each with a sequence number and a checksum, so that a write which a crash
// tore leaves the slot before. The file is created before the database, so a database without it is
// damage too. Layout: docs/formats/log.md.
//
// Not thread safe: the log's writer owns it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/result.h"

namespace rondo::stream {

class EndsFile {
 public:
  // Durable when it returns: file and directory entry. All ends are 0.
  static Result<EndsFile> create(const std::filesystem::path& path, uint32_t partitions);
  // corrupt when neither slot is sound.
  static Result<EndsFile> open(const std::filesystem::path& path);

  EndsFile(EndsFile&& other) noexcept;
  EndsFile& operator=(EndsFile&& other) noexcept;
  ~EndsFile();

  // One for each partition, as the newest sound slot has them.
  const std::vector<uint64_t>& ends() const { return ends_; }
  // Durable when it returns. After an error the file must be opened anew.
  Result<void> record(std::span<const uint64_t> ends);

 private:
  EndsFile(int fd, uint64_t sequence, std::vector<uint64_t> ends);

  int fd_;
  uint64_t sequence_;
  std::vector<uint64_t> ends_;
};

}  // namespace rondo::stream
