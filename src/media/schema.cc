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
    // What videos look and sound like (identity.h); frames and items as traces.h packs them, in
    // base64url. A sound is named by the first video that had it, which may be gone.
    {"media", 2, R"sql(
CREATE TABLE looks (
  video_id BIGINT NOT NULL PRIMARY KEY,
  look_id BIGINT NOT NULL,
  sound_id BIGINT NOT NULL,
  frames TEXT NOT NULL,
  made_us BIGINT NOT NULL
);
CREATE INDEX looks_by_time ON looks (made_us, video_id);
CREATE INDEX looks_by_sound ON looks (sound_id);
CREATE TABLE sounds (
  video_id BIGINT NOT NULL PRIMARY KEY,
  items TEXT NOT NULL,
  made_us BIGINT NOT NULL
);
CREATE INDEX sounds_by_time ON sounds (made_us, video_id)
)sql"},
};

}  // namespace

std::span<const storage::Migration> migrations() { return kMigrations; }

}  // namespace rondo::media
