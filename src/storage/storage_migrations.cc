#include "storage/storage_migrations.h"

namespace rondo::storage {

namespace {

// Only types that SQLite and PostgreSQL share: bytes are stored as base64url text.
constexpr Migration kMigrations[] = {
    {"storage", 1, R"(
CREATE TABLE sequences (
  name TEXT NOT NULL PRIMARY KEY,
  next_value BIGINT NOT NULL
);
CREATE TABLE outbox (
  id BIGINT NOT NULL PRIMARY KEY,
  message_id TEXT NOT NULL,
  destination BIGINT NOT NULL,
  payload TEXT NOT NULL,
  created_us BIGINT NOT NULL,
  UNIQUE (message_id, destination)
);
CREATE TABLE projection_offsets (
  name TEXT NOT NULL,
  partition_id BIGINT NOT NULL,
  next_offset BIGINT NOT NULL,
  PRIMARY KEY (name, partition_id)
))"},
};

}  // namespace

std::span<const Migration> storage_migrations() { return kMigrations; }

}  // namespace rondo::storage
