#include "media/ingest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "media/ingest_active.h"
#include "media/refusal.h"
#include "media/sniff.h"
#include "media/upload_file.h"

namespace rondo::media {
namespace fs = std::filesystem;
namespace {

constexpr size_t kFilenameBytesMax = 200;
constexpr size_t kFiletypeBytesMax = 100;

// At most so many bytes, cut between characters of UTF-8, without control characters.
std::string clean(std::string_view text, size_t bytes_max) {
  if (text.size() > bytes_max) {
    size_t end = bytes_max;
    while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string out;
  for (char c : text) {
    if (static_cast<uint8_t>(c) >= 0x20 && c != 0x7F) out.push_back(c);
  }
  return out;
}

UploadState state_from(std::string_view text) {
  if (text == "complete") return UploadState::kComplete;
  if (text == "claimed") return UploadState::kClaimed;
  return UploadState::kOpen;
}

long long sql_id(UploadId id) { return static_cast<long long>(id.value()); }

base::WallTime wall(long long us) { return base::WallTime(std::chrono::microseconds(us)); }

}  // namespace

Error upload_gone() {
  return base::not_found("This upload does not exist, or has expired. Start it again.")
      .with_reason("upload_unknown");
}

Ingest::Ingest(IngestOptions options, storage::Database& database, const base::Clock& clock,
               base::SecureRandom& random)
    : options_(std::move(options)), database_(database), clock_(clock), random_(random) {}

Ingest::~Ingest() = default;

Result<std::unique_ptr<Ingest>> Ingest::create(IngestOptions options, storage::Database& database,
                                               const base::Clock& clock,
                                               base::SecureRandom& random) {
  std::error_code code;
  fs::create_directories(options.folder, code);
  if (code) {
    return base::internal("Cannot make the folder for uploads, " + options.folder.string() + ": " +
                          code.message() + ".");
  }
  std::unique_ptr<Ingest> ingest(new Ingest(std::move(options), database, clock, random));
  RD_CHECK(ingest->remove_orphans());
  return ingest;
}

fs::path Ingest::path_of(UploadId id) const { return options_.folder / (to_text(id) + ".part"); }

fs::path Ingest::derived_path(UploadId id) const {
  return options_.folder / (to_text(id) + ".cut");
}

uint64_t Ingest::expiry_us() const {
  return clock_.now_us() + static_cast<uint64_t>(options_.expire_after.count()) * 1'000'000;
}

// A file without a row is of a creation or removal that a crash cut short.
Result<void> Ingest::remove_orphans() {
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(options_.folder, code)) {
    const fs::path extension = entry.path().extension();
    auto id = id_from_text<UploadId>(entry.path().stem().string());
    if (id.ok()) {
      auto found = load(*id);
      if (found.ok()) continue;
      if (found.error().code() != ErrorCode::kNotFound) return std::move(found).error();
    }
    std::error_code ignored;
    if (extension == ".part" || extension == ".cut") fs::remove(entry.path(), ignored);
  }
  if (code) return base::internal("Cannot read the folder for uploads: " + code.message() + ".");
  return {};
}

Result<Upload> Ingest::create_upload(const NewUpload& wanted) {
  if (wanted.length == 0) {
    return base::invalid("This file is empty. Choose the video again.")
        .with_reason("empty")
        .with_field("length");
  }
  if (wanted.length > options_.size_bytes_max) {
    return base::invalid("This file is " + size_text(wanted.length) + "; the limit here is " +
                         size_text(options_.size_bytes_max) +
                         ". Make it shorter or smaller and try again.")
        .with_reason("too_large")
        .with_field("length");
  }
  Upload upload;
  upload.id = UploadId(random_.next_id());
  upload.owner = wanted.owner;
  upload.length = wanted.length;
  upload.filename = clean(wanted.filename, kFilenameBytesMax);
  upload.filetype = clean(wanted.filetype, kFiletypeBytesMax);
  upload.created = clock_.now();
  upload.expires = wall(static_cast<long long>(expiry_us()));

  // The file first, so that a row always has one.
  const fs::path path = path_of(upload.id);
  {
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fd.get() < 0) return upload_file_error("make", errno);
    if (::fsync(fd.get()) != 0) return upload_file_error("sync", errno);
  }
  auto stored = [&]() -> Result<void> {
    RD_CHECK(sync_folder(options_.folder));
    return database_.write([&](soci::session& sql) -> Result<void> {
      const auto now = static_cast<long long>(clock_.now_us());
      const auto owner = static_cast<long long>(upload.owner.value());
      long long open = 0, total = 0;
      sql << "SELECT COUNT(*) FROM uploads WHERE owner_id = :owner AND state <> 'claimed' AND "
             "expires_us > :now",
          soci::use(owner, "owner"), soci::use(now, "now"), soci::into(open);
      if (open >= options_.open_per_account_max) {
        return base::exhausted("You have " + std::to_string(open) +
                               " uploads under way; the limit here is " +
                               std::to_string(options_.open_per_account_max) +
                               ". Finish or cancel one, then try again.")
            .with_reason("too_many_uploads");
      }
      sql << "SELECT COALESCE(SUM(length), 0) FROM uploads", soci::into(total);
      if (static_cast<uint64_t>(total) + upload.length > options_.total_bytes_max) {
        return base::exhausted("This server holds as many unfinished uploads as it can (" +
                               size_text(options_.total_bytes_max) + "). Try again in an hour.")
            .with_reason("uploads_full");
      }
      const long long id = sql_id(upload.id);
      const auto length = static_cast<long long>(upload.length);
      const auto expires = static_cast<long long>(upload.expires.time_since_epoch().count());
      sql << "INSERT INTO uploads (id, owner_id, length, filename, filetype, state, sha256, "
             "created_us, expires_us) VALUES (:id, :owner, :length, :filename, :filetype, 'open', "
             "'', :created, :expires)",
          soci::use(id, "id"), soci::use(owner, "owner"), soci::use(length, "length"),
          soci::use(upload.filename, "filename"), soci::use(upload.filetype, "filetype"),
          soci::use(now, "created"), soci::use(expires, "expires");
      return {};
    });
  }();
  if (!stored.ok()) {
    ::unlink(path.c_str());
    return std::move(stored).error();
  }
  return upload;
}

Result<Upload> Ingest::load(UploadId id) {
  return database_.read([&](soci::session& sql) -> Result<Upload> {
    const long long key = sql_id(id);
    long long owner = 0, length = 0, created = 0, expires = 0;
    std::string filename, filetype, state, sha256;
    sql << "SELECT owner_id, length, filename, filetype, state, sha256, created_us, expires_us "
           "FROM uploads WHERE id = :id",
        soci::use(key, "id"), soci::into(owner), soci::into(length), soci::into(filename),
        soci::into(filetype), soci::into(state), soci::into(sha256), soci::into(created),
        soci::into(expires);
    if (!sql.got_data()) return upload_gone();
    Upload upload;
    upload.id = id;
    upload.owner = AccountId(static_cast<uint64_t>(owner));
    upload.length = static_cast<uint64_t>(length);
    upload.filename = std::move(filename);
    upload.filetype = std::move(filetype);
    upload.state = state_from(state);
    upload.sha256_hex = std::move(sha256);
    upload.created = wall(created);
    upload.expires = wall(expires);
    if (upload.state != UploadState::kOpen) upload.offset = upload.length;
    return upload;
  });
}

// What this process has synced, or, the first time, what the file holds, synced now.
Result<uint64_t> Ingest::durable_offset(UploadId id) {
  {
    std::lock_guard lock(mutex_);
    if (auto found = active_.find(id); found != active_.end()) return found->second->durable;
  }
  Fd fd(::open(path_of(id).c_str(), O_WRONLY | O_CLOEXEC));
  if (fd.get() < 0) return errno == ENOENT ? upload_gone() : upload_file_error("open", errno);
  struct stat status {};
  if (::fsync(fd.get()) != 0 || ::fstat(fd.get(), &status) != 0)
    return upload_file_error("sync", errno);
  std::lock_guard lock(mutex_);
  auto& active = active_[id];
  if (!active) {
    active = std::make_unique<Active>();
    active->durable = static_cast<uint64_t>(status.st_size);
    active->looked_at = active->durable >= kSniffBytes;
  }
  return active->durable;
}

Result<Upload> Ingest::find(UploadId id, AccountId owner) {
  RD_TRY(Upload upload, load(id));
  if (upload.owner != owner) return upload_gone();
  if (upload.state != UploadState::kClaimed && upload.expires <= clock_.now()) return upload_gone();
  if (upload.state != UploadState::kOpen) return upload;
  RD_TRY(upload.offset, durable_offset(id));
  if (upload.offset < upload.length) return upload;
  {
    std::lock_guard lock(mutex_);
    auto found = active_.find(id);
    if (found != active_.end() && found->second->appending) return upload;  // about to be complete
  }
  // All there, but a crash came before that was written down.
  return complete(std::move(upload));
}

Result<Upload> Ingest::complete(Upload upload) {
  std::string sha256;
  bool known = false, looked_at = false;
  {
    std::lock_guard lock(mutex_);
    if (auto found = active_.find(upload.id); found != active_.end()) {
      auto& active = *found->second;
      looked_at = active.looked_at;
      if (active.hashed == upload.length) {
        sha256 = base::to_hex(base::as_bytes(active.hash.finish()));
        active.hash = base::Sha256();
        active.hashed = 0;
        known = true;
      }
    }
  }
  if (!looked_at) {
    std::array<char, kSniffBytes> head{};
    Fd fd(::open(path_of(upload.id).c_str(), O_RDONLY | O_CLOEXEC));
    ssize_t n = fd.get() < 0 ? -1 : ::pread(fd.get(), head.data(), head.size(), 0);
    if (n < 0) return upload_file_error("read", errno);
    const Sniffed sniffed = sniff({head.data(), static_cast<size_t>(n)});
    if (sniffed.kind != FileKind::kVideo) {
      RD_CHECK(remove(upload.id));
      return not_a_video(sniffed.description);
    }
  }
  if (!known) {
    RD_TRY(sha256, hash_file(path_of(upload.id)));
  }
  const auto expires = static_cast<long long>(expiry_us());
  RD_TRY(long long changed, database_.write([&](soci::session& sql) -> Result<long long> {
    const long long id = sql_id(upload.id);
    soci::statement statement =
        (sql.prepare << "UPDATE uploads SET state = 'complete', sha256 = :sha256, "
                        "expires_us = :expires WHERE id = :id AND state = 'open'",
         soci::use(sha256, "sha256"), soci::use(expires, "expires"), soci::use(id, "id"));
    statement.execute(true);
    return statement.get_affected_rows();
  }));
  // Somebody else was faster, or has terminated it.
  if (changed == 0) return load(upload.id);
  upload.state = UploadState::kComplete;
  upload.sha256_hex = std::move(sha256);
  upload.offset = upload.length;
  upload.expires = wall(expires);
  return upload;
}

Result<Appender> Ingest::open_append(UploadId id, AccountId owner, uint64_t offset) {
  RD_TRY(Upload upload, find(id, owner));
  RD_TRY([[maybe_unused]] uint64_t known, durable_offset(id));  // makes sure of an Active
  Fd fd(::open(path_of(id).c_str(), O_WRONLY | O_CLOEXEC));
  if (fd.get() < 0) return errno == ENOENT ? upload_gone() : upload_file_error("open", errno);

  std::lock_guard lock(mutex_);
  auto found = active_.find(id);
  if (found == active_.end()) return upload_gone();
  Active& active = *found->second;
  if (active.appending) {
    return base::conflict("Another connection is sending this upload. Wait a moment and resume.")
        .with_reason("upload_locked");
  }
  if (active.durable != offset) {
    return base::conflict("This upload continues at byte " + std::to_string(active.durable) +
                          ", not at " + std::to_string(offset) +
                          ". Ask for its offset and resume there.")
        .with_reason("offset_mismatch")
        .with_field("Upload-Offset");
  }
  active.appending = true;
  return Appender(*this, active, id, fd.release(), offset, upload.length);
}

bool Ingest::close_append(UploadId id) {
  std::lock_guard lock(mutex_);
  auto found = active_.find(id);
  if (found == active_.end()) return true;
  found->second->appending = false;
  if (!found->second->doomed) return false;
  active_.erase(found);
  return true;
}

Result<void> Ingest::terminate(UploadId id, AccountId owner) {
  auto found = load(id);
  if (!found.ok()) {
    if (found.error().code() == ErrorCode::kNotFound) return {};
    return std::move(found).error();
  }
  if (found->owner != owner) return upload_gone();
  if (found->state == UploadState::kClaimed) {
    return base::conflict("This upload is being published. Delete the video instead.")
        .with_reason("upload_claimed");
  }
  return remove(id);
}

Result<fs::path> Ingest::claim(UploadId id, AccountId owner) {
  RD_TRY(Upload upload, find(id, owner));
  if (upload.state == UploadState::kOpen) {
    return base::conflict("This upload is not complete: " + std::to_string(upload.offset) + " of " +
                          std::to_string(upload.length) +
                          " bytes have arrived. Send the rest first.")
        .with_reason("upload_incomplete");
  }
  std::error_code code;
  const fs::path path = path_of(id);
  if (fs::file_size(path, code) != upload.length || code) {
    return base::corrupt("The file of this upload is not what arrived. Upload it again.");
  }
  RD_TRY(long long changed, database_.write([&](soci::session& sql) -> Result<long long> {
    const long long key = sql_id(id);
    soci::statement statement =
        (sql.prepare << "UPDATE uploads SET state = 'claimed' WHERE id = :id AND state <> 'open'",
         soci::use(key, "id"));
    statement.execute(true);
    return statement.get_affected_rows();
  }));
  if (changed == 0) return upload_gone();
  return path;
}

Result<void> Ingest::release(UploadId id) {
  const auto expires = static_cast<long long>(expiry_us());
  return database_.write([&](soci::session& sql) -> Result<void> {
    const long long key = sql_id(id);
    sql << "UPDATE uploads SET state = 'complete', expires_us = :expires WHERE id = :id AND state "
           "= 'claimed'",
        soci::use(expires, "expires"), soci::use(key, "id");
    return {};
  });
}

// The row first: a file without a row is removed at the next start, a row has its file.
Result<void> Ingest::remove(UploadId id) {
  RD_CHECK(database_.write([&](soci::session& sql) -> Result<void> {
    const long long key = sql_id(id);
    sql << "DELETE FROM uploads WHERE id = :id", soci::use(key, "id");
    return {};
  }));
  {
    std::lock_guard lock(mutex_);
    if (auto found = active_.find(id); found != active_.end()) {
      if (found->second->appending) {
        found->second->doomed = true;  // its appender sees that, and lets go
      } else {
        active_.erase(found);
      }
    }
  }
  for (const fs::path& file : {path_of(id), derived_path(id)}) {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return upload_file_error("remove", errno);
  }
  return {};
}

Result<uint64_t> Ingest::held_bytes(std::optional<AccountId> owner) const {
  return database_.read([&](soci::session& sql) -> Result<uint64_t> {
    const std::string whose =
        owner ? " WHERE owner_id = " + std::to_string(static_cast<long long>(owner->value()))
              : std::string();
    long long bytes = 0;
    sql << "SELECT COALESCE(SUM(length), 0) FROM uploads" + whose, soci::into(bytes);
    return static_cast<uint64_t>(bytes);
  });
}

Result<std::vector<AccountId>> Ingest::largest_owners(int count_max) const {
  return database_.read([&](soci::session& sql) -> Result<std::vector<AccountId>> {
    soci::rowset<soci::row> rows =
        (sql.prepare << "SELECT owner_id FROM uploads GROUP BY owner_id"
                        " ORDER BY SUM(length) DESC, owner_id LIMIT :count",
         soci::use(count_max, "count"));
    std::vector<AccountId> owners;
    for (const auto& row : rows) {
      owners.emplace_back(static_cast<uint64_t>(row.get<long long>(0)));
    }
    return owners;
  });
}

Result<int> Ingest::expire() {
  RD_TRY(auto expired, database_.read([&](soci::session& sql) -> Result<std::vector<UploadId>> {
    const auto now = static_cast<long long>(clock_.now_us());
    soci::rowset<soci::row> rows =
        (sql.prepare << "SELECT id FROM uploads WHERE state <> 'claimed' AND expires_us <= :now "
                        "ORDER BY expires_us LIMIT 1000",
         soci::use(now, "now"));
    std::vector<UploadId> ids;
    for (const auto& row : rows) {
      ids.emplace_back(static_cast<uint64_t>(row.get<long long>(0)));
    }
    return ids;
  }));
  int removed = 0;
  for (UploadId id : expired) {
    {
      std::lock_guard lock(mutex_);
      auto found = active_.find(id);
      if (found != active_.end() && found->second->appending) continue;
    }
    RD_CHECK(remove(id));
    ++removed;
  }
  return removed;
}

}  // namespace rondo::media
