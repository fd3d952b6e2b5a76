#include "stream/embedded/ends_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"
#include "stream/embedded/directory.h"

namespace rondo::stream {

namespace {

constexpr uint64_t kMagic = 0x31'53'44'4E'45'44'4E'52;  // "RNDENDS1"
constexpr size_t kBlockBytes = 4096;

struct Slot {
  uint64_t sequence = 0;
  std::vector<uint64_t> ends;
};

size_t slot_bytes(size_t partitions) {
  const size_t used = 8 + 8 + 4 + 8 * partitions + 4;
  return (used + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

std::string encode(uint64_t sequence, std::span<const uint64_t> ends) {
  std::string bytes;
  base::ByteWriter writer(bytes);
  writer.put(kMagic);
  writer.put(sequence);
  writer.put(static_cast<uint32_t>(ends.size()));
  for (uint64_t end : ends) writer.put(end);
  writer.put(base::crc32c(bytes, 0));
  bytes.resize(slot_bytes(ends.size()));
  return bytes;
}

Result<Slot> decode(std::string_view bytes) {
  base::ByteReader reader(bytes);
  RD_TRY(uint64_t magic, reader.get<uint64_t>());
  Slot slot;
  RD_TRY(slot.sequence, reader.get<uint64_t>());
  RD_TRY(uint32_t partitions, reader.get<uint32_t>());
  if (magic != kMagic || partitions == 0 || slot_bytes(partitions) != bytes.size()) {
    return base::corrupt("not a slot of ends");
  }
  for (uint32_t p = 0; p < partitions; ++p) {
    RD_TRY(uint64_t end, reader.get<uint64_t>());
    slot.ends.push_back(end);
  }
  const size_t covered = bytes.size() - reader.rest().size();
  RD_TRY(uint32_t checksum, reader.get<uint32_t>());
  if (checksum != base::crc32c(bytes.substr(0, covered), 0)) {
    return base::corrupt("a slot of ends does not match its checksum");
  }
  return slot;
}

Error failed(const std::string& what, const std::filesystem::path& path) {
  return base::unavailable(what + " " + path.string() + ": " + std::strerror(errno));
}

Result<void> write_all(int fd, std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    ssize_t wrote = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      return base::unavailable(std::string("the log's ends could not be written: ") +
                               std::strerror(errno));
    }
    bytes.remove_prefix(static_cast<size_t>(wrote));
    offset += static_cast<uint64_t>(wrote);
  }
  return {};
}

}  // namespace

EndsFile::EndsFile(int fd, uint64_t sequence, std::vector<uint64_t> ends)
    : fd_(fd), sequence_(sequence), ends_(std::move(ends)) {}
EndsFile::EndsFile(EndsFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      sequence_(other.sequence_),
      ends_(std::move(other.ends_)) {}
EndsFile& EndsFile::operator=(EndsFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(sequence_, other.sequence_);
  std::swap(ends_, other.ends_);
  return *this;
}
EndsFile::~EndsFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<EndsFile> EndsFile::create(const std::filesystem::path& path, uint32_t partitions) {
  const std::filesystem::path unfinished = path.string() + ".new";
  const int fd = ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed("cannot create", unfinished);
  EndsFile file(fd, 1, std::vector<uint64_t>(partitions, 0));
  RD_CHECK(write_all(fd, encode(0, file.ends_) + encode(1, file.ends_), 0));
  if (::fsync(fd) != 0) return failed("cannot sync", unfinished);
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return failed("cannot create", path);
  RD_CHECK(sync_directory(path.parent_path()));
  return file;
}

Result<EndsFile> EndsFile::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return failed("cannot open", path);
  EndsFile file(fd, 0, {});
  struct stat info {};
  if (::fstat(fd, &info) != 0) return failed("cannot read", path);
  const auto size = static_cast<size_t>(info.st_size);
  // 2^20 partitions are far more than anybody has: do not read a file that is not ours.
  if (size == 0 || size % (2 * kBlockBytes) != 0 || size > 2 * slot_bytes(1 << 20)) {
    return base::corrupt(path.string() + " is not a file of ends: its size is " +
                         std::to_string(size));
  }
  std::string bytes(size, '\0');
  for (size_t done = 0; done < size;) {
    ssize_t got = ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failed("cannot read", path);
    done += static_cast<size_t>(got);
  }
  std::optional<Slot> newest;
  for (size_t slot : {size_t{0}, size_t{1}}) {
    auto decoded = decode(std::string_view(bytes).substr(slot * size / 2, size / 2));
    if (decoded.ok() && (!newest || decoded->sequence > newest->sequence)) {
      newest = std::move(*decoded);
    }
  }
  if (!newest) {
    return base::corrupt(path.string() + " is damaged: neither of its two slots is sound");
  }
  file.sequence_ = newest->sequence;
  file.ends_ = std::move(newest->ends);
  return file;
}

Result<void> EndsFile::record(std::span<const uint64_t> ends) {
  RD_ASSERT(ends.size() == ends_.size());
  ++sequence_;
  const std::string bytes = encode(sequence_, ends);
  RD_CHECK(write_all(fd_, bytes, (sequence_ % 2) * bytes.size()));
  if (::fdatasync(fd_) != 0) {
    return base::unavailable(std::string("the log's ends could not be synced: ") +
                             std::strerror(errno));
  }
  ends_.assign(ends.begin(), ends.end());
  return {};
}

}  // namespace rondo::stream
