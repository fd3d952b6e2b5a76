#include "storage/sqlite/sqlite_error.h"

namespace rondo::storage {

Error sqlite_error(int code, const std::string& text) {
  const std::string detail = text + " (SQLite " + std::to_string(code) + ")";
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return base::conflict("a row with this key exists: " + detail).with_reason("unique");
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return base::conflict("a row that this one refers to is missing, or is still referred to: " +
                            detail)
          .with_reason("foreign_key");
    default:
      break;
  }
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return base::unavailable("the database is busy: " + detail).with_reason("busy");
    case SQLITE_FULL:
      return base::unavailable("the disk that holds the database is full: " + detail)
          .with_reason("disk_full");
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return base::unavailable("the database cannot be opened for writing: " + detail);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return base::corrupt("the database file is damaged, restore it from a backup: " + detail);
    default:
      return base::internal("the database failed: " + detail);
  }
}

Error sqlite_error(soci::session& sql, const soci::soci_error& error) {
  // get_error_message leaves out the statement and its bound values, which what() quotes.
  const std::string text = error.get_error_message();
  if (const auto* specific = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    const int last = sqlite_last_code(sql);
    // The connection's last code says more, as long as it is of the same failure.
    const bool same = (last & 0xFF) == (specific->result() & 0xFF);
    return sqlite_error(same ? last : specific->result(), text);
  }
  return base::internal("the database failed: " + text);
}

sqlite_api::sqlite3* sqlite_handle(soci::session& sql) {
  return static_cast<soci::sqlite3_session_backend*>(sql.get_backend())->conn_;
}

int sqlite_last_code(soci::session& sql) {
  return sqlite_api::sqlite3_extended_errcode(sqlite_handle(sql));
}

}  // namespace rondo::storage
