#include "catalogue/rows.h"

#include <unordered_map>

#include "base/bytes.h"

namespace rondo::catalogue {

namespace {

VideoState state_from_row(const std::string& text) {
  for (VideoState state : {VideoState::kProcessing, VideoState::kLive, VideoState::kRefused}) {
    if (text == to_string(state)) return state;
  }
  return VideoState::kDeleted;
}

std::vector<std::string> split_hashtags(const std::string& text) {
  std::vector<std::string> tags;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    tags.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return tags;
}

// Whatever is no base64 shows as nothing: the video plays without it.
std::string bytes_from_row(const std::string& text) {
  auto bytes = base::from_base64(text);
  return bytes.ok() ? std::move(bytes).value() : std::string();
}

void add_renditions(soci::session& sql, std::vector<Video>& videos) {
  std::vector<VideoId> live;
  std::unordered_map<VideoId, Video*> by_id;
  for (Video& video : videos) {
    if (video.state != VideoState::kLive) continue;
    live.push_back(video.id);
    by_id[video.id] = &video;
  }
  if (live.empty()) return;
  long long video_id = 0;
  Rendition rendition;
  long long bandwidth_bps = 0;
  long long size_bytes = 0;
  soci::statement select =
      (sql.prepare << "SELECT video_id, name, width, height, bandwidth_bps, size_bytes"
                      " FROM renditions WHERE video_id IN (" +
                          id_list(std::span<const VideoId>(live)) + ") ORDER BY video_id, position",
       soci::into(video_id), soci::into(rendition.name), soci::into(rendition.width),
       soci::into(rendition.height), soci::into(bandwidth_bps), soci::into(size_bytes));
  select.execute();
  while (select.fetch()) {
    rendition.bandwidth_bps = bandwidth_bps;
    rendition.size_bytes = size_bytes;
    by_id.at(from_row<VideoId>(video_id))->media.renditions.push_back(rendition);
  }
}

void add_captions(soci::session& sql, std::vector<Video>& videos) {
  if (videos.empty()) return;
  std::vector<VideoId> ids;
  std::unordered_map<VideoId, Video*> by_id;
  for (Video& video : videos) {
    ids.push_back(video.id);
    by_id[video.id] = &video;
  }
  long long video_id = 0;
  CaptionTrack track;
  soci::statement select =
      (sql.prepare << "SELECT video_id, language, version FROM captions WHERE video_id IN (" +
                          id_list(std::span<const VideoId>(ids)) + ") ORDER BY video_id, language",
       soci::into(video_id), soci::into(track.language), soci::into(track.version));
  select.execute();
  while (select.fetch()) by_id.at(from_row<VideoId>(video_id))->captions.push_back(track);
}

}  // namespace

std::string_view to_string(VideoState state) {
  switch (state) {
    case VideoState::kProcessing:
      return "processing";
    case VideoState::kLive:
      return "live";
    case VideoState::kRefused:
      return "refused";
    case VideoState::kDeleted:
      break;
  }
  return "deleted";
}

std::vector<Video> select_videos(soci::session& sql, const std::string& tail,
                                 std::span<const long long> values) {
  long long id = 0;
  long long upload = 0;
  long long author = 0;
  long long author_engine = 0;
  std::string state;
  std::string hashtags;
  int progress_percent = 0;
  Refusal refusal;
  long long trim_start_ms = 0;
  long long trim_end_ms = 0;
  long long cover_ms = -1;
  long long duration_ms = 0;
  long long created_us = 0;
  long long published_us = 0;
  long long likes = 0;
  long long views = 0;
  std::string placeholder;
  std::string waveform;
  int credentials = 0;
  long long look = 0;
  long long sound = 0;
  Storyboard story;
  Video row;
  const std::string query =
      "SELECT v.id, v.upload_id, v.author_id, v.author_engine_id, v.state, v.caption, v.hashtags,"
      " v.language, v.progress_percent, v.refusal_code, v.refusal_detail, v.duration_ms, v.width,"
      " v.height, v.trim_start_ms, v.trim_end_ms, v.cover_ms, v.placeholder, v.waveform,"
      " v.credentials, v.look_id, v.sound_id, v.story_count, v.story_columns, v.story_tile_width,"
      " v.story_tile_height, v.story_interval_ms, v.created_us, v.published_us,"
      " COALESCE(c.likes, 0), COALESCE(c.views, 0)"
      " FROM videos v LEFT JOIN video_counts c ON c.video_id = v.id " +
      tail;
  soci::statement select(sql);
  select.exchange(soci::into(id));
  select.exchange(soci::into(upload));
  select.exchange(soci::into(author));
  select.exchange(soci::into(author_engine));
  select.exchange(soci::into(state));
  select.exchange(soci::into(row.caption));
  select.exchange(soci::into(hashtags));
  select.exchange(soci::into(row.language));
  select.exchange(soci::into(progress_percent));
  select.exchange(soci::into(refusal.code));
  select.exchange(soci::into(refusal.detail));
  select.exchange(soci::into(duration_ms));
  select.exchange(soci::into(row.media.width));
  select.exchange(soci::into(row.media.height));
  select.exchange(soci::into(trim_start_ms));
  select.exchange(soci::into(trim_end_ms));
  select.exchange(soci::into(cover_ms));
  select.exchange(soci::into(placeholder));
  select.exchange(soci::into(waveform));
  select.exchange(soci::into(credentials));
  select.exchange(soci::into(look));
  select.exchange(soci::into(sound));
  select.exchange(soci::into(story.count));
  select.exchange(soci::into(story.columns));
  select.exchange(soci::into(story.tile_width));
  select.exchange(soci::into(story.tile_height));
  select.exchange(soci::into(story.interval_ms));
  select.exchange(soci::into(created_us));
  select.exchange(soci::into(published_us));
  select.exchange(soci::into(likes));
  select.exchange(soci::into(views));
  for (const long long& value : values) select.exchange(soci::use(value));
  select.alloc();
  select.prepare(query);
  select.define_and_bind();
  select.execute();

  std::vector<Video> videos;
  while (select.fetch()) {
    row.id = from_row<VideoId>(id);
    row.upload = from_row<UploadId>(upload);
    row.author = from_row<AccountId>(author);
    row.author_engine = from_row<EngineId>(author_engine);
    row.state = state_from_row(state);
    row.hashtags = split_hashtags(hashtags);
    row.progress = progress_percent / 100.0;
    row.waiting = row.state == VideoState::kProcessing && progress_percent == 0;
    row.media.duration_ms = static_cast<uint32_t>(duration_ms);
    row.edit = {};
    if (trim_end_ms > 0) {
      row.edit.trim = {static_cast<uint32_t>(trim_start_ms), static_cast<uint32_t>(trim_end_ms)};
    }
    if (cover_ms >= 0) row.edit.cover_ms = static_cast<uint32_t>(cover_ms);
    row.media.placeholder = bytes_from_row(placeholder);
    row.media.waveform = bytes_from_row(waveform);
    row.media.credentials = credentials != 0;
    row.media.look = from_row<VideoId>(look);
    row.media.sound = from_row<VideoId>(sound);
    row.media.storyboard.reset();
    if (story.count > 0) row.media.storyboard = story;
    row.created_us = static_cast<uint64_t>(created_us);
    row.published_us = static_cast<uint64_t>(published_us);
    row.likes = likes;
    row.views = views;
    videos.push_back(row);
    if (row.state == VideoState::kRefused) videos.back().refusal.emplace(refusal);
  }
  add_renditions(sql, videos);
  add_captions(sql, videos);
  return videos;
}

std::string join_hashtags(const std::vector<std::string>& hashtags) {
  std::string text;
  for (const std::string& tag : hashtags) {
    if (!text.empty()) text += ' ';
    text += tag;
  }
  return text;
}

}  // namespace rondo::catalogue
