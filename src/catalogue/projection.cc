#include "catalogue/projection.h"

#include <map>

#include "catalogue/rows.h"
#include "storage/projection.h"

namespace rondo::catalogue {

namespace {

// Statements for a batch, prepared once, and what the batch adds to each video.
class Batch {
 public:
  explicit Batch(soci::session& sql)
      : sql_(sql),
        insert_like_((sql.prepare << "INSERT INTO likes (viewer_id, video_id, liked_us)"
                                     " VALUES (:viewer, :video, :time)"
                                     " ON CONFLICT (viewer_id, video_id) DO NOTHING",
                      soci::use(viewer_), soci::use(video_), soci::use(time_us_))),
        delete_like_((sql.prepare << "DELETE FROM likes WHERE viewer_id = :viewer"
                                     " AND video_id = :video",
                      soci::use(viewer_), soci::use(video_))) {}

  void fold(const LoggedRecord& logged) {
    const log::v1::Record& record = logged.record;
    if (record.has_engagement()) {
      const auto& body = record.engagement();
      if (body.has_watch()) {
        const auto& watch = body.watch();
        if (watch.watch_ms() >= kViewWatchMsMin || watch.loops() > 0) {
          ++added_[static_cast<long long>(body.video_id())].views;
        }
      } else if (body.action_case() == log::v1::Engagement::kLike) {
        like(body.viewer_id(), body.video_id(), body.like(), logged.time_us);
      }
    } else if (record.has_account_erased()) {
      erase(record.account_erased().viewer_id());
    }
  }

  void store_counts() {
    long long video = 0;
    long long likes = 0;
    long long views = 0;
    soci::statement add =
        (sql_.prepare << "INSERT INTO video_counts (video_id, likes, views)"
                         " VALUES (:video, :likes, :views) ON CONFLICT (video_id) DO UPDATE SET"
                         " likes = video_counts.likes + excluded.likes,"
                         " views = video_counts.views + excluded.views",
         soci::use(video), soci::use(likes), soci::use(views));
    for (const auto& [id, added] : added_) {
      if (added.likes == 0 && added.views == 0) continue;
      video = id;
      likes = added.likes;
      views = added.views;
      add.execute(true);
    }
  }

 private:
  struct Added {
    long long likes = 0;
    long long views = 0;
  };

  void like(uint64_t viewer, uint64_t video, bool liked, uint64_t time_us) {
    viewer_ = static_cast<long long>(viewer);
    video_ = static_cast<long long>(video);
    time_us_ = static_cast<long long>(time_us);
    soci::statement& statement = liked ? insert_like_ : delete_like_;
    statement.execute(true);
    if (statement.get_affected_rows() == 1) added_[video_].likes += liked ? 1 : -1;
  }

  void erase(uint64_t viewer) {
    viewer_ = static_cast<long long>(viewer);
    long long video = 0;
    soci::statement select =
        (sql_.prepare << "SELECT video_id FROM likes WHERE viewer_id = :viewer", soci::use(viewer_),
         soci::into(video));
    select.execute();
    while (select.fetch()) --added_[video].likes;
    sql_ << "DELETE FROM likes WHERE viewer_id = :viewer", soci::use(viewer_);
  }

  soci::session& sql_;
  long long viewer_ = 0;
  long long video_ = 0;
  long long time_us_ = 0;
  soci::statement insert_like_;
  soci::statement delete_like_;
  std::map<long long, Added> added_;
};

}  // namespace

Result<void> apply_projection(soci::session& sql, PartitionId partition, Offset from, Offset next,
                              std::span<const LoggedRecord> records) {
  // First, so that a second projector is turned away before it has changed anything.
  RD_CHECK(storage::advance_projection(sql, kProjectionName, partition, from, next));
  Batch batch(sql);
  for (const LoggedRecord& logged : records) batch.fold(logged);
  batch.store_counts();
  return {};
}

}  // namespace rondo::catalogue
