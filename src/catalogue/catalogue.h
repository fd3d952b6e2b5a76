// The catalogue: every video, and whether it can be seen.
//
// The database owns videos. Going live and being deleted are one transaction with the record for
// every partition of the log in the outbox (VideoPublished, VideoChanged), so that what can be seen
// and what the engines know cannot disagree for good. Likes and views belong to the log; this
// database holds projections of them (projection.h).
//
// Every step may be repeated: repeated, it finds itself done and changes nothing. Times of
// publication strictly increase, so that a page of the latest never repeats or skips a video.
//
// Thread safe; calls block on the database, note_progress but once a tenth.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "catalogue/progress.h"
#include "catalogue/video.h"
#include "storage/database.h"

namespace rondo::catalogue {

inline constexpr int kPageVideosMax = 50;
inline constexpr size_t kVideosAtOnceMax = 64;
inline constexpr size_t kLikersMax = 100;
inline constexpr int kLatestLikesMax = 16;
inline constexpr uint32_t kTrimMsMin = 500;  // what is left of a video, at least

struct Draft {
  UploadId upload;
  AccountId author;
  EngineId author_engine;
  std::string caption;
  std::vector<std::string> hashtags;  // beside those in the caption
  std::string language;               // BCP 47 primary tag in lower case; empty: unknown
  Edit edit = {};
};

// A video, and how many of those asked about like it.
struct LikedVideo {
  VideoId video;
  uint32_t people = 0;
};

struct Captions {
  CaptionTrack track;
  std::string body;
};

class Catalogue {
 public:
  Catalogue(storage::Database& database, const base::Clock& clock, base::SecureRandom& random);

  // ---- Changes ----

  // One video an upload: asked again, the answer is the first one's video as it is now. invalid
  // with field and reason (caption.h, "language_malformed", "trim_too_short", "cover_beyond_end");
  // conflict "upload_used" when the upload is another account's, or its video was deleted.
  Result<Video> create_draft(const Draft& draft);
  // In memory, and each tenth in the database. Nothing to a video that is not processing.
  Result<void> note_progress(VideoId id, double progress);
  // Of a video that is processing and whose author named none; else nothing happens.
  Result<void> note_language(VideoId id, std::string_view language);
  // processing -> live. conflict "not_processing" when refused or deleted meanwhile.
  Result<void> publish(VideoId id, const MediaFacts& media);
  // A live video has more renditions by now. Nothing when it is not live.
  Result<void> complete_media(VideoId id, const MediaFacts& media);
  // processing -> refused. conflict "not_processing" when live or deleted meanwhile.
  Result<void> refuse(VideoId id, const Refusal& refusal);
  // Any state -> deleted. Its words go at once; its files are the caller's to remove.
  Result<void> remove(VideoId id);
  // The words of a video in a language, in place of those that it had; `body` is served as it is.
  // Twice the same changes nothing. invalid "language_malformed"; exhausted "too_many_captions"
  // beyond `languages_max`; not_found once the video is deleted, with which its captions go.
  Result<CaptionTrack> put_captions(VideoId id, std::string_view language, const std::string& body,
                                    size_t languages_max);
  Result<void> remove_captions(VideoId id, std::string_view language);  // again: nothing happens
  // The uploaded file of a live video is kept.
  Result<void> note_original(VideoId id, uint64_t size_bytes);
  // No file is left that a video in this state does not need: its upload, and unless it is live its
  // media. Nothing when the state is another one by now.
  Result<void> cleaned_up(VideoId id, VideoState state);

  // ---- Questions ----

  Result<Video> find(VideoId id) const;  // not_found; deleted ones are found as deleted
  // not_found "captions_unknown".
  Result<Captions> captions(VideoId id, std::string_view language) const;
  // The video that was made of this upload, in whatever state.
  Result<std::optional<Video>> find_upload(UploadId upload) const;
  // Those of the ids that exist, deleted ones left out, in the order of `ids`; at most
  // kVideosAtOnceMax.
  Result<std::vector<Video>> find_many(std::span<const VideoId> ids) const;
  // Which of the ids this viewer likes, as far as the projection has come.
  Result<std::vector<VideoId>> liked(EngineId viewer, std::span<const VideoId> ids) const;
  // What these viewers (the first kLikersMax) like among the latest kLatestLikesMax likes of each,
  // as far as the projection has come: liked by most first, then the latest; at most `count_max`.
  Result<std::vector<LikedVideo>> liked_lately(std::span<const EngineId> viewers,
                                               size_t count_max) const;

  // Pages, newest first, 1..kPageVideosMax videos. `cursor` is empty or the next_cursor of the page
  // before; invalid, field "cursor", when it is neither.
  Result<VideoPage> latest(std::string_view cursor, int limit) const;
  Result<VideoPage> live_of(std::span<const AccountId> authors, std::string_view cursor,
                            int limit) const;
  // All states but deleted, by creation.
  Result<VideoPage> all_of(AccountId author, std::string_view cursor, int limit) const;
  Result<int64_t> count_live_of(AccountId author) const;
  // What is kept of videos: renditions, originals, captions; of one author, or of all.
  Result<uint64_t> stored_bytes(std::optional<AccountId> author) const;
  // Whose live videos take up most, the largest first; at most `count_max`.
  Result<std::vector<AccountId>> largest_authors(int count_max) const;

  // Work that a crash may have left, by id, after `after` (zero: from the start).
  Result<std::vector<VideoId>> processing(VideoId after, int count_max) const;
  Result<std::vector<VideoId>> to_clean_up(VideoId after, int count_max) const;

 private:
  Result<VideoPage> page(const std::string& condition, const std::string& time_column,
                         std::string_view cursor, int limit) const;
  Result<std::vector<VideoId>> ids_where(const std::string& condition, VideoId after,
                                         int count_max) const;
  void show_progress(Video& video) const;

  storage::Database& database_;
  const base::Clock& clock_;
  base::SecureRandom& random_;
  ProgressBoard progress_;
};

}  // namespace rondo::catalogue
