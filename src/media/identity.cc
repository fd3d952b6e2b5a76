#include "media/identity.h"

#include <soci/soci.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"

namespace rondo::media {
namespace {

constexpr int kPage = 1000;

long long to_row(VideoId id) { return static_cast<long long>(id.value()); }
VideoId from_row(long long value) { return VideoId(static_cast<uint64_t>(value)); }

struct Row {
  long long made_us = 0, video = 0, look = 0, sound = 0;
  std::string bytes;
};

// The newest rows of a table before `before`, with the columns as `columns` names them.
std::vector<Row> page_of(soci::session& sql, const std::string& columns, const Row& before) {
  std::vector<Row> rows;
  Row row;
  soci::statement select =
      (sql.prepare << "SELECT made_us, video_id, " + columns +
                          " WHERE made_us < :before OR (made_us = :same AND video_id < :video)"
                          " ORDER BY made_us DESC, video_id DESC LIMIT " +
                          std::to_string(kPage),
       soci::use(before.made_us), soci::use(before.made_us), soci::use(before.video),
       soci::into(row.made_us), soci::into(row.video), soci::into(row.look), soci::into(row.sound),
       soci::into(row.bytes));
  select.execute();
  while (select.fetch()) rows.push_back(row);
  return rows;
}

std::optional<Identity> known(soci::session& sql, VideoId video) {
  const long long id = to_row(video);
  long long look = 0, sound = 0;
  sql << "SELECT look_id, sound_id FROM looks WHERE video_id = :id", soci::use(id),
      soci::into(look), soci::into(sound);
  if (!sql.got_data()) return std::nullopt;
  return Identity{from_row(look), from_row(sound)};
}

}  // namespace

Result<std::unique_ptr<Identities>> Identities::create(storage::Database& database,
                                                       const base::Clock& clock) {
  std::unique_ptr<Identities> out(new Identities(database, clock));
  RD_CHECK(out->load());
  return out;
}

Result<void> Identities::load() {
  const std::scoped_lock lock(mutex_);
  const Row newest{INT64_MAX, INT64_MAX, 0, 0, {}};
  auto each = [&](const std::string& columns, auto&& take) -> Result<void> {
    for (Row last = newest;;) {
      RD_TRY(const std::vector<Row> rows, database_.read([&](soci::session& sql) {
        return Result<std::vector<Row>>(page_of(sql, columns, last));
      }));
      for (const Row& row : rows) {
        RD_TRY(const std::string bytes, base::from_base64(row.bytes));
        RD_TRY(const bool room, take(row, bytes));
        if (!room) return {};
      }
      if (rows.size() < kPage) return {};
      last = rows.back();
    }
  };
  RD_CHECK(each("look_id, sound_id, frames FROM looks",
                [&](const Row& row, const std::string& bytes) -> Result<bool> {
                  RD_TRY(auto frames, unpack_look(bytes));
                  if (frames_ + frames.size() > kFramesMax) return false;
                  frames_ += frames.size();
                  seen_.push_front({from_row(row.video), from_row(row.look), from_row(row.sound),
                                    std::move(frames)});
                  return true;
                }));
  return each("video_id, video_id, items FROM sounds",
              [&](const Row& row, const std::string& bytes) -> Result<bool> {
                RD_TRY(auto items, unpack_fingerprint(bytes));
                if (items_ + items.size() > kItemsMax) return false;
                items_ += items.size();
                heard_.push_front({from_row(row.video), std::move(items)});
                return true;
              });
}

void Identities::remember(Seen seen) {
  frames_ += seen.frames.size();
  seen_.push_back(std::move(seen));
  for (; frames_ > kFramesMax; seen_.pop_front()) frames_ -= seen_.front().frames.size();
}

void Identities::remember(Heard heard) {
  items_ += heard.items.size();
  heard_.push_back(std::move(heard));
  for (; items_ > kItemsMax; heard_.pop_front()) items_ -= heard_.front().items.size();
}

// The oldest one: it is the one that others are named by.
VideoId Identities::find_sound(const std::vector<uint32_t>& items) const {
  for (const Heard& heard : heard_) {
    if (same_sound(heard.items, items)) return heard.sound;
  }
  return {};
}

VideoId Identities::find_look(const std::vector<FrameHash>& frames, VideoId sound) const {
  for (const Seen& seen : seen_) {
    const bool one_sound = sound != VideoId() && seen.sound == sound;
    if (near_duplicates(seen.frames, frames, one_sound)) return seen.look;
  }
  return {};
}

Result<Identity> Identities::assign(VideoId video, const Traces& traces) {
  const std::scoped_lock lock(mutex_);
  RD_TRY(const std::optional<Identity> earlier, database_.read([&](soci::session& sql) {
    return Result<std::optional<Identity>>(known(sql, video));
  }));
  if (earlier) return *earlier;

  const std::vector<uint32_t>& items = traces.sound.fingerprint;
  Identity identity;
  bool new_sound = false;
  if (!items.empty()) {
    identity.sound = find_sound(items);
    new_sound = identity.sound == VideoId();
    if (new_sound) identity.sound = video;
  }
  identity.look = find_look(traces.look, identity.sound);
  if (identity.look == VideoId()) identity.look = video;

  RD_CHECK(database_.write([&](soci::session& sql) -> Result<void> {
    const long long id = to_row(video), look = to_row(identity.look),
                    sound = to_row(identity.sound);
    const auto now = static_cast<long long>(clock_.now_us());
    const std::string frames = base::to_base64url(pack_look(traces.look));
    sql << "INSERT INTO looks (video_id, look_id, sound_id, frames, made_us)"
           " VALUES (:id, :look, :sound, :frames, :now)",
        soci::use(id), soci::use(look), soci::use(sound), soci::use(frames), soci::use(now);
    if (new_sound) {
      const std::string packed = base::to_base64url(pack_fingerprint(items));
      sql << "INSERT INTO sounds (video_id, items, made_us) VALUES (:id, :items, :now)",
          soci::use(id), soci::use(packed), soci::use(now);
    }
    return {};
  }));
  if (new_sound) remember(Heard{video, items});
  remember(Seen{video, identity.look, identity.sound, traces.look});
  return identity;
}

Result<void> Identities::forget(VideoId video) {
  const std::scoped_lock lock(mutex_);
  bool silent = false;  // no video is left that has the sound
  VideoId sound;
  RD_CHECK(database_.write([&](soci::session& sql) -> Result<void> {
    const std::optional<Identity> identity = known(sql, video);
    if (!identity) return {};
    sound = identity->sound;
    const long long id = to_row(video), sound_row = to_row(sound);
    sql << "DELETE FROM looks WHERE video_id = :id", soci::use(id);
    long long others = 0;
    sql << "SELECT COUNT(*) FROM looks WHERE sound_id = :sound", soci::use(sound_row),
        soci::into(others);
    silent = sound != VideoId() && others == 0;
    if (silent) sql << "DELETE FROM sounds WHERE video_id = :sound", soci::use(sound_row);
    return {};
  }));
  std::erase_if(seen_, [&](const Seen& seen) {
    if (seen.video != video) return false;
    frames_ -= seen.frames.size();
    return true;
  });
  if (silent) {
    std::erase_if(heard_, [&](const Heard& heard) {
      if (heard.sound != sound) return false;
      items_ -= heard.items.size();
      return true;
    });
  }
  return {};
}

}  // namespace rondo::media
