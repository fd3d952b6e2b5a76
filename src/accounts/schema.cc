#include "accounts/schema.h"

namespace rondo::accounts {

namespace {

constexpr storage::Migration kMigrations[] = {
    {"accounts", 1, R"sql(
CREATE TABLE accounts (
  id BIGINT NOT NULL PRIMARY KEY,
  handle VARCHAR(24) NOT NULL UNIQUE,
  password VARCHAR(256) NOT NULL,
  role VARCHAR(16) NOT NULL,
  language VARCHAR(8) NOT NULL,
  viewer_engine_id BIGINT NOT NULL UNIQUE,
  author_engine_id BIGINT NOT NULL UNIQUE,
  created_us BIGINT NOT NULL
);
CREATE TABLE viewers (
  engine_id BIGINT NOT NULL PRIMARY KEY,
  language VARCHAR(8) NOT NULL,
  created_us BIGINT NOT NULL
);
CREATE TABLE sessions (
  token_sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
  account_id BIGINT REFERENCES accounts (id),
  viewer_id BIGINT REFERENCES viewers (engine_id),
  created_us BIGINT NOT NULL,
  expires_us BIGINT NOT NULL,
  CHECK ((account_id IS NULL) <> (viewer_id IS NULL))
);
CREATE INDEX sessions_by_account ON sessions (account_id, created_us);
CREATE INDEX sessions_by_viewer ON sessions (viewer_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_us)
)sql"},
    {"accounts", 2, R"sql(
ALTER TABLE accounts ADD COLUMN shares_likes INTEGER NOT NULL DEFAULT 0
)sql"},
};

}  // namespace

std::span<const storage::Migration> migrations() { return kMigrations; }

}  // namespace rondo::accounts
