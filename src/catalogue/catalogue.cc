#include "catalogue/catalogue.h"

#include "base/bytes.h"
#include "catalogue/caption.h"
#include "catalogue/rows.h"
#include "catalogue/words.h"
#include "records/envelope.h"
#include "records/routing.h"
#include "records/validate.h"
#include "storage/outbox.h"

namespace rondo::catalogue {

namespace {

struct Status {
  VideoState state = VideoState::kProcessing;
  long long version = 0;
};

Error no_such_video() {
  return not_found("this video does not exist").with_reason("video_unknown");
}

Error not_processing(VideoState state) {
  return conflict("the video is " + std::string(to_string(state)) + ", not processing")
      .with_reason("not_processing");
}

Result<Video> select_video(soci::session& sql, VideoId id) {
  const long long values[] = {to_row(id)};
  auto found = select_videos(sql, "WHERE v.id = :id", values);
  if (found.empty()) return no_such_video();
  return std::move(found.front());
}

std::optional<Video> select_video_of(soci::session& sql, UploadId upload) {
  const long long values[] = {to_row(upload)};
  auto found = select_videos(sql, "WHERE v.upload_id = :upload", values);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

// Adds the record to the outbox for every partition, as the next version of the video.
Result<void> tell_log(soci::session& sql, VideoId id, const log::v1::Record& record,
                      uint64_t now_us) {
  RD_CHECK(records::validate(record));
  const long long row = to_row(id);
  sql << "UPDATE videos SET version = version + 1 WHERE id = :id", soci::use(row);
  long long version = 0;
  sql << "SELECT version FROM videos WHERE id = :id", soci::use(row), soci::into(version);
  storage::OutboxMessage message;
  message.message_id = records::video_message_id(id, static_cast<uint64_t>(version));
  message.payload = records::seal(record, now_us);
  message.created_us = now_us;
  return storage::outbox_put(sql, message);
}

Result<void> check_edit(const Edit& edit) {
  if (edit.trim) {
    const auto [start_ms, end_ms] = *edit.trim;
    if (end_ms < start_ms || end_ms - start_ms < kTrimMsMin) {
      const int64_t left = static_cast<int64_t>(end_ms) - static_cast<int64_t>(start_ms);
      return invalid("the trim leaves " + std::to_string(left) + " ms; leave at least " +
                     std::to_string(kTrimMsMin) + " ms")
          .with_field("trim")
          .with_reason("trim_too_short");
    }
    if (edit.cover_ms && *edit.cover_ms >= end_ms - start_ms) {
      return invalid("the cover is at " + std::to_string(*edit.cover_ms) +
                     " ms, but the trimmed video ends at " + std::to_string(end_ms - start_ms) +
                     " ms; choose an earlier moment")
          .with_field("cover_ms")
          .with_reason("cover_beyond_end");
    }
  }
  return {};
}

void set_state(soci::session& sql, VideoId id, VideoState state) {
  const long long row = to_row(id);
  const std::string text(to_string(state));
  sql << "UPDATE videos SET state = :state WHERE id = :id", soci::use(text), soci::use(row);
}

// Later than every video that is live, whatever the clock does.
uint64_t publication_time(soci::session& sql, uint64_t now_us) {
  long long newest = 0;
  sql << "SELECT COALESCE(MAX(published_us), 0) FROM videos WHERE state = 'live'",
      soci::into(newest);
  return std::max(now_us, static_cast<uint64_t>(newest) + 1);
}

void insert_renditions(soci::session& sql, VideoId id, const std::vector<Rendition>& renditions) {
  const long long row = to_row(id);
  int position = 0;
  for (const Rendition& rendition : renditions) {
    const auto bandwidth_bps = static_cast<long long>(rendition.bandwidth_bps);
    const auto size_bytes = static_cast<long long>(rendition.size_bytes);
    sql << "INSERT INTO renditions (video_id, position, name, width, height, bandwidth_bps,"
           " size_bytes) VALUES (:id, :position, :name, :width, :height, :bandwidth, :size)",
        soci::use(row), soci::use(position), soci::use(rendition.name), soci::use(rendition.width),
        soci::use(rendition.height), soci::use(bandwidth_bps), soci::use(size_bytes);
    ++position;
  }
}

}  // namespace

Catalogue::Catalogue(storage::Database& database, const base::Clock& clock,
                     base::SecureRandom& random)
    : database_(database), clock_(clock), random_(random) {}

Result<Video> Catalogue::create_draft(const Draft& draft) {
  RD_TRY(const Caption caption, read_caption(draft.caption, draft.hashtags));
  if (!records::is_language(draft.language)) {
    return invalid("a language is a BCP 47 primary tag in lower case, such as \"en\"")
        .with_field("language")
        .with_reason("language_malformed");
  }
  RD_CHECK(check_edit(draft.edit));
  return database_.write([&](soci::session& sql) -> Result<Video> {
    const long long upload = to_row(draft.upload);
    if (std::optional<Video> existing = select_video_of(sql, draft.upload)) {
      Video& video = *existing;
      if (video.author != draft.author || video.state == VideoState::kDeleted) {
        return conflict(
                   "this upload was used for a video that is gone or not yours; upload the "
                   "file again")
            .with_field("upload_id")
            .with_reason("upload_used");
      }
      show_progress(video);
      return std::move(video);
    }
    const VideoId id(random_.next_id());
    const long long row = to_row(id);
    const long long author = to_row(draft.author);
    const long long author_engine = to_row(draft.author_engine);
    const std::string hashtags = join_hashtags(caption.hashtags);
    const Trim trim = draft.edit.trim.value_or(Trim());
    const long long trim_start_ms = trim.start_ms;
    const long long trim_end_ms = trim.end_ms;
    const long long cover_ms =
        draft.edit.cover_ms ? static_cast<long long>(*draft.edit.cover_ms) : -1;
    const auto now_us = static_cast<long long>(clock_.now_us());
    sql << "INSERT INTO videos (id, upload_id, author_id, author_engine_id, state, caption,"
           " hashtags, language, progress_percent, refusal_code, refusal_detail, duration_ms,"
           " width, height, version, cleanup_due, trim_start_ms, trim_end_ms, cover_ms, created_us,"
           " published_us)"
           " VALUES (:id, :upload, :author, :engine, 'processing', :caption, :hashtags, :language,"
           " 0, '', '', 0, 0, 0, 0, 1, :start, :end, :cover, :now, 0)",
        soci::use(row), soci::use(upload), soci::use(author), soci::use(author_engine),
        soci::use(caption.text), soci::use(hashtags), soci::use(draft.language),
        soci::use(trim_start_ms), soci::use(trim_end_ms), soci::use(cover_ms), soci::use(now_us);
    return select_video(sql, id);
  });
}

Result<void> Catalogue::note_progress(VideoId id, double progress) {
  const std::optional<int> percent = progress_.note(id, progress);
  if (!percent) return {};
  return database_.write([&](soci::session& sql) -> Result<void> {
    const long long row = to_row(id);
    sql << "UPDATE videos SET progress_percent = :percent"
           " WHERE id = :id AND state = 'processing' AND progress_percent < :percent2",
        soci::use(*percent), soci::use(row), soci::use(*percent);
    return {};
  });
}

Result<void> Catalogue::note_language(VideoId id, std::string_view language) {
  RD_ASSERT(records::is_language(language));
  return database_.write([&](soci::session& sql) -> Result<void> {
    const long long row = to_row(id);
    const std::string tag(language);
    sql << "UPDATE videos SET language = :language"
           " WHERE id = :id AND state = 'processing' AND language = ''",
        soci::use(tag), soci::use(row);
    return {};
  });
}

Result<void> Catalogue::publish(VideoId id, const MediaFacts& media) {
  if (media.renditions.empty()) return internal("a video without renditions cannot go live");
  RD_CHECK(database_.write([&](soci::session& sql) -> Result<void> {
    RD_TRY(Video video, select_video(sql, id));
    if (video.state == VideoState::kLive) return {};
    if (video.state != VideoState::kProcessing) return not_processing(video.state);
    const uint64_t now = clock_.now_us();
    const uint64_t published = publication_time(sql, now);
    const long long row = to_row(id);
    const auto duration_ms = static_cast<long long>(media.duration_ms);
    const auto published_us = static_cast<long long>(published);
    sql << "UPDATE videos SET state = 'live', progress_percent = 100, duration_ms = :duration,"
           " width = :width, height = :height, published_us = :published WHERE id = :id",
        soci::use(duration_ms), soci::use(media.width), soci::use(media.height),
        soci::use(published_us), soci::use(row);
    insert_renditions(sql, id, media.renditions);
    const std::string placeholder = base::to_base64url(media.placeholder);
    const std::string waveform = base::to_base64url(media.waveform);
    const int credentials = media.credentials ? 1 : 0;
    const long long look = to_row(media.look), sound = to_row(media.sound);
    sql << "UPDATE videos SET placeholder = :placeholder, waveform = :waveform,"
           " credentials = :credentials, look_id = :look,"
           " sound_id = :sound WHERE id = :id",
        soci::use(placeholder), soci::use(waveform), soci::use(credentials), soci::use(look),
        soci::use(sound), soci::use(row);

    log::v1::Record record;
    auto& body = *record.mutable_video_published();
    body.set_video_id(id.value());
    body.set_author_id(video.author_engine.value());
    body.set_duration_ms(media.duration_ms);
    for (const std::string& tag : video.hashtags) body.add_topics(tag);
    body.set_language(video.language);
    body.set_published_us(published);
    for (uint32_t word : words_of_video(video.caption, video.hashtags)) body.add_words(word);
    body.set_sound_id(media.sound.value());
    body.set_look_id(media.look.value());
    return tell_log(sql, id, record, now);
  }));
  progress_.forget(id);
  return {};
}

// The log is not told: to the engines it is the same video.
Result<void> Catalogue::complete_media(VideoId id, const MediaFacts& media) {
  if (media.renditions.empty()) return internal("a live video cannot lose its renditions");
  return database_.write([&](soci::session& sql) -> Result<void> {
    RD_TRY(const Video video, select_video(sql, id));
    if (video.state != VideoState::kLive) return {};
    const long long row = to_row(id);
    sql << "UPDATE videos SET width = :width, height = :height WHERE id = :id",
        soci::use(media.width), soci::use(media.height), soci::use(row);
    sql << "DELETE FROM renditions WHERE video_id = :id", soci::use(row);
    insert_renditions(sql, id, media.renditions);
    if (!media.storyboard) return {};
    const Storyboard& story = *media.storyboard;
    sql << "UPDATE videos SET story_count = :count, story_columns = :columns,"
           " story_tile_width = :width, story_tile_height = :height, story_interval_ms = :interval"
           " WHERE id = :id",
        soci::use(story.count), soci::use(story.columns), soci::use(story.tile_width),
        soci::use(story.tile_height), soci::use(story.interval_ms), soci::use(row);
    return {};
  });
}

Result<void> Catalogue::refuse(VideoId id, const Refusal& refusal) {
  RD_CHECK(database_.write([&](soci::session& sql) -> Result<void> {
    RD_TRY(Video video, select_video(sql, id));
    if (video.state == VideoState::kRefused) return {};
    if (video.state != VideoState::kProcessing) return not_processing(video.state);
    const long long row = to_row(id);
    sql << "UPDATE videos SET state = 'refused', refusal_code = :code, refusal_detail = :detail"
           " WHERE id = :id",
        soci::use(refusal.code), soci::use(refusal.detail), soci::use(row);
    return {};
  }));
  progress_.forget(id);
  return {};
}

Result<void> Catalogue::remove(VideoId id) {
  RD_CHECK(database_.write([&](soci::session& sql) -> Result<void> {
    RD_TRY(Video video, select_video(sql, id));
    if (video.state == VideoState::kDeleted) return {};
    set_state(sql, id, VideoState::kDeleted);
    const long long row = to_row(id);
    sql << "UPDATE videos SET caption = '', hashtags = '', refusal_detail = '', cleanup_due = 1"
           " WHERE id = :id",
        soci::use(row);
    sql << "DELETE FROM renditions WHERE video_id = :id", soci::use(row);
    sql << "DELETE FROM captions WHERE video_id = :id", soci::use(row);
    if (video.state != VideoState::kLive) return {};  // the log has never heard of it

    log::v1::Record record;
    auto& body = *record.mutable_video_changed();
    body.set_video_id(id.value());
    body.set_eligible(false);
    body.set_reason("deleted");
    return tell_log(sql, id, record, clock_.now_us());
  }));
  progress_.forget(id);
  return {};
}

Result<void> Catalogue::note_original(VideoId id, uint64_t size_bytes) {
  return database_.write([&](soci::session& sql) -> Result<void> {
    const long long row = to_row(id);
    const auto bytes = static_cast<long long>(size_bytes);
    sql << "UPDATE videos SET original_bytes = :bytes WHERE id = :id", soci::use(bytes),
        soci::use(row);
    return {};
  });
}

Result<uint64_t> Catalogue::stored_bytes(std::optional<AccountId> author) const {
  return database_.read([&](soci::session& sql) -> Result<uint64_t> {
    const std::string whose =
        author ? " AND v.author_id = " + std::to_string(to_row(*author)) : std::string();
    long long renditions = 0;
    long long originals = 0;
    sql << "SELECT COALESCE(SUM(r.size_bytes), 0) FROM videos v JOIN renditions r"
           " ON r.video_id = v.id WHERE v.state = 'live'" +
               whose,
        soci::into(renditions);
    sql << "SELECT COALESCE(SUM(v.original_bytes), 0) FROM videos v WHERE v.state = 'live'" + whose,
        soci::into(originals);
    long long captions = 0;
    sql << "SELECT COALESCE(SUM(c.size_bytes), 0) FROM videos v JOIN captions c"
           " ON c.video_id = v.id WHERE v.state <> 'deleted'" +
               whose,
        soci::into(captions);
    return static_cast<uint64_t>(renditions + originals + captions);
  });
}

Result<std::vector<AccountId>> Catalogue::largest_authors(int count_max) const {
  return database_.read([&](soci::session& sql) -> Result<std::vector<AccountId>> {
    std::vector<AccountId> authors;
    long long author = 0;
    soci::statement select =
        (sql.prepare << "SELECT author_id FROM (SELECT v.author_id AS author_id, v.original_bytes"
                        " + (SELECT COALESCE(SUM(r.size_bytes), 0) FROM renditions r"
                        " WHERE r.video_id = v.id) AS bytes FROM videos v WHERE v.state = 'live')"
                        " AS sizes GROUP BY author_id ORDER BY SUM(bytes) DESC, author_id"
                        " LIMIT :count",
         soci::into(author), soci::use(count_max, "count"));
    select.execute();
    while (select.fetch()) authors.push_back(from_row<AccountId>(author));
    return authors;
  });
}

Result<void> Catalogue::cleaned_up(VideoId id, VideoState state) {
  return database_.write([&](soci::session& sql) -> Result<void> {
    const long long row = to_row(id);
    const std::string text(to_string(state));
    sql << "UPDATE videos SET cleanup_due = 0 WHERE id = :id AND state = :state", soci::use(row),
        soci::use(text);
    return {};
  });
}

void Catalogue::show_progress(Video& video) const {
  if (video.state != VideoState::kProcessing) return;
  if (auto exact = progress_.find(video.id)) {
    video.progress = std::max(video.progress, *exact);
    video.waiting = false;
  }
}

Result<std::optional<Video>> Catalogue::find_upload(UploadId upload) const {
  RD_TRY(auto video, database_.read([&](soci::session& sql) -> Result<std::optional<Video>> {
    return select_video_of(sql, upload);
  }));
  if (video) show_progress(*video);
  return video;
}

Result<Video> Catalogue::find(VideoId id) const {
  RD_TRY(Video video, database_.read([&](soci::session& sql) { return select_video(sql, id); }));
  show_progress(video);
  return video;
}

}  // namespace rondo::catalogue
