#include "storage/sqlite/sqlite_database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "storage/storage_contract.h"

namespace rondo::storage {
namespace {

class SqliteFixture final : public StorageFixture {
 public:
  SqliteFixture() {
    // A blank in the path, because people have them.
    std::string name = (std::filesystem::temp_directory_path() / "rondo db XXXXXX").string();
    RD_ASSERT(::mkdtemp(name.data()) != nullptr);
    directory_ = name;
  }
  ~SqliteFixture() override { std::filesystem::remove_all(directory_); }

  Result<std::unique_ptr<Database>> open(int readers, int busy_ms_max) override {
    return open_sqlite({.path = path(), .readers = readers, .busy_ms_max = busy_ms_max});
  }
  std::filesystem::path path() const { return directory_ / "rondo.db"; }

 private:
  std::filesystem::path directory_;
};

std::unique_ptr<StorageFixture> make_sqlite() { return std::make_unique<SqliteFixture>(); }

INSTANTIATE_TEST_SUITE_P(Sqlite, StorageContract, testing::Values(&make_sqlite));

TEST(SqliteDatabase, IsItsOwnersAlone) {
  SqliteFixture fixture;
  auto db = fixture.open(1, 100);
  ASSERT_TRUE(db.ok()) << db.error().describe();
  struct stat info {};
  ASSERT_EQ(::stat(fixture.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

TEST(SqliteDatabase, CommitsAreSyncedAndLoggedAhead) {
  SqliteFixture fixture;
  auto db = fixture.open(1, 100);
  ASSERT_TRUE(db.ok());
  auto done = (*db)->write([](soci::session& sql) -> Result<void> {
    int synchronous = 0;
    std::string journal;
    int foreign_keys = 0;
    sql << "PRAGMA synchronous", soci::into(synchronous);
    sql << "PRAGMA journal_mode", soci::into(journal);
    sql << "PRAGMA foreign_keys", soci::into(foreign_keys);
    EXPECT_EQ(synchronous, 2);  // FULL
    EXPECT_EQ(journal, "wal");
    EXPECT_EQ(foreign_keys, 1);
    return {};
  });
  EXPECT_TRUE(done.ok());
}

TEST(SqliteDatabase, SaysWhatItCannotOpen) {
  SqliteFixture fixture;
  std::ofstream(fixture.path()) << std::string(8192, 'x');
  auto damaged = fixture.open(1, 100);
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code(), ErrorCode::kCorrupt) << damaged.error().describe();

  auto nowhere = open_sqlite({.path = "/nonexistent/rondo.db"});
  EXPECT_EQ(nowhere.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(open_sqlite({.path = fixture.path(), .readers = 0}).error().code(),
            ErrorCode::kInvalid);
  EXPECT_EQ(open_sqlite({.path = "a\"b"}).error().code(), ErrorCode::kInvalid);
}

TEST(SqliteDatabase, AFullDiskIsUnavailableAndPasses) {
  SqliteFixture fixture;
  auto db = std::move(*fixture.open(1, 100));
  auto fill = [&] {
    return db->write([](soci::session& sql) -> Result<void> {
      sql << "CREATE TABLE IF NOT EXISTS filled (bytes TEXT)";
      sql << "INSERT INTO filled VALUES (hex(zeroblob(200000)))";
      return {};
    });
  };
  auto limit = [&](int pages) {
    auto set = db->write([&](soci::session& sql) -> Result<void> {
      sql << "PRAGMA max_page_count = " + std::to_string(pages);
      return {};
    });
    ASSERT_TRUE(set.ok());
  };
  limit(20);
  auto full = fill();
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(full.error().reason(), "disk_full");
  limit(100'000);
  EXPECT_TRUE(fill().ok());
}

}  // namespace
}  // namespace rondo::storage
