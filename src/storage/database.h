// The relational database: one SQL dialect (what SQLite 3.40 and PostgreSQL 15 both understand),
// through SOCI, behind transactions.
//
// SQL lives in the module that owns the table. A module publishes its migrations as data; the app
// passes them all to `migrate` at start.
//
// Contract:
// - read() runs `work` in a read transaction on one of several pooled connections: a snapshot.
// - write() runs `work` in a write transaction (BEGIN IMMEDIATE on SQLite); commits when it returns
//   a value, rolls back when it returns an error or throws. A commit that has returned is durable
//   (synchronous=FULL).
// - Writers are serialised; a wait for the database is bounded by `busy_ms_max`, then unavailable.
// - soci and SQLite exceptions become Errors here: conflict for a broken uniqueness or foreign key,
//   unavailable for busy and full disk (the message says which), corrupt, internal.
// Thread safe; calls block, so they belong on a pool, never on an I/O thread. `work` must not
// touch the database other than through its session, nor keep the session.
#pragma once

#include <soci/soci.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace rondo::storage {

// One step of a module's schema, run once, in order within the module, in one transaction.
struct Migration {
  std::string_view module;  // "accounts"
  int version;              // 1, 2, ... within the module
  std::string_view sql;     // statements separated by ';' (no ';' within a statement)
};

class Database {
 public:
  virtual ~Database() = default;

  // Brings the schema up to date. Refuses (conflict) a database that is newer than the binary.
  Result<void> migrate(std::span<const Migration> migrations);

  template <typename Work>
  auto read(Work&& work) -> std::invoke_result_t<Work, soci::session&> {
    return run<std::invoke_result_t<Work, soci::session&>>(Mode::kRead, work);
  }
  template <typename Work>
  auto write(Work&& work) -> std::invoke_result_t<Work, soci::session&> {
    return run<std::invoke_result_t<Work, soci::session&>>(Mode::kWrite, work);
  }

 protected:
  enum class Mode { kRead, kWrite };
  // Runs `work` in a transaction and maps exceptions; `work` says whether to commit.
  virtual Result<void> transact(Mode mode,
                                const std::function<Result<void>(soci::session&)>& work) = 0;

 private:
  template <typename R, typename Work>
  R run(Mode mode, Work& work);
};

template <typename R, typename Work>
R Database::run(Mode mode, Work& work) {
  if constexpr (std::is_same_v<R, Result<void>>) {
    return transact(mode, [&](soci::session& sql) -> Result<void> { return work(sql); });
  } else {
    std::optional<typename R::Value> value;
    auto done = transact(mode, [&](soci::session& sql) -> Result<void> {
      value.reset();
      R result = work(sql);
      if (!result.ok()) return std::move(result).error();
      value.emplace(std::move(result).value());
      return {};
    });
    if (!done.ok()) return std::move(done).error();
    return std::move(*value);
  }
}

}  // namespace rondo::storage
