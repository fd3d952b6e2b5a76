#include "storage/sqlite/sqlite_database.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <vector>

#include "storage/sqlite/sqlite_error.h"

namespace rondo::storage {

namespace {

Result<void> execute(soci::session& sql, const char* statement) {
  char* message = nullptr;
  const int code =
      sqlite_api::sqlite3_exec(sqlite_handle(sql), statement, nullptr, nullptr, &message);
  if (code == SQLITE_OK) return {};
  const std::string text = message != nullptr ? message : statement;
  sqlite_api::sqlite3_free(message);
  return sqlite_error(sqlite_last_code(sql), text);
}

// Exists and is its owner's alone; SQLite gives its WAL the same mode.
Result<void> create_file(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return base::unavailable("cannot open the database " + path.string() + ": " +
                             std::strerror(errno));
  }
  ::close(fd);
  return {};
}

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const SqliteOptions& options)
      : path_(options.path.string()), busy_max_(options.busy_ms_max) {}

  Result<void> open(int readers) {
    RD_CHECK(connect(writer_, Mode::kWrite));
    for (int i = 0; i < readers; ++i) {
      readers_.push_back(std::make_unique<soci::session>());
      RD_CHECK(connect(*readers_.back(), Mode::kRead));
      idle_.push_back(readers_.back().get());
    }
    return {};
  }

 protected:
  Result<void> transact(Mode mode,
                        const std::function<Result<void>(soci::session&)>& work) override {
    thread_local std::vector<const SqliteDatabase*> inside;
    if (std::find(inside.begin(), inside.end(), this) != inside.end()) {
      return base::internal("a transaction was asked for inside a transaction of the same thread");
    }
    inside.push_back(this);
    Result<void> done = mode == Mode::kWrite ? write_in_turn(work) : read_in_turn(work);
    inside.pop_back();
    return done;
  }

 private:
  Result<void> connect(soci::session& sql, Mode mode) {
    try {
      sql.open(soci::sqlite3, "db=\"" + path_ + "\"");
    } catch (const soci::soci_error& error) {
      return base::unavailable("cannot open the database " + path_ + ": " +
                               error.get_error_message());
    }
    sqlite_api::sqlite3_busy_timeout(sqlite_handle(sql), static_cast<int>(busy_max_.count()));
    RD_CHECK(execute(sql, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"));
    if (mode == Mode::kRead) return execute(sql, "PRAGMA query_only = ON");
    // The log of a burst is cut back to 64 MiB afterwards.
    RD_CHECK(execute(sql,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "PRAGMA journal_size_limit = 67108864"));
    std::string journal;
    try {
      sql << "PRAGMA journal_mode", soci::into(journal);
    } catch (const soci::soci_error& error) {
      return sqlite_error(sql, error);
    }
    if (journal == "wal") return {};
    return base::unavailable("the database " + path_ + " cannot use a write-ahead log (it is '" +
                             journal + "'): put it on a local disk");
  }

  Result<void> write_in_turn(const std::function<Result<void>(soci::session&)>& work) {
    std::unique_lock lock(writer_mutex_, busy_max_);
    if (!lock.owns_lock()) return busy("another transaction writes");
    if (sync_failed_) {
      return base::unavailable("the database stopped after a failed fsync: restart to recover");
    }
    return run(writer_, "BEGIN IMMEDIATE", work);
  }

  Result<void> read_in_turn(const std::function<Result<void>(soci::session&)>& work) {
    soci::session* sql = nullptr;
    {
      std::unique_lock lock(readers_mutex_);
      if (!reader_idle_.wait_for(lock, busy_max_, [&] { return !idle_.empty(); })) {
        return busy("all " + std::to_string(readers_.size()) + " readers are in use");
      }
      sql = idle_.back();
      idle_.pop_back();
    }
    Result<void> done = run(*sql, "BEGIN", work);
    {
      std::lock_guard lock(readers_mutex_);
      idle_.push_back(sql);
    }
    reader_idle_.notify_one();
    return done;
  }

  Result<void> run(soci::session& sql, const char* begin,
                   const std::function<Result<void>(soci::session&)>& work) {
    RD_CHECK(execute(sql, begin));
    Result<void> done = guarded(sql, work);
    if (done.ok()) {
      done = execute(sql, "COMMIT");
      if (done.ok()) return done;
      note_sync_failure(sql);
    }
    // Some failures have rolled back already.
    if (sqlite_api::sqlite3_get_autocommit(sqlite_handle(sql)) == 0) {
      Result<void> rolled_back = execute(sql, "ROLLBACK");
      if (!rolled_back.ok()) {
        return base::internal("a rollback failed: " + rolled_back.error().describe() +
                              "; it was to undo: " + done.error().describe());
      }
    }
    return done;
  }

  Result<void> guarded(soci::session& sql,
                       const std::function<Result<void>(soci::session&)>& work) {
    try {
      return work(sql);
    } catch (const soci::soci_error& error) {
      note_sync_failure(sql);
      return sqlite_error(sql, error);
    } catch (const std::exception& error) {
      return base::internal(std::string("a transaction failed: ") + error.what());
    }
  }

  void note_sync_failure(soci::session& sql) {
    const int code = sqlite_last_code(sql);
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) sync_failed_ = true;
  }

  Error busy(const std::string& why) const {
    return base::unavailable("the database was busy for " + std::to_string(busy_max_.count()) +
                             " ms: " + why)
        .with_reason("busy");
  }

  // Constant after construction.
  const std::string path_;
  const std::chrono::milliseconds busy_max_;
  std::vector<std::unique_ptr<soci::session>> readers_;

  std::timed_mutex writer_mutex_;
  soci::session writer_;  // guarded by writer_mutex_
  std::atomic<bool> sync_failed_{false};

  std::mutex readers_mutex_;
  std::condition_variable reader_idle_;
  std::vector<soci::session*> idle_;  // guarded by readers_mutex_
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options) {
  if (options.readers < 1 || options.readers > 64) {
    return base::invalid("the database has 1..64 readers, not " + std::to_string(options.readers));
  }
  if (options.busy_ms_max < 0) return base::invalid("busy_ms_max is negative");
  // Quotes are SOCI's own in its connection string.
  if (options.path.string().find('"') != std::string::npos) {
    return base::invalid("the database's path must not hold a quotation mark: " +
                         options.path.string());
  }
  RD_CHECK(create_file(options.path));
  auto database = std::make_unique<SqliteDatabase>(options);
  RD_CHECK(database->open(options.readers));
  return std::unique_ptr<Database>(std::move(database));
}

}  // namespace rondo::storage
