// The durable ends of all partitions, kept apart from RocksDB: the proof that its recovery has lost
// nothing that was acknowledged.
//
// RocksDB recovers the longest sound prefix of its write-ahead log and says nothing about what it
// left out; after damage an acknowledged tail would be missing in silence. So the ends are written
// here too, after RocksDB's fsync has made them durable, and opening refuses a database that ends
// earlier.
//
// Never before that fsync: an end recorded early could not be told from one that was never
// acknowledged. But not before the acknowledgement either, which would cost every group a second
// sync in a row (4 ms each on a slow disk): a thread records the newest ends at once after it,
// about 10 ms later under load, and closing records the last. What the proof leaves out is the loss
// of the groups of those milliseconds: by a disk that forgets what it has said to be synced (it
// would have forgotten the ends as well), or by damage to exactly that tail between a kill and the
// next start. The kill itself loses nothing.
//
// Two slots take turns, each with a sequence number and a checksum, so that a write which a crash
// tore leaves the slot before. The file is created before the database, so a database without it is
// damage too. Layout: docs/formats/log.md.
//
// Not thread safe: the log's recorder thread owns it.
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
