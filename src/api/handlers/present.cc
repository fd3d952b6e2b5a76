#include "api/handlers/present.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "accounts/accounts.h"
#include "api/json.h"
#include "api/services.h"
#include "base/bytes.h"
#include "catalogue/catalogue.h"
#include "workflows/storage_use.h"

namespace rondo::api::handlers {
namespace {

wire::VideoState to_wire(catalogue::VideoState state) {
  switch (state) {
    case catalogue::VideoState::kLive:
      return wire::VideoState::live;
    case catalogue::VideoState::kRefused:
      return wire::VideoState::refused;
    case catalogue::VideoState::kProcessing:
    case catalogue::VideoState::kDeleted:
      break;
  }
  return wire::VideoState::processing;
}

wire::Video to_wire(const catalogue::Video& video, std::string author, bool liked) {
  wire::Video out;
  out.id = to_text(video.id);
  out.state = to_wire(video.state);
  out.author = std::move(author);
  out.caption = video.caption;
  out.hashtags = video.hashtags;
  out.created_at = time_text(video.created_us);
  out.likes = video.likes;
  out.views = video.views;
  out.liked = liked;
  if (out.state == wire::VideoState::processing) {
    out.progress = video.progress;
    if (video.waiting) out.waiting = true;
  }
  for (const auto& track : video.captions) out.captions.push_back(present(video.id, track));
  if (video.refusal) out.refusal = wire::Refusal{video.refusal->code, video.refusal->detail};
  if (out.state != wire::VideoState::live) return out;
  const std::string folder = "/media/" + out.id + "/";
  out.published_at = time_text(video.published_us);
  out.duration_ms = video.media.duration_ms;
  out.width = video.media.width;
  out.height = video.media.height;
  out.poster_url = folder + "poster.jpg";
  if (video.edit.cover_ms) out.cover_url = folder + "cover.jpg";
  const catalogue::MediaFacts& media = video.media;
  if (!media.placeholder.empty()) out.placeholder = base::to_base64url(media.placeholder);
  if (!media.waveform.empty()) out.waveform = base::to_base64url(media.waveform);
  if (media.sound != VideoId()) out.sound_id = to_text(media.sound);
  if (media.look != VideoId() && media.look != video.id) out.duplicate_of = to_text(media.look);
  if (media.credentials) out.content_credentials = wire::ContentCredentials::unverified;
  if (const auto& s = media.storyboard) {
    out.preview_url = folder + "preview.mp4";
    out.storyboard = wire::Storyboard{folder + "storyboard.jpg",
                                      s->count,
                                      s->columns,
                                      s->tile_width,
                                      s->tile_height,
                                      s->interval_ms};
  }
  // Named by what it lists: objects never change.
  out.hls_url = folder + (video.captions.empty() ? "" : "captions/") + "master-" +
                std::to_string(video.media.renditions.size()) + ".m3u8";
  for (const auto& r : video.media.renditions) {
    const wire::Codec codec = r.name.ends_with("-av1") ? wire::Codec::av1 : wire::Codec::h264;
    out.renditions.push_back(
        {folder + r.name + ".mp4", codec, r.width, r.height, r.bandwidth_bps, r.size_bytes});
  }
  return out;
}

}  // namespace

std::string time_text(uint64_t us) {
  return base::to_rfc3339(base::WallTime(std::chrono::microseconds(us)));
}

wire::StorageUse present(const workflows::StorageUse& use) {
  wire::StorageUse out;
  out.used_bytes = static_cast<int64_t>(use.bytes());
  out.uploads_bytes = static_cast<int64_t>(use.uploads_bytes);
  if (use.bytes_max > 0) out.bytes_max = static_cast<int64_t>(use.bytes_max);
  return out;
}

wire::CaptionTrack present(VideoId video, const catalogue::CaptionTrack& track) {
  return {track.language, "/media/" + to_text(video) + "/captions/" + track.language + "-" +
                              track.version + ".vtt"};
}

Result<std::vector<wire::Video>> present(Services& services,
                                         std::span<const catalogue::Video> videos,
                                         const std::optional<accounts::Principal>& who) {
  std::set<AccountId> authors;
  std::vector<VideoId> ids;
  for (const auto& video : videos) {
    authors.insert(video.author);
    ids.push_back(video.id);
  }
  std::vector<AccountId> author_list(authors.begin(), authors.end());
  RD_TRY(auto found, services.accounts.find_many(author_list));
  std::map<AccountId, std::string> handles;
  for (auto& account : found) handles[account.id] = std::move(account.handle);
  std::set<VideoId> liked;
  if (who) {
    RD_TRY(auto list, services.catalogue.liked(who->viewer, ids));
    liked.insert(list.begin(), list.end());
  }
  std::vector<wire::Video> out;
  out.reserve(videos.size());
  for (const auto& video : videos) {
    out.push_back(to_wire(video, handles[video.author], liked.contains(video.id)));
  }
  return out;
}

Result<wire::Video> present(Services& services, const catalogue::Video& video,
                            const std::optional<accounts::Principal>& who) {
  RD_TRY(auto list, present(services, std::span(&video, 1), who));
  return std::move(list.front());
}

std::vector<wire::ScoreTerm> to_wire(
    const google::protobuf::RepeatedPtrField<log::v1::ScoreTerm>& terms) {
  std::vector<wire::ScoreTerm> out;
  out.reserve(static_cast<size_t>(terms.size()));
  for (const auto& term : terms) {
    out.push_back({term.name(), term.value(), term.weight(), term.contribution()});
  }
  return out;
}

wire::Source to_wire(log::v1::Source source) {
  switch (source) {
    case log::v1::SOURCE_TRENDING:
      return wire::Source::trending;
    case log::v1::SOURCE_FRESH:
      return wire::Source::fresh;
    case log::v1::SOURCE_FOLLOWED:
      return wire::Source::followed;
    case log::v1::SOURCE_MATCH:
      return wire::Source::match;
    case log::v1::SOURCE_CO_WATCH:
      return wire::Source::co_watch;
    case log::v1::SOURCE_SOUND:
      return wire::Source::sound;
    case log::v1::SOURCE_LIKED_BY_FOLLOWED:
      return wire::Source::liked_by_followed;
    case log::v1::SOURCE_TRENDING_REGION:
      return wire::Source::trending_region;
    case log::v1::SOURCE_EXPLORATION:
      return wire::Source::exploration;
    default:
      return wire::Source::personal;
  }
}

Result<std::vector<std::vector<wire::Reason>>> present_reasons(Services& services,
                                                               const log::v1::Served& served) {
  auto author_of = [](const log::v1::Reason& reason) -> std::optional<EngineId> {
    if (reason.kind() != "follows_author" && reason.kind() != "author_finished") return {};
    uint64_t id = 0;
    std::from_chars(reason.subject().data(), reason.subject().data() + reason.subject().size(), id);
    return EngineId(id);
  };
  std::set<EngineId> wanted;
  for (const auto& slot : served.slots()) {
    for (const auto& reason : slot.reasons()) {
      if (auto author = author_of(reason)) wanted.insert(*author);
    }
  }
  std::map<EngineId, std::string> handles;
  if (!wanted.empty()) {
    std::vector<EngineId> list(wanted.begin(), wanted.end());
    list.resize(std::min<size_t>(list.size(), 100));
    RD_TRY(auto found, services.accounts.find_authors(list));
    for (auto& account : found) handles[account.author] = std::move(account.handle);
  }
  std::vector<std::vector<wire::Reason>> out;
  for (const auto& slot : served.slots()) {
    auto& reasons = out.emplace_back();
    for (const auto& reason : slot.reasons()) {
      auto kind = json::enum_from_name<wire::ReasonKind>(reason.kind());
      if (!kind) continue;
      auto author = author_of(reason);
      reasons.push_back(
          {*kind, author ? handles[*author] : reason.subject(), static_cast<int>(reason.count())});
    }
  }
  return out;
}

}  // namespace rondo::api::handlers
