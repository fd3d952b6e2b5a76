// Catalogue's lists: many at once, pages by cursor.

#include <algorithm>
#include <map>
#include <unordered_map>

#include "catalogue/catalogue.h"
#include "catalogue/rows.h"

namespace rondo::catalogue {

namespace {

// Where a page ended: the time and id of its last video. In text 26 characters.
struct Cursor {
  uint64_t time_us = 0;
  VideoId id;
};

std::string to_text(const Cursor& cursor) {
  return base::id_to_text(cursor.time_us) + rondo::to_text(cursor.id);
}

Result<Cursor> parse_cursor(std::string_view text) {
  auto malformed = [] {
    return invalid("the cursor is not one that this list gave; begin without a cursor")
        .with_field("cursor")
        .with_reason("cursor_malformed");
  };
  if (text.size() != 26) return malformed();
  auto time = base::id_from_text(text.substr(0, 13));
  auto id = id_from_text<VideoId>(text.substr(13));
  if (!time.ok() || !id.ok()) return malformed();
  return Cursor{*time, *id};
}

}  // namespace

Result<std::vector<Video>> Catalogue::find_many(std::span<const VideoId> ids) const {
  if (ids.empty()) return std::vector<Video>();
  if (ids.size() > kVideosAtOnceMax) {
    return invalid(std::to_string(ids.size()) + " videos asked for at once; at most " +
                   std::to_string(kVideosAtOnceMax));
  }
  RD_TRY(auto found, database_.read([&](soci::session& sql) -> Result<std::vector<Video>> {
    return select_videos(sql, "WHERE v.id IN (" + id_list(ids) + ") AND v.state <> 'deleted'", {});
  }));
  std::unordered_map<VideoId, size_t> place;
  for (size_t i = 0; i < ids.size(); ++i) place.emplace(ids[i], i);
  std::sort(found.begin(), found.end(),
            [&](const Video& a, const Video& b) { return place.at(a.id) < place.at(b.id); });
  for (Video& video : found) show_progress(video);
  return found;
}

Result<std::vector<VideoId>> Catalogue::liked(EngineId viewer, std::span<const VideoId> ids) const {
  if (ids.empty()) return std::vector<VideoId>();
  return database_.read([&](soci::session& sql) -> Result<std::vector<VideoId>> {
    const long long who = to_row(viewer);
    long long id = 0;
    soci::statement select =
        (sql.prepare << "SELECT video_id FROM likes WHERE viewer_id = :viewer AND video_id IN (" +
                            id_list(ids) + ")",
         soci::use(who), soci::into(id));
    select.execute();
    std::vector<VideoId> found;
    while (select.fetch()) found.push_back(from_row<VideoId>(id));
    return found;
  });
}

Result<std::vector<LikedVideo>> Catalogue::liked_lately(std::span<const EngineId> viewers,
                                                        size_t count_max) const {
  struct Tally {
    uint32_t people = 0;
    long long latest_us = 0;
    VideoId video;
  };
  viewers = viewers.first(std::min(viewers.size(), kLikersMax));
  RD_TRY(auto tallies, database_.read([&](soci::session& sql) -> Result<std::vector<Tally>> {
    long long who = 0;
    long long id = 0;
    long long liked_us = 0;
    soci::statement select =
        (sql.prepare << "SELECT video_id, liked_us FROM likes"
                        " WHERE viewer_id = :viewer"
                        " ORDER BY liked_us DESC, video_id LIMIT :count",
         soci::use(who), soci::use(kLatestLikesMax), soci::into(id), soci::into(liked_us));
    std::map<long long, Tally> by_video;
    for (EngineId viewer : viewers) {
      who = to_row(viewer);
      select.execute();
      while (select.fetch()) {
        Tally& tally = by_video[id];
        tally.video = from_row<VideoId>(id);
        tally.latest_us = std::max(tally.latest_us, liked_us);
        ++tally.people;
      }
    }
    std::vector<Tally> all;
    for (const auto& [video, tally] : by_video) all.push_back(tally);
    return all;
  }));
  std::stable_sort(tallies.begin(), tallies.end(), [](const Tally& a, const Tally& b) {
    return std::pair(a.people, a.latest_us) > std::pair(b.people, b.latest_us);
  });
  std::vector<LikedVideo> out;
  for (const Tally& tally : tallies) {
    if (out.size() == count_max) break;
    out.push_back({tally.video, tally.people});
  }
  return out;
}

Result<VideoPage> Catalogue::page(const std::string& condition, const std::string& time_column,
                                  std::string_view cursor_text, int limit) const {
  Cursor before{INT64_MAX, VideoId()};
  if (!cursor_text.empty()) {
    RD_TRY(before, parse_cursor(cursor_text));
  }
  const int count = std::clamp(limit, 1, kPageVideosMax);
  VideoPage result;
  RD_TRY(result.items, database_.read([&](soci::session& sql) -> Result<std::vector<Video>> {
    const long long values[] = {static_cast<long long>(before.time_us), to_row(before.id),
                                count + 1};
    return select_videos(sql,
                         "WHERE " + condition + " AND (" + time_column +
                             ", v.id) < (:time, :id) ORDER BY " + time_column +
                             " DESC, v.id DESC LIMIT :count",
                         values);
  }));
  if (result.items.size() > static_cast<size_t>(count)) {
    result.items.pop_back();
    const Video& last = result.items.back();
    const bool by_publication = time_column == "v.published_us";
    result.next_cursor =
        to_text(Cursor{by_publication ? last.published_us : last.created_us, last.id});
  }
  for (Video& video : result.items) show_progress(video);
  return result;
}

Result<VideoPage> Catalogue::latest(std::string_view cursor, int limit) const {
  return page("v.state = 'live'", "v.published_us", cursor, limit);
}

Result<VideoPage> Catalogue::live_of(std::span<const AccountId> authors, std::string_view cursor,
                                     int limit) const {
  if (authors.empty()) return VideoPage();
  return page("v.author_id IN (" + id_list(authors) + ") AND v.state = 'live'", "v.published_us",
              cursor, limit);
}

Result<VideoPage> Catalogue::all_of(AccountId author, std::string_view cursor, int limit) const {
  return page("v.author_id = " + std::to_string(to_row(author)) + " AND v.state <> 'deleted'",
              "v.created_us", cursor, limit);
}

Result<int64_t> Catalogue::count_live_of(AccountId author) const {
  return database_.read([&](soci::session& sql) -> Result<int64_t> {
    const long long row = to_row(author);
    long long count = 0;
    sql << "SELECT COUNT(*) FROM videos WHERE author_id = :author AND state = 'live'",
        soci::use(row), soci::into(count);
    return count;
  });
}

Result<std::vector<VideoId>> Catalogue::ids_where(const std::string& condition, VideoId after,
                                                  int count_max) const {
  return database_.read([&](soci::session& sql) -> Result<std::vector<VideoId>> {
    // Zero is no id, so "after nothing" begins below every signed one.
    const long long floor = after.is_zero() ? INT64_MIN : to_row(after);
    long long id = 0;
    soci::statement select = (sql.prepare << "SELECT id FROM videos WHERE " + condition +
                                                 " AND id > :after ORDER BY id LIMIT :count",
                              soci::use(floor), soci::use(count_max), soci::into(id));
    select.execute();
    std::vector<VideoId> found;
    while (select.fetch()) found.push_back(from_row<VideoId>(id));
    return found;
  });
}

Result<std::vector<VideoId>> Catalogue::processing(VideoId after, int count_max) const {
  return ids_where("state = 'processing'", after, count_max);
}

Result<std::vector<VideoId>> Catalogue::to_clean_up(VideoId after, int count_max) const {
  return ids_where("cleanup_due = 1 AND state <> 'processing'", after, count_max);
}

}  // namespace rondo::catalogue
