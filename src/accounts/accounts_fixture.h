// For tests: accounts over a real SQLite file, a clock that stands still, and a cheap hash.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "accounts/accounts.h"
#include "accounts/schema.h"
#include "storage/sqlite/sqlite_database.h"

namespace rondo::accounts {

class AccountsFixture : public testing::Test {
 protected:
  AccountsFixture()
      : folder_(std::filesystem::temp_directory_path() /
                ("rondo_accounts_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    database_ = storage::open_sqlite({.path = folder_ / "rondo.db"}).value();
    database_->migrate(migrations()).value();
    open({});
  }
  ~AccountsFixture() override {
    accounts_.reset();
    sessions_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open(const SessionOptions& session_options) {
    accounts_.reset();
    sessions_ = std::make_unique<Sessions>(*database_, clock_, random_, session_options);
    AccountOptions options;
    options.password_cost = {1, 8192};
    accounts_ = Accounts::create(*database_, *sessions_, clock_, random_, options).value();
  }

  Account sign_up(const std::string& handle) {
    return accounts_->sign_up({handle, "four unrelated words", "", EngineId()}).value();
  }
  int64_t count(const std::string& table) {
    return database_
        ->read([&](soci::session& sql) -> Result<int64_t> {
          long long rows = 0;
          sql << "SELECT COUNT(*) FROM " << table, soci::into(rows);
          return rows;
        })
        .value();
  }

  std::filesystem::path folder_;
  base::ManualClock clock_{base::from_rfc3339("2026-03-01T12:00:00Z").value()};
  base::SecureRandom random_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Accounts> accounts_;
};

}  // namespace rondo::accounts
