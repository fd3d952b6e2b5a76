// SOCI's and SQLite's ways of failing, as Errors. Only for storage/sqlite.
#pragma once

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <string>

#include "base/result.h"

namespace rondo::storage {

// `code` is SQLite's extended result code. The text must hold no bound values: it may reach a log.
Error sqlite_error(int code, const std::string& text);

// Call at once after the failure: reads the connection's last code.
Error sqlite_error(soci::session& sql, const soci::soci_error& error);

sqlite_api::sqlite3* sqlite_handle(soci::session& sql);
int sqlite_last_code(soci::session& sql);

}  // namespace rondo::storage
