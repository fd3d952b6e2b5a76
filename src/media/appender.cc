#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/failpoint.h"
#include "media/ingest_active.h"
#include "media/refusal.h"
#include "media/sniff.h"
#include "media/upload_file.h"

namespace rondo::media {
namespace {

// Between two fsyncs of one append: bounds what the last one has to wait for.
constexpr uint64_t kSyncBytes = 32u << 20;

}  // namespace

Appender::Appender(Ingest& ingest, Ingest::Active& active, UploadId id, int fd, uint64_t offset,
                   uint64_t length)
    : ingest_(&ingest),
      active_(&active),
      id_(id),
      fd_(fd),
      offset_(offset),
      length_(length),
      durable_(offset) {}

Appender::Appender(Appender&& other) noexcept
    : ingest_(std::exchange(other.ingest_, nullptr)),
      active_(other.active_),
      id_(other.id_),
      fd_(std::exchange(other.fd_, -1)),
      offset_(other.offset_),
      length_(other.length_),
      durable_(other.durable_),
      failed_(other.failed_) {}

Appender::~Appender() {
  if (fd_ < 0) return;
  // The caller is gone; what has arrived stays. Nobody is left to tell about a failure, and the
  // offset then just does not move.
  (void)sync().ok();
  ::close(fd_);
  ingest_->close_append(id_);
}

Result<void> Appender::write(std::string_view bytes) {
  RD_ASSERT(fd_ >= 0);
  if (failed_) return base::conflict("This append has failed; resume the upload.");
  if (bytes.size() > length_ - offset_) {
    failed_ = true;
    return base::invalid("More bytes came than the " + std::to_string(length_) +
                         " that were announced. Start the upload again.")
        .with_reason("upload_too_long");
  }
  {
    std::lock_guard lock(ingest_->mutex_);
    failed_ = active_->doomed;
  }
  if (failed_) return upload_gone();

  if (!active_->looked_at && offset_ == active_->head.size()) {
    active_->head.append(bytes.substr(0, kSniffBytes - active_->head.size()));
    if (active_->head.size() == kSniffBytes || active_->head.size() == length_) {
      active_->looked_at = true;
      const Sniffed sniffed = sniff(active_->head);
      if (sniffed.kind != FileKind::kVideo) {
        failed_ = true;
        offset_ = durable_;
        RD_CHECK(ingest_->remove(id_));
        return not_a_video(sniffed.description);
      }
    }
  }

  for (std::string_view rest = bytes; !rest.empty();) {
    ssize_t n = ::pwrite(fd_, rest.data(), rest.size(), static_cast<off_t>(offset_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      failed_ = true;
      return upload_file_error("write", n < 0 ? errno : EIO);
    }
    if (active_->hashed == offset_) {
      active_->hash.update(rest.substr(0, static_cast<size_t>(n)));
      active_->hashed += static_cast<uint64_t>(n);
    }
    offset_ += static_cast<uint64_t>(n);
    rest.remove_prefix(static_cast<size_t>(n));
  }
  if (offset_ - durable_ >= kSyncBytes) RD_CHECK(sync());
  return {};
}

Result<void> Appender::sync() {
  if (offset_ == durable_) return {};
  base::failpoint("upload.before_fsync");
  if (::fdatasync(fd_) != 0) {
    const int code = errno;
    // What the system holds in memory is not what is on the disk: back to what is sure.
    failed_ = true;
    offset_ = durable_;
    (void)!::ftruncate(fd_, static_cast<off_t>(durable_));
    active_->hashed = UINT64_MAX;  // the file is read again at the end
    return upload_file_error("sync", code);
  }
  base::failpoint("upload.after_fsync");
  durable_ = offset_;
  std::lock_guard lock(ingest_->mutex_);
  active_->durable = durable_;
  return {};
}

Result<Upload> Appender::finish() {
  RD_ASSERT(fd_ >= 0);
  auto synced = sync();
  ::close(std::exchange(fd_, -1));
  if (ingest_->close_append(id_)) return upload_gone();
  RD_CHECK(synced);
  RD_TRY(Upload upload, ingest_->load(id_));
  if (upload.state != UploadState::kOpen) return upload;
  upload.offset = durable_;
  if (upload.offset == upload.length) return ingest_->complete(std::move(upload));

  const auto expires = static_cast<long long>(ingest_->expiry_us());
  RD_CHECK(ingest_->database_.write([&](soci::session& sql) -> Result<void> {
    const long long id = static_cast<long long>(id_.value());
    sql << "UPDATE uploads SET expires_us = :expires WHERE id = :id", soci::use(expires, "expires"),
        soci::use(id, "id");
    return {};
  }));
  upload.expires = base::WallTime(std::chrono::microseconds(expires));
  return upload;
}

}  // namespace rondo::media
