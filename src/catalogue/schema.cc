#include "catalogue/schema.h"

namespace rondo::catalogue {

namespace {

// hashtags: parted by blanks, which no tag has. version counts the changes of what the log knows
// of the video. cleanup_due: files may lie about that the state says are not needed. The
// projections refer to no video: the log may know videos that this database has forgotten.
constexpr storage::Migration kMigrations[] = {
    {"catalogue", 1, R"sql(
CREATE TABLE videos (
  id BIGINT NOT NULL PRIMARY KEY,
  upload_id BIGINT NOT NULL UNIQUE,
  author_id BIGINT NOT NULL,
  author_engine_id BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  caption TEXT NOT NULL,
  hashtags TEXT NOT NULL,
  language VARCHAR(8) NOT NULL,
  progress_percent INTEGER NOT NULL,
  refusal_code VARCHAR(64) NOT NULL,
  refusal_detail TEXT NOT NULL,
  duration_ms BIGINT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  version BIGINT NOT NULL,
  cleanup_due INTEGER NOT NULL,
  created_us BIGINT NOT NULL,
  published_us BIGINT NOT NULL
);
CREATE INDEX videos_by_publication ON videos (state, published_us, id);
CREATE INDEX videos_of_author_by_publication ON videos (author_id, state, published_us, id);
CREATE INDEX videos_of_author_by_creation ON videos (author_id, created_us, id);
CREATE INDEX videos_to_clean_up ON videos (id) WHERE cleanup_due = 1;
CREATE TABLE renditions (
  video_id BIGINT NOT NULL REFERENCES videos (id),
  position INTEGER NOT NULL,
  name VARCHAR(32) NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  bandwidth_bps BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL,
  PRIMARY KEY (video_id, position)
);
CREATE TABLE video_counts (
  video_id BIGINT NOT NULL PRIMARY KEY,
  likes BIGINT NOT NULL,
  views BIGINT NOT NULL
);
CREATE TABLE likes (
  viewer_id BIGINT NOT NULL,
  video_id BIGINT NOT NULL,
  liked_us BIGINT NOT NULL,
  PRIMARY KEY (viewer_id, video_id)
)
)sql"},
    // trim_end_ms 0: the whole file. cover_ms -1: the first frame.
    {"catalogue", 2, R"sql(
ALTER TABLE videos ADD COLUMN trim_start_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN trim_end_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN cover_ms BIGINT NOT NULL DEFAULT -1
)sql"},
    // original_bytes: of the uploaded file, where it is kept.
    {"catalogue", 3, R"sql(
ALTER TABLE videos ADD COLUMN original_bytes BIGINT NOT NULL DEFAULT 0
)sql"},
    // Bytes as base64url. story_count: 0 while there is no storyboard.
    {"catalogue", 4, R"sql(
ALTER TABLE videos ADD COLUMN placeholder VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE videos ADD COLUMN waveform VARCHAR(160) NOT NULL DEFAULT '';
ALTER TABLE videos ADD COLUMN credentials INTEGER NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN look_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN sound_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN story_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN story_columns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN story_tile_width INTEGER NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN story_tile_height INTEGER NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN story_interval_ms INTEGER NOT NULL DEFAULT 0
)sql"},
    {"catalogue", 5, R"sql(
CREATE TABLE captions (
  video_id BIGINT NOT NULL REFERENCES videos (id),
  language VARCHAR(35) NOT NULL,
  version VARCHAR(16) NOT NULL,
  size_bytes BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (video_id, language)
)
)sql"},
    {"catalogue", 6, R"sql(
CREATE INDEX likes_by_time ON likes (viewer_id, liked_us, video_id)
)sql"},
};

}  // namespace

std::span<const storage::Migration> migrations() { return kMigrations; }

}  // namespace rondo::catalogue
