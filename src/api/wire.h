// The types on the wire. Described once (Boost.Describe): parser, serialiser, OpenAPI document and
// the web client's TypeScript all come from here. Only api/ includes this file.
//
// std::optional members may be absent in requests and are left out of responses when unset; every
// other member is required. Ids are opaque texts; times RFC 3339 in UTC.
#pragma once

#include <boost/describe.hpp>
#include <boost/describe/enum.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rondo::api::wire {

// ---- Closed sets: their names on the wire are the enumerators' ----

BOOST_DEFINE_ENUM_CLASS(SessionKind, anonymous, account)
BOOST_DEFINE_ENUM_CLASS(Role, member, admin)
BOOST_DEFINE_ENUM_CLASS(VideoState, processing, live, refused)
BOOST_DEFINE_ENUM_CLASS(Feed, for_you, following, latest)
BOOST_DEFINE_ENUM_CLASS(Source, personal, trending, fresh, followed, co_watch, match, exploration,
                        sound, liked_by_followed, trending_region, following, latest)
BOOST_DEFINE_ENUM_CLASS(ReasonKind, topic_finished, topic_liked, topic_skipped, follows_author,
                        author_finished, co_watched, trending, fresh, exploration, asked_more,
                        asked_less, sound_liked, liked_by_followed, trending_region)
BOOST_DEFINE_ENUM_CLASS(EventType, impression, watch, like, unlike, share, save, not_interested,
                        report)
BOOST_DEFINE_ENUM_CLASS(Scope, video, author, topic, sound)
BOOST_DEFINE_ENUM_CLASS(ContentCredentials, unverified)
BOOST_DEFINE_ENUM_CLASS(Codec, h264, av1)
BOOST_DEFINE_ENUM_CLASS(JobPurpose, publish, finish, clean_up, other)
BOOST_DEFINE_ENUM_CLASS(JobState, running, waiting, failed)
BOOST_DEFINE_ENUM_CLASS(DemoState, making, watching, ready)

// ---- Problems (RFC 9457) ----

struct FieldProblem {
  std::string field;
  std::string code;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(FieldProblem, (), (field, code, detail))

struct Problem {
  std::string type;  // "/problems/duration_too_long", or "about:blank"
  std::string title;
  int status = 0;
  std::string detail;  // what was wrong, the value beside the limit, what to do
  std::optional<std::vector<FieldProblem>> errors;
};
BOOST_DESCRIBE_STRUCT(Problem, (), (type, title, status, detail, errors))

// ---- Who ----

struct Account {
  std::string id;
  std::string handle;
  Role role = Role::member;
  std::string created_at;
  bool shares_likes = false;  // followers may be shown what it likes, not told by whom
};
BOOST_DESCRIBE_STRUCT(Account, (), (id, handle, role, created_at, shares_likes))

struct AccountChange {
  std::optional<bool> shares_likes;
};
BOOST_DESCRIBE_STRUCT(AccountChange, (), (shares_likes))

// The answer to POST viewers, accounts and sessions also sets the session cookie.
struct Session {
  SessionKind kind = SessionKind::anonymous;
  std::optional<Account> account;
  std::optional<std::string> token;  // only when the session is made: for `Authorization: Bearer`
  std::string expires_at;
};
BOOST_DESCRIBE_STRUCT(Session, (), (kind, account, token, expires_at))

struct NewViewer {
  std::optional<std::string> language;  // BCP 47 primary tag
};
BOOST_DESCRIBE_STRUCT(NewViewer, (), (language))

struct NewAccount {
  std::string handle;    // 3..24 of a-z, 0-9, '_' and '.'
  std::string password;  // 10..200 characters
  std::optional<std::string> language;
};
BOOST_DESCRIBE_STRUCT(NewAccount, (), (handle, password, language))

struct Credentials {
  std::string handle;
  std::string password;
};
BOOST_DESCRIBE_STRUCT(Credentials, (), (handle, password))

// What an account takes up.
struct StorageUse {
  int64_t used_bytes = 0;            // videos and uploads together
  int64_t uploads_bytes = 0;         // held, not worked off yet
  std::optional<int64_t> bytes_max;  // unset: no limit
};
BOOST_DESCRIBE_STRUCT(StorageUse, (), (used_bytes, uploads_bytes, bytes_max))

struct Profile {
  std::string handle;
  int64_t followers = 0;
  int64_t videos = 0;
  bool following = false;  // by whoever asks
  std::string created_at;
};
BOOST_DESCRIBE_STRUCT(Profile, (), (handle, followers, videos, following, created_at))

// ---- Videos ----

struct Rendition {
  std::string url;  // fragmented MP4, front sidx: plain <video> and HLS byte ranges
  Codec codec = Codec::h264;
  int width = 0;
  int height = 0;
  int64_t bandwidth_bps = 0;
  int64_t size_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(Rendition, (), (url, codec, width, height, bandwidth_bps, size_bytes))

// One JPEG of small pictures: picture i, in column i % columns of row i / columns, is what is shown
// at i * interval_ms.
struct Storyboard {
  std::string url;
  int count = 0;
  int columns = 0;
  int tile_width = 0;
  int tile_height = 0;
  int interval_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Storyboard, (), (url, count, columns, tile_width, tile_height, interval_ms))

// The words of a video in a language, as WebVTT.
struct CaptionTrack {
  std::string language;  // BCP 47 in lower case
  std::string url;       // written anew by the server; immutable
};
BOOST_DESCRIBE_STRUCT(CaptionTrack, (), (language, url))

struct GivenCaptions {
  std::string language;  // BCP 47 in lower case
  std::string url;
  std::optional<std::string> text_language;  // of the words, where it is plainly another; a warning
};
BOOST_DESCRIBE_STRUCT(GivenCaptions, (), (language, url, text_language))

struct Refusal {
  std::string code;    // "not_a_video", "duration_too_long", "no_picture", ...
  std::string detail;  // a sentence with the value beside the limit
};
BOOST_DESCRIBE_STRUCT(Refusal, (), (code, detail))

struct Video {
  std::string id;
  VideoState state = VideoState::processing;
  std::optional<double> progress;  // 0..1 while processing
  std::optional<bool> waiting;     // processing, and its turn has not come
  std::optional<Refusal> refusal;
  std::string author;  // handle
  std::string caption;
  std::vector<std::string> hashtags;
  std::string created_at;
  std::optional<std::string> published_at;
  // Set once live:
  std::optional<int64_t> duration_ms;
  std::optional<int> width;
  std::optional<int> height;
  std::optional<std::string> poster_url;   // the first picture
  std::optional<std::string> cover_url;    // the one that its author chose
  std::optional<std::string> placeholder;  // the poster, blurred, in about 20 bytes (base64url)
  std::optional<std::string> waveform;     // base64url of 100 peaks, 255 the loudest; unset: silent
  std::optional<std::string> sound_id;     // videos with the same sound have the same
  std::optional<std::string> duplicate_of;  // the first video that looked the same; it may be gone
  // Set when the upload carried a C2PA manifest and was published whole. Nobody here has verified
  // it.
  std::optional<ContentCredentials> content_credentials;
  // Set when all renditions are made:
  std::optional<std::string> preview_url;  // a few silent seconds, MP4
  std::optional<Storyboard> storyboard;
  std::optional<std::string> hls_url;
  std::vector<Rendition> renditions;   // H.264, largest first; then AV1; empty until live
  std::vector<CaptionTrack> captions;  // by language
  int64_t likes = 0;
  int64_t views = 0;
  bool liked = false;  // by whoever asks
};
BOOST_DESCRIBE_STRUCT(Video, (),
                      (id, state, progress, waiting, refusal, author, caption, hashtags, created_at,
                       published_at, duration_ms, width, height, poster_url, cover_url, placeholder,
                       waveform, sound_id, duplicate_of, content_credentials, preview_url,
                       storyboard, hls_url, renditions, captions, likes, views, liked))

// What is kept of the uploaded file, exact to the frame.
struct Trim {
  int64_t start_ms = 0;
  int64_t end_ms = 0;  // at least half a second later; beyond the end of the file: its end
};
BOOST_DESCRIBE_STRUCT(Trim, (), (start_ms, end_ms))

struct NewVideo {
  std::string upload_id;  // a complete upload of the same account; sent again: the same answer
  std::string caption;    // at most 2,000 characters; #tags in it count as hashtags
  std::optional<std::vector<std::string>> hashtags;
  std::optional<std::string> language;
  std::optional<Trim> trim;         // left out: the whole file
  std::optional<int64_t> cover_ms;  // a moment of the published video, after the trim
};
BOOST_DESCRIBE_STRUCT(NewVideo, (), (upload_id, caption, hashtags, language, trim, cover_ms))

struct VideoList {
  std::vector<Video> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(VideoList, (), (items, next_cursor))

// ---- Feeds ----

// One additive term of the score: contribution = weight * value; the terms sum to the score.
struct ScoreTerm {
  std::string name;  // "finish", "watch", "like", "skip", ... or a named adjustment
  float value = 0;
  float weight = 0;
  float contribution = 0;
};
BOOST_DESCRIBE_STRUCT(ScoreTerm, (), (name, value, weight, contribution))

// A fact that carried the slot, for the client to say in words.
struct Reason {
  ReasonKind kind = ReasonKind::trending;
  std::string subject;  // the topic, the author's handle or the region; may be empty
  int count = 0;
};
BOOST_DESCRIBE_STRUCT(Reason, (), (kind, subject, count))

struct FeedItem {
  int slot = 0;
  Video video;
  Source source = Source::latest;
  std::vector<Reason> reasons;   // strongest first
  std::vector<ScoreTerm> terms;  // strongest first; empty for "latest"
  float score = 0;
};
BOOST_DESCRIBE_STRUCT(FeedItem, (), (slot, video, source, reasons, terms, score))

// What the latest outcomes changed: "More fractals: you watched two to the end."
struct Learned {
  std::string topic;
  bool more = false;
  int finished = 0;
  int skipped = 0;
  int liked = 0;
  int not_interested = 0;
};
BOOST_DESCRIBE_STRUCT(Learned, (), (topic, more, finished, skipped, liked, not_interested))

struct FeedPage {
  Feed feed = Feed::latest;
  std::optional<std::string> page_id;  // a ranked page: what events and receipts go by
  std::optional<int64_t> offset;       // of the page's own record: for after_offset
  std::vector<FeedItem> items;
  std::vector<Learned> learned;
  bool exhausted = false;                  // nothing is left that this viewer has not seen
  std::optional<std::string> fallback;     // why For You answered with Latest, in words
  std::optional<std::string> next_cursor;  // latest and following
};
BOOST_DESCRIBE_STRUCT(FeedPage, (),
                      (feed, page_id, offset, items, learned, exhausted, fallback, next_cursor))

struct Event {
  std::string id;  // made by the client, 8..32 characters, unique per viewer
  EventType type = EventType::impression;
  std::string video_id;
  std::optional<std::string> page_id;  // with slot: of the page that showed it
  std::optional<int> slot;
  std::optional<std::string> at;    // the client's clock; noted, never trusted
  std::optional<int64_t> watch_ms;  // watch
  std::optional<int> loops;         // watch: complete plays
  std::optional<bool> skipped;      // watch: swiped on before the first end
  std::optional<Scope> scope;       // not_interested
};
BOOST_DESCRIBE_STRUCT(Event, (),
                      (id, type, video_id, page_id, slot, at, watch_ms, loops, skipped, scope))

struct EventBatch {
  std::vector<Event> events;  // 1..100
};
BOOST_DESCRIBE_STRUCT(EventBatch, (), (events))

struct RejectedEvent {
  std::string id;
  std::string code;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(RejectedEvent, (), (id, code, detail))

struct EventReceipt {
  int64_t offset = 0;  // of the last event that was stored: for after_offset
  int accepted = 0;
  std::vector<RejectedEvent> rejected;
};
BOOST_DESCRIBE_STRUCT(EventReceipt, (), (offset, accepted, rejected))

// ---- What a viewer asks of the feed ----

struct TopicLevel {
  std::string topic;
  int level = 0;  // -100: never; below 0: less; 0: as it comes; up to 100: more
};
BOOST_DESCRIBE_STRUCT(TopicLevel, (), (topic, level))

struct Preferences {
  std::vector<TopicLevel> topics;  // at most 64, oldest first
  std::vector<std::string>
      muted;  // phrases, at most 64: a video with all words of one does not come
  std::vector<std::string> authors_turned_down;  // handles, of "not interested"
  int sounds_turned_down = 0;
  std::vector<std::string> met;   // topics of what was watched lately, the latest first
  std::optional<int64_t> offset;  // of the change: for after_offset
};
BOOST_DESCRIBE_STRUCT(Preferences, (),
                      (topics, muted, authors_turned_down, sounds_turned_down, met, offset))

struct PreferenceChange {
  std::optional<std::vector<TopicLevel>> topics;  // level 0 takes the wish back
  std::optional<std::vector<std::string>> mute;
  std::optional<std::vector<std::string>> unmute;
};
BOOST_DESCRIBE_STRUCT(PreferenceChange, (), (topics, mute, unmute))

struct FeedReset {
  std::optional<bool> turned_down;  // authors, sounds and hidden topics may come again too
};
BOOST_DESCRIBE_STRUCT(FeedReset, (), (turned_down))

struct ReceiptSlot {
  int slot = 0;
  std::string video_id;
  Source source = Source::personal;
  float propensity = 0;
  float score = 0;
  std::vector<ScoreTerm> terms;
  std::vector<Reason> reasons;
};
BOOST_DESCRIBE_STRUCT(ReceiptSlot, (), (slot, video_id, source, propensity, score, terms, reasons))

struct PageReceipt {
  std::string page_id;
  int partition = 0;
  int64_t offset = 0;
  int64_t ranked_at_offset = 0;
  std::string served_at;
  std::string engine_version;
  std::string bundle_sha256;
  std::string seed;
  int candidates = 0;
  int64_t request_counter = 0;
  std::vector<ReceiptSlot> slots;
};
BOOST_DESCRIBE_STRUCT(PageReceipt, (),
                      (page_id, partition, offset, ranked_at_offset, served_at, engine_version,
                       bundle_sha256, seed, candidates, request_counter, slots))

// ---- For whoever runs the network ----

// One job that is not done. publish: until the video can be played; finish: its other renditions;
// clean_up: removing files.
struct OperatedJob {
  std::string id;
  JobPurpose purpose = JobPurpose::other;
  JobState state = JobState::waiting;
  std::string video_id;              // may be unknown by now
  std::optional<std::string> owner;  // handle
  std::optional<VideoState> video_state;
  std::optional<std::string> caption;
  std::optional<double> progress;          // 0..1, of publishing
  int attempts = 0;                        // with the one that runs
  std::optional<std::string> next_try_at;  // waiting for its next attempt
  std::optional<std::string> since;        // running or failed since
  std::optional<std::string> last_error;
  bool can_cancel = false;
  bool can_retry = false;
};
BOOST_DESCRIBE_STRUCT(OperatedJob, (),
                      (id, purpose, state, video_id, owner, video_state, caption, progress,
                       attempts, next_try_at, since, last_error, can_cancel, can_retry))

struct OperatedQueue {
  int64_t running = 0;  // how many there are; of each, 100 at most are among the items
  int64_t waiting = 0;
  int64_t failed = 0;
  std::vector<OperatedJob>
      items;  // running; waiting, in the order of their turns; failed, newest first
};
BOOST_DESCRIBE_STRUCT(OperatedQueue, (), (running, waiting, failed, items))

struct AccountStorage {
  std::string handle;
  int64_t used_bytes = 0;
  int64_t uploads_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(AccountStorage, (), (handle, used_bytes, uploads_bytes))

struct OperatedStorage {
  StorageUse total;
  std::optional<int64_t> account_bytes_max;  // of each; unset: no limit
  std::vector<AccountStorage> accounts;      // the largest, 50 at most
};
BOOST_DESCRIBE_STRUCT(OperatedStorage, (), (total, account_bytes_max, accounts))

// ---- The network ----

struct DemoProgress {
  DemoState state = DemoState::making;
  int clips_done = 0;
  int clips_total = 0;
  int viewers_done = 0;
  int viewers_total = 0;
};
BOOST_DESCRIBE_STRUCT(DemoProgress, (),
                      (state, clips_done, clips_total, viewers_done, viewers_total))

struct UploadLimits {
  int64_t size_bytes_max = 0;
  int64_t duration_ms_max = 0;
  int64_t pixels_max = 0;  // of one picture
  int64_t frame_rate_max = 0;
  int64_t streams_max = 0;
  int64_t captions_bytes_max = 0;  // of one language
  int64_t captions_languages_max = 0;
};
BOOST_DESCRIBE_STRUCT(UploadLimits, (),
                      (size_bytes_max, duration_ms_max, pixels_max, frame_rate_max, streams_max,
                       captions_bytes_max, captions_languages_max))

struct Network {
  std::string name;
  std::string version;
  UploadLimits uploads;
  bool uploads_open = true;
  std::optional<std::string> uploads_closed_reason;
  std::optional<DemoProgress> demo;
};
BOOST_DESCRIBE_STRUCT(Network, (),
                      (name, version, uploads, uploads_open, uploads_closed_reason, demo))

}  // namespace rondo::api::wire
