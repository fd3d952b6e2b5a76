// Immutable objects by key: media files, checkpoints.
//
// Contract, written to what a local file system and the S3 API both keep:
// - put is atomic and durable: when it returns, the whole object is there and survives power loss;
//   before, nothing is visible under the key. A put over an existing key replaces it whole.
// - get_range of an object that exists returns exactly the bytes asked for.
// - remove is idempotent and durable. list returns keys in order, complete as of some moment during
// the call.
// - A key is 1..200 characters of [a-z0-9._-] in segments parted by '/', no segment of "." or "..",
//   none that starts with '.': else invalid.
// Errors: not_found, invalid, exhausted (disk full; nothing half-written stays), unavailable.
// Thread safe; calls block.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rondo::blob {

struct BlobInfo {
  uint64_t size_bytes = 0;
};

struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = 0;
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  virtual Result<void> put(std::string_view key, std::string_view bytes) = 0;
  // Takes the file's content; the file itself is moved or copied, and is gone afterwards. After an
  // error it is still there. It must be a regular file that nobody writes any more.
  virtual Result<void> put_file(std::string_view key, const std::filesystem::path& file) = 0;
  virtual Result<BlobInfo> stat(std::string_view key) const = 0;
  // invalid when the object is larger than `bytes_max`.
  virtual Result<std::string> get(std::string_view key, uint64_t bytes_max) const = 0;
  // invalid when the range does not lie within the object.
  virtual Result<std::string> get_range(std::string_view key, ByteRange range) const = 0;
  virtual Result<void> remove(std::string_view key) = 0;
  // Keys that begin with `prefix`, which may be empty and may end within a segment.
  virtual Result<std::vector<std::string>> list(std::string_view prefix) const = 0;
  // Where the object is as a local file that may be opened for reading (zero-copy sending), when
  // the backend has it so; nullopt otherwise, and callers then use get_range.
  virtual std::optional<std::filesystem::path> local_path(std::string_view key) const = 0;
};

}  // namespace rondo::blob
