#include "media/schema.h"

namespace rondo::media {

namespace {

// How much of an upload has arrived is not here: the size of its file says it.
constexpr storage::Migration kMigrations[] = {
    {"media", 1, R"sql(
CREATE TABLE uploads (
  id BIGINT NOT NULL PRIMARY KEY,
  owner_id BIGINT NOT NULL,
  length BIGINT NOT NULL,
  filename VARCHAR(255) NOT NULL,
  filetype VARCHAR(100) NOT NULL,
  state VARCHAR(16) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  created_us BIGINT NOT NULL,
  expires_us BIGINT NOT NULL
);
CREATE INDEX uploads_by_owner ON uploads (owner_id);
CREATE INDEX uploads_by_expiry ON uploads (expires_us)
)sql"},
};

}  // namespace

std::span<const storage::Migration> migrations() { return kMigrations; }

}  // namespace rondo::media
