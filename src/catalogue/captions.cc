// Captions: the words of a video, in the database beside it. They are small, change with their row
// or not at all, and go with the video in one transaction: no file is ever left over.
#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"
#include "catalogue/catalogue.h"
#include "catalogue/rows.h"

namespace rondo::catalogue {

namespace {

constexpr size_t kVersionDigits = 16;

// "en", "pt-BR", "zh-Hant-TW" in lower case: a language of 2 or 3 letters, up to three subtags.
Result<std::string> language_of(std::string_view tag) {
  std::string lower(tag);
  for (char& c : lower) c = (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  size_t parts = 0;
  bool good = !lower.empty() && lower.back() != '-';
  for (std::string_view rest = lower; good && !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('-'));
    const bool first = parts++ == 0;
    good = part.size() >= 2 && part.size() <= (first ? 3 : 8) &&
           std::all_of(part.begin(), part.end(), [first](char c) {
             return (c >= 'a' && c <= 'z') || (!first && c >= '0' && c <= '9');
           });
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
  if (good && parts <= 4) return lower;
  return invalid("\"" + std::string(tag.substr(0, 40)) +
                 "\" is not a language; write a BCP 47 tag, such as \"en\" or \"pt-BR\"")
      .with_field("language")
      .with_reason("language_malformed");
}

}  // namespace

Result<CaptionTrack> Catalogue::put_captions(VideoId id, std::string_view language,
                                             const std::string& body, size_t languages_max) {
  CaptionTrack track;
  RD_TRY(track.language, language_of(language));
  track.version = base::to_hex(base::as_bytes(base::sha256(body))).substr(0, kVersionDigits);
  return database_.write([&](soci::session& sql) -> Result<CaptionTrack> {
    const long long values[] = {to_row(id)};
    const auto found = select_videos(sql, "WHERE v.id = :id AND v.state <> 'deleted'", values);
    if (found.empty()) return not_found("this video does not exist").with_reason("video_unknown");
    const std::vector<CaptionTrack>& there = found.front().captions;
    const bool known = std::any_of(there.begin(), there.end(), [&](const CaptionTrack& t) {
      return t.language == track.language;
    });
    if (!known && there.size() >= languages_max) {
      return exhausted("this video has captions in " + std::to_string(there.size()) +
                       " languages, and the limit here is " + std::to_string(languages_max) +
                       "; remove one first")
          .with_field("language")
          .with_reason("too_many_captions");
    }
    const long long row = to_row(id);
    const auto size_bytes = static_cast<long long>(body.size());
    sql << "DELETE FROM captions WHERE video_id = :id AND language = :language", soci::use(row),
        soci::use(track.language);
    sql << "INSERT INTO captions (video_id, language, version, size_bytes, body)"
           " VALUES (:id, :language, :version, :size, :body)",
        soci::use(row), soci::use(track.language), soci::use(track.version), soci::use(size_bytes),
        soci::use(body);
    return track;
  });
}

Result<void> Catalogue::remove_captions(VideoId id, std::string_view language) {
  RD_TRY(const std::string tag, language_of(language));
  return database_.write([&](soci::session& sql) -> Result<void> {
    const long long row = to_row(id);
    sql << "DELETE FROM captions WHERE video_id = :id AND language = :language", soci::use(row),
        soci::use(tag);
    return {};
  });
}

Result<Captions> Catalogue::captions(VideoId id, std::string_view language) const {
  RD_TRY(const std::string tag, language_of(language));
  return database_.read([&](soci::session& sql) -> Result<Captions> {
    const long long row = to_row(id);
    Captions found;
    found.track.language = tag;
    sql << "SELECT version, body FROM captions WHERE video_id = :id AND language = :language",
        soci::into(found.track.version), soci::into(found.body), soci::use(row), soci::use(tag);
    if (!sql.got_data()) {
      return not_found("this video has no captions in that language")
          .with_reason("captions_unknown");
    }
    return found;
  });
}

}  // namespace rondo::catalogue
