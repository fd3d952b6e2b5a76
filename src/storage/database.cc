#include "storage/database.h"

#include <map>
#include <string>
#include <vector>

namespace rondo::storage {

namespace {

// Statements without the empty ones.
std::vector<std::string> split(std::string_view sql) {
  std::vector<std::string> statements;
  while (!sql.empty()) {
    std::string_view statement = sql.substr(0, sql.find(';'));
    sql.remove_prefix(std::min(sql.size(), statement.size() + 1));
    if (statement.find_first_not_of(" \t\r\n") != std::string_view::npos) {
      statements.emplace_back(statement);
    }
  }
  return statements;
}

// By module, in the order of versions, which must be 1, 2, ...
Result<std::map<std::string_view, std::vector<std::string_view>>> by_module(
    std::span<const Migration> migrations) {
  std::map<std::string_view, std::vector<std::string_view>> modules;
  for (const Migration& migration : migrations) {
    auto& steps = modules[migration.module];
    if (migration.version != static_cast<int>(steps.size()) + 1) {
      return base::invalid("migration " + std::to_string(migration.version) + " of module '" +
                           std::string(migration.module) + "' stands where " +
                           std::to_string(steps.size() + 1) + " must: versions count from 1");
    }
    steps.push_back(migration.sql);
  }
  return modules;
}

}  // namespace

Result<void> Database::migrate(std::span<const Migration> migrations) {
  RD_TRY(auto modules, by_module(migrations));
  return write([&](soci::session& sql) -> Result<void> {
    sql << "CREATE TABLE IF NOT EXISTS schema_versions ("
           "module TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL)";
    for (const auto& [name, steps] : modules) {
      const std::string module(name);
      const int newest = static_cast<int>(steps.size());
      int version = 0;
      sql << "SELECT COALESCE(MAX(version), 0) FROM schema_versions WHERE module = :module",
          soci::into(version), soci::use(module, "module");
      if (version > newest) {
        return base::conflict("the database is newer than this program: module '" + module +
                              "' is at version " + std::to_string(version) +
                              ", the program knows " + std::to_string(newest) +
                              "; start the newer program, or restore a backup from before it")
            .with_reason("schema_newer");
      }
      if (version == newest) continue;
      for (int step = version; step < newest; ++step) {
        for (const std::string& statement : split(steps[static_cast<size_t>(step)])) {
          sql << statement;
        }
      }
      sql << "INSERT INTO schema_versions (module, version) VALUES (:module, :version) "
             "ON CONFLICT (module) DO UPDATE SET version = excluded.version",
          soci::use(module, "module"), soci::use(newest, "version");
    }
    return {};
  });
}

}  // namespace rondo::storage
