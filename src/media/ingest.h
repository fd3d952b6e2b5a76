// Resumable uploads: what tus 1.0 needs behind HTTP (creation, appending at an offset, termination,
// expiration), as rows of the table `uploads` and one file each in `folder`.
//
// Contract:
// - The offset given out is what has been fsynced: it survives kill -9 and power loss. The file's
//   size is the truth; the database holds no offset that could contradict it.
// - One appender an upload at a time; another is refused (conflict, "upload_locked").
// - The first bytes are looked at: what is plainly no video (text, a picture, a PDF...) is refused
//   (invalid, "not_a_video") before the rest is sent, and then nothing of it is kept.
// - A complete upload has its SHA-256. Whoever publishes it claims it; a claimed upload does not
//   expire; remove() ends it. Each step may be done twice.
// - Only its owner sees an upload: for anybody else it is not_found.
//
// Thread safe; an Appender belongs to one caller at a time. Calls block (files, SQL): for a pool.
// The Ingest outlives its Appenders. `folder` belongs to one Ingest of one process.
// Errors: the reasons named here, with field where there is one; unavailable "disk_full";
// internal; those of the database.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "storage/database.h"

namespace rondo::media {

struct IngestOptions {
  std::filesystem::path folder;
  uint64_t size_bytes_max = 1ull << 30;    // of one upload
  uint64_t total_bytes_max = 64ull << 30;  // of all that are held, by their announced lengths
  int open_per_account_max = 8;            // not yet claimed
  std::chrono::seconds expire_after = std::chrono::hours(24);  // from the last append
};

struct NewUpload {
  AccountId owner;
  uint64_t length = 0;   // bytes
  std::string filename;  // as the client calls it, for people only; long ones are cut
  std::string filetype;  // as the client calls it; nothing depends on it
};

enum class UploadState {
  kOpen,      // bytes are missing
  kComplete,  // all bytes are there
  kClaimed,   // somebody is publishing it
};

struct Upload {
  UploadId id;
  AccountId owner;
  uint64_t length = 0;
  uint64_t offset = 0;  // durable
  std::string filename;
  std::string filetype;
  UploadState state = UploadState::kOpen;
  std::string sha256_hex;  // when complete
  base::WallTime created{};
  base::WallTime expires{};
};

class Appender;

class Ingest {
 public:
  // Removes files that no upload owns. The table has to be there (schema.h). All three outlive it.
  static Result<std::unique_ptr<Ingest>> create(IngestOptions options, storage::Database& database,
                                                const base::Clock& clock,
                                                base::SecureRandom& random);
  ~Ingest();

  // invalid ("empty", "too_large", with the value beside the limit), exhausted
  // ("too_many_uploads", "uploads_full").
  Result<Upload> create_upload(const NewUpload& wanted);

  // not_found, also when it has expired.
  Result<Upload> find(UploadId id, AccountId owner);

  // conflict ("offset_mismatch": the message names the durable offset; "upload_locked").
  Result<Appender> open_append(UploadId id, AccountId owner, uint64_t offset);

  // Idempotent: gone is gone. conflict ("upload_claimed") when it is being published.
  Result<void> terminate(UploadId id, AccountId owner);

  // For publication: from now on it does not expire. conflict ("upload_incomplete"). Idempotent.
  Result<std::filesystem::path> claim(UploadId id, AccountId owner);
  // Gives a claimed upload back, as complete; it expires anew. Idempotent.
  Result<void> release(UploadId id);
  // Where publishing may keep what it cuts out of the file: beside it, and it goes with it.
  std::filesystem::path derived_path(UploadId id) const;
  // Row and files. Idempotent.
  Result<void> remove(UploadId id);

  // The announced lengths of the uploads of one owner, or of all.
  Result<uint64_t> held_bytes(std::optional<AccountId> owner) const;

  // Who holds most of that, the largest first; at most `count_max`.
  Result<std::vector<AccountId>> largest_owners(int count_max) const;

  // Removes what has expired; returns how many. To be called every few minutes.
  Result<int> expire();

 private:
  friend class Appender;
  struct Active;

  Ingest(IngestOptions options, storage::Database& database, const base::Clock& clock,
         base::SecureRandom& random);

  std::filesystem::path path_of(UploadId id) const;
  Result<void> remove_orphans();
  Result<Upload> load(UploadId id);
  Result<Upload> complete(Upload upload);
  Result<uint64_t> durable_offset(UploadId id);
  uint64_t expiry_us() const;
  // Ends the append of `id`; true when the upload was terminated meanwhile.
  bool close_append(UploadId id);

  const IngestOptions options_;
  storage::Database& database_;
  const base::Clock& clock_;
  base::SecureRandom& random_;

  std::mutex mutex_;
  // Guarded by mutex_: uploads that this process has seen, with what is known of their files.
  std::unordered_map<UploadId, std::unique_ptr<Active>> active_;
};

// Takes the bytes of one append (one PATCH). When it goes away unfinished, for instance because the
// connection broke, what it has taken is made durable all the same.
class Appender {
 public:
  Appender(Appender&& other) noexcept;
  Appender& operator=(Appender&&) = delete;
  ~Appender();

  // Takes all of it, or fails and takes nothing more: invalid ("not_a_video": the upload is gone;
  // "upload_too_long": more than was announced), not_found (terminated meanwhile), unavailable
  // ("disk_full").
  Result<void> write(std::string_view bytes);
  // Makes durable what was written; completes the upload when it is all there. Once.
  Result<Upload> finish();

  uint64_t offset() const { return offset_; }  // written, not yet durable
  uint64_t length() const { return length_; }

 private:
  friend class Ingest;
  Appender(Ingest& ingest, Ingest::Active& active, UploadId id, int fd, uint64_t offset,
           uint64_t length);
  Result<void> sync();

  Ingest* ingest_;
  Ingest::Active* active_;  // stays while the append lasts
  UploadId id_;
  int fd_ = -1;
  uint64_t offset_ = 0;
  uint64_t length_ = 0;
  uint64_t durable_ = 0;
  bool failed_ = false;
};

}  // namespace rondo::media
