#include "api/handlers/feeds.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "accounts/accounts.h"
#include "api/handlers/present.h"
#include "api/services.h"
#include "base/bytes.h"
#include "catalogue/catalogue.h"
#include "feed/for_you.h"
#include "feed/replay.h"
#include "records/page_id.h"
#include "records/validate.h"
#include "social/social.h"
#include "stream/stream.h"
#include "telemetry/log.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;

constexpr size_t kHeldMax = 32;
constexpr int kForYouMax = 20;

// "PAGE:SLOT,PAGE:SLOT"
Result<std::vector<feed::HeldSlot>> parse_held(std::string_view text) {
  std::vector<feed::HeldSlot> held;
  while (!text.empty()) {
    std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    size_t colon = item.find(':');
    uint32_t slot = 0;
    bool ok = colon != std::string_view::npos && colon + 1 < item.size();
    if (ok) {
      auto [end, error] = std::from_chars(item.data() + colon + 1, item.data() + item.size(), slot);
      ok = error == std::errc() && end == item.data() + item.size();
    }
    if (!ok) return json::refused("held", "malformed", "held is written PAGE:SLOT,PAGE:SLOT");
    RD_TRY(auto page, records::parse_page_id(item.substr(0, colon)));
    held.push_back({page, slot});
    if (held.size() > kHeldMax) {
      return json::refused("held", "too_many",
                           "held names at most " + std::to_string(kHeldMax) + " slots");
    }
  }
  return held;
}

wire::FeedItem plain_item(int slot, wire::Video video, wire::Source source) {
  wire::FeedItem item;
  item.slot = slot;
  item.video = std::move(video);
  item.source = source;
  return item;
}

Result<wire::FeedPage> list_page(Services& services, wire::Feed feed,
                                 const catalogue::VideoPage& page,
                                 const std::optional<accounts::Principal>& who) {
  wire::FeedPage out;
  out.feed = feed;
  RD_TRY(auto videos, present(services, page.items, who));
  auto source = feed == wire::Feed::following ? wire::Source::following : wire::Source::latest;
  for (size_t i = 0; i < videos.size(); ++i) {
    out.items.push_back(plain_item(static_cast<int>(i), std::move(videos[i]), source));
  }
  out.next_cursor = page.next_cursor;
  out.exhausted = !page.next_cursor.has_value();
  return out;
}

// Fills in what the page shows; what the database knows to be gone meanwhile is withheld.
Result<wire::FeedPage> ranked_page(Services& services, const feed::RankedPage& ranked,
                                   const std::optional<accounts::Principal>& who) {
  const auto& served = ranked.served;
  wire::FeedPage out;
  out.feed = wire::Feed::for_you;
  out.page_id = records::to_text(ranked.id);
  out.offset = static_cast<int64_t>(ranked.id.offset.value());
  out.exhausted = served.exhausted();
  for (const auto& l : served.learned()) {
    out.learned.push_back({l.topic(), l.more(), static_cast<int>(l.finished()),
                           static_cast<int>(l.skipped()), static_cast<int>(l.liked()),
                           static_cast<int>(l.not_interested())});
  }
  std::vector<VideoId> ids;
  for (const auto& slot : served.slots()) ids.emplace_back(slot.video_id());
  RD_TRY(auto videos, services.catalogue.find_many(ids));
  std::erase_if(videos, [](const auto& v) { return v.state != catalogue::VideoState::kLive; });
  RD_TRY(auto presented, present(services, videos, who));
  std::map<uint64_t, wire::Video> by_id;
  for (size_t i = 0; i < videos.size(); ++i) {
    by_id.emplace(videos[i].id.value(), std::move(presented[i]));
  }
  RD_TRY(auto reasons, present_reasons(services, served));
  for (int i = 0; i < served.slots_size(); ++i) {
    const auto& slot = served.slots(i);
    auto video = by_id.find(slot.video_id());
    if (video == by_id.end()) {
      services.withheld_total.Increment();
      log::info(
          "a ranked video is not shown: it is no longer live",
          {{"page", *out.page_id}, {"slot", i}, {"video", base::id_to_text(slot.video_id())}});
      continue;
    }
    wire::FeedItem item = plain_item(i, std::move(video->second), to_wire(slot.source()));
    item.reasons = std::move(reasons[static_cast<size_t>(i)]);
    item.terms = to_wire(slot.terms());
    std::stable_sort(item.terms.begin(), item.terms.end(), [](const auto& a, const auto& b) {
      return std::abs(a.contribution) > std::abs(b.contribution);
    });
    item.score = slot.score();
    out.items.push_back(std::move(item));
  }
  return out;
}

// What the people whom this account follows like, of those who let their followers know.
Result<std::vector<feed::LikedVideo>> liked_by_followed(Services& services, AccountId account) {
  RD_TRY(auto followed, services.social.followed_by(account));
  followed.resize(std::min(followed.size(), catalogue::kLikersMax));
  RD_TRY(auto people, services.accounts.find_many(followed));
  std::vector<EngineId> viewers;
  for (const auto& person : people) {
    if (person.shares_likes) viewers.push_back(person.viewer);
  }
  std::vector<feed::LikedVideo> out;
  if (viewers.empty()) return out;
  RD_TRY(auto liked, services.catalogue.liked_lately(viewers, records::kLikedByFollowedMax));
  for (const auto& one : liked) out.push_back({one.video, one.people});
  return out;
}

// The region of the language asked for first, "CA" of "fr-CA, en;q=0.8"; empty when it says none.
std::string region_of(std::string_view accept_language) {
  std::string_view tag = accept_language.substr(0, accept_language.find_first_of(",;"));
  // Language, then perhaps a script of four letters, then the region of two.
  for (size_t dash = tag.find('-'); dash != std::string_view::npos; dash = tag.find('-')) {
    tag.remove_prefix(dash + 1);
    const std::string_view part = tag.substr(0, tag.find('-'));
    if (part.size() == 4) continue;
    if (part.size() != 2) return "";
    std::string region(part);
    for (char& c : region) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    const bool is_region =
        std::all_of(region.begin(), region.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    return is_region ? region : "";
  }
  return "";
}

}  // namespace

Result<int> limit_of(const std::optional<int>& limit, int standard, int max) {
  int value = limit.value_or(standard);
  if (value < 1 || value > max) {
    return json::refused("limit", "out_of_range", "limit is from 1 to " + std::to_string(max));
  }
  return value;
}

Task<Result<Reply<wire::FeedPage>>> get_for_you(Context& context, ForYouQuery query, None) {
  Services& services = context.services;
  feed::PageRequest request;
  RD_CO_TRY(int limit, limit_of(query.limit, 6, kForYouMax));
  request.limit = static_cast<uint32_t>(limit);
  RD_CO_TRY(request.held, parse_held(query.held.value_or("")));
  if (query.after_offset) {
    if (*query.after_offset < 0) {
      co_return json::refused("after_offset", "out_of_range", "an offset is not negative");
    }
    request.after = Offset(static_cast<uint64_t>(*query.after_offset));
  }
  request.viewer = context.principal->viewer;
  request.anonymous = !context.principal->is_account();
  request.language = context.principal->language;
  request.region = region_of(context.request.header("accept-language"));
  if (!request.anonymous) {
    auto ask = [&services, account = context.principal->account] {
      return liked_by_followed(services, account);
    };
    RD_CO_TRY(request.liked_by_followed, co_await context.blocking(ask));
  }
  auto ranked = co_await services.for_you.page(std::move(request));
  Reply<wire::FeedPage> reply;
  if (ranked.ok()) {
    auto fill = [&services, page = std::make_shared<feed::RankedPage>(std::move(*ranked)),
                 who = context.principal] { return ranked_page(services, *page, who); };
    RD_CO_TRY(reply.body, co_await context.blocking(fill));
    co_return reply;
  }
  ErrorCode code = ranked.error().code();
  if (code != ErrorCode::kUnavailable && code != ErrorCode::kExhausted) {
    co_return std::move(ranked).error();
  }
  // The network lives without the engine: Latest, and the page says so.
  services.fallback_total.Increment();
  log::warning("For You fell back to Latest", {{"reason", ranked.error().describe()}});
  auto latest = [&services, limit, who = context.principal]() -> Result<wire::FeedPage> {
    RD_TRY(auto page, services.catalogue.latest("", limit));
    return list_page(services, wire::Feed::latest, page, who);
  };
  RD_CO_TRY(reply.body, co_await context.blocking(latest));
  reply.body.fallback = ranked.error().message();
  co_return reply;
}

Task<Result<Reply<wire::FeedPage>>> get_latest(Context& context, ListQuery query, None) {
  Services& services = context.services;
  RD_CO_TRY(int limit, limit_of(query.limit, 12, catalogue::kPageVideosMax));
  auto list = [&services, limit, cursor = query.cursor.value_or(""),
               who = context.principal]() -> Result<wire::FeedPage> {
    RD_TRY(auto page, services.catalogue.latest(cursor, limit));
    return list_page(services, wire::Feed::latest, page, who);
  };
  Reply<wire::FeedPage> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(list));
  co_return reply;
}

Task<Result<Reply<wire::FeedPage>>> get_following(Context& context, ListQuery query, None) {
  Services& services = context.services;
  RD_CO_TRY(int limit, limit_of(query.limit, 12, catalogue::kPageVideosMax));
  auto list = [&services, limit, cursor = query.cursor.value_or(""),
               who = context.principal]() -> Result<wire::FeedPage> {
    RD_TRY(auto followed, services.social.followed_by(who->account));
    catalogue::VideoPage page;
    if (!followed.empty()) {
      RD_TRY(page, services.catalogue.live_of(followed, cursor, limit));
    }
    return list_page(services, wire::Feed::following, page, who);
  };
  Reply<wire::FeedPage> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(list));
  co_return reply;
}

Task<Result<Reply<wire::PageReceipt>>> get_page(Context& context, None, None) {
  Services& services = context.services;
  auto id = records::parse_page_id(context.path.at(0));
  if (!id.ok()) co_return not_found("there is no such page");
  auto find = [&services, id = *id]() -> Result<wire::PageReceipt> {
    RD_TRY(auto served, feed::find_page(services.log, id));
    wire::PageReceipt out;
    out.page_id = records::to_text(id);
    out.partition = static_cast<int>(id.partition.value());
    out.offset = static_cast<int64_t>(id.offset.value());
    out.ranked_at_offset = static_cast<int64_t>(served.ranked_at_offset());
    out.served_at = time_text(served.state_time_us());
    out.engine_version = served.engine_version();
    out.bundle_sha256 = base::to_hex(served.bundle_sha256());
    out.seed = base::to_hex(served.seed());
    out.candidates = static_cast<int>(served.candidates());
    out.request_counter = static_cast<int64_t>(served.request().request_counter());
    RD_TRY(auto reasons, present_reasons(services, served));
    for (int i = 0; i < served.slots_size(); ++i) {
      const auto& slot = served.slots(i);
      out.slots.push_back({i, base::id_to_text(slot.video_id()), to_wire(slot.source()),
                           slot.propensity(), slot.score(), to_wire(slot.terms()),
                           std::move(reasons[static_cast<size_t>(i)])});
    }
    return out;
  };
  Reply<wire::PageReceipt> reply;
  RD_CO_TRY(reply.body, co_await context.blocking(find));
  co_return reply;
}

}  // namespace rondo::api::handlers
