#include "simulator/http_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <unordered_map>

#include "base/ids.h"

namespace rondo::simulator {
namespace {

namespace bj = boost::json;

constexpr int kListLimit = 48;
constexpr size_t kVideosMax = 20'000;
constexpr size_t kVideosMin = 12;
constexpr size_t kTopicsMin = 4;

// What `read` makes of the answer, which is to be a JSON object.
template <typename Read>
auto read_answer(const Answer& answer, std::string_view what, Read&& read)
    -> Result<decltype(read(std::declval<const bj::object&>()))> {
  if (answer.status == 429) {
    return exhausted(
        fmt::format("{}: the server limits how fast one address may ask: {} Start it with "
                    "--limits.viewers_per_minute 100000 --limits.events_per_second 100000",
                    what, answer.body));
  }
  if (answer.status < 200 || answer.status > 299) {
    return unavailable(fmt::format("{}: status {}: {}", what, answer.status, answer.body));
  }
  try {
    return read(bj::parse(answer.body).as_object());
  } catch (const std::exception& error) {
    return corrupt(
        fmt::format("{}: the answer is not as the API describes it: {}", what, error.what()));
  }
}

class HttpFeed final : public Feed {
 public:
  HttpFeed(HttpClient& client, const Catalogue& catalogue)
      : client_(client), catalogue_(catalogue) {
    for (uint32_t v = 0; v < catalogue.videos().size(); ++v) {
      index_of_.emplace(catalogue.video(v).id, v);
    }
  }

  std::string_view name() const override { return "engine"; }

  Result<void> published(uint32_t, uint64_t) override { return {}; }

  Result<std::vector<Place>> page(const Viewer& viewer, std::span<const Place> held, uint32_t slots,
                                  uint64_t) override {
    RD_TRY(Session * session, session_of(viewer));
    std::string target = fmt::format("/api/v1/feeds/for_you?limit={}", slots);
    if (session->offset >= 0) target += fmt::format("&after_offset={}", session->offset);
    for (size_t i = 0; i < held.size(); ++i) {
      target += fmt::format("{}{}:{}", i == 0 ? "&held=" : ",", pages_[held[i].page], held[i].slot);
    }
    RD_TRY(auto answer, client_.get(target, session->token));
    std::string fallback;
    RD_TRY(auto places, read_answer(answer, "a page", [&](const bj::object& page) {
             std::vector<Place> out;
             if (const auto* reason = page.if_contains("fallback")) {
               fallback = bj::serialize(*reason);
               return out;
             }
             session->offset = std::max(session->offset, page.at("offset").to_number<int64_t>());
             pages_.emplace_back(page.at("page_id").as_string());
             for (const auto& item : page.at("items").as_array()) {
               std::string_view id = item.at("video").at("id").as_string();
               auto video = id_from_text<VideoId>(id);
               // Published since the videos were listed: nobody here knows what it is worth.
               if (!video.ok() || !index_of_.contains(video->value())) continue;
               out.push_back({index_of_.at(video->value()), pages_.size() - 1,
                              item.at("slot").to_number<uint32_t>()});
             }
             return out;
           }));
    if (!fallback.empty()) return unavailable("For You has fallen back to Latest: " + fallback);
    return places;
  }

  Result<void> shown(const Viewer& viewer, const Place& place, uint64_t) override {
    RD_TRY(Session * session, session_of(viewer));
    session->events.push_back(event("impression", place));
    return {};
  }

  Result<void> watched(const Viewer& viewer, const Place& place, const Viewing& viewing,
                       uint64_t) override {
    RD_TRY(Session * session, session_of(viewer));
    auto& events = session->events;
    auto watch = event("watch", place);
    watch["watch_ms"] = viewing.watch_ms;
    watch["loops"] = viewing.loops;
    watch["skipped"] = viewing.skipped;
    events.push_back(std::move(watch));
    if (viewing.like) events.push_back(event("like", place));
    if (viewing.share) events.push_back(event("share", place));
    if (viewing.save) events.push_back(event("save", place));
    if (viewing.not_interested) {
      auto no = event("not_interested", place);
      no["scope"] = "video";
      events.push_back(std::move(no));
    }
    std::string body = bj::serialize(bj::object{{"events", std::move(events)}});
    events.clear();
    RD_TRY(auto answer, client_.post("/api/v1/events", session->token, body));
    std::string rejected;
    RD_TRY(int64_t offset, read_answer(answer, "events", [&](const bj::object& receipt) {
             const auto& refused = receipt.at("rejected").as_array();
             if (!refused.empty()) rejected = bj::serialize(refused);
             return receipt.at("offset").to_number<int64_t>();
           }));
    if (!rejected.empty()) return internal("the server rejected events: " + rejected);
    session->offset = std::max(session->offset, offset);
    return {};
  }

 private:
  struct Session {
    std::string token;
    int64_t offset = -1;  // the largest that this viewer knows
    bj::array events;     // not sent yet
  };

  Result<Session*> session_of(const Viewer& viewer) {
    Session& session = sessions_[viewer.number()];
    if (session.token.empty()) {
      std::string body =
          bj::serialize(bj::object{{"language", Parameters::Languages{}.names[viewer.language()]}});
      RD_TRY(auto answer, client_.post("/api/v1/viewers", "", body));
      RD_TRY(session.token, read_answer(answer, "a new viewer", [](const bj::object& made) {
               return std::string(made.at("token").as_string());
             }));
    }
    return &session;
  }

  bj::object event(std::string_view type, const Place& place) {
    return {{"id", fmt::format("s{:015}", ++events_)},
            {"type", type},
            {"video_id", base::id_to_text(catalogue_.video(place.video).id)},
            {"page_id", pages_[place.page]},
            {"slot", place.slot}};
  }

  HttpClient& client_;
  const Catalogue& catalogue_;
  std::unordered_map<uint64_t, uint32_t> index_of_;
  std::unordered_map<uint32_t, Session> sessions_;
  std::vector<std::string> pages_;  // a Place's page is its index here
  uint64_t events_ = 0;
};

}  // namespace

Result<uint16_t> local_port(std::string_view url) {
  std::string_view rest = url;
  for (std::string_view prefix : {"http://127.0.0.1:", "http://localhost:"}) {
    if (!url.starts_with(prefix)) continue;
    rest.remove_prefix(prefix.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
    uint16_t port = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
    if (error == std::errc() && end == rest.data() + rest.size() && port > 0) return port;
  }
  return invalid(
             fmt::format("--over {} is not http://127.0.0.1:PORT: simulated viewers leave their "
                         "marks in the network's log, so only a server on this machine is driven",
                         url))
      .with_field("over");
}

Result<Listed> list_videos(HttpClient& client) {
  RD_TRY(auto made, client.post("/api/v1/viewers", "", "{}"));
  RD_TRY(auto token, read_answer(made, "a new viewer", [](const bj::object& session) {
           return std::string(session.at("token").as_string());
         }));
  Listed out;
  std::unordered_map<std::string, uint16_t> topic_of;
  std::unordered_map<std::string, uint32_t> author_of;
  std::string cursor;
  do {
    std::string target = fmt::format("/api/v1/feeds/latest?limit={}", kListLimit);
    if (!cursor.empty()) target += "&cursor=" + cursor;
    RD_TRY(auto answer, client.get(target, token));
    RD_TRY(cursor, read_answer(answer, "the list of videos", [&](const bj::object& page) {
             for (const auto& item : page.at("items").as_array()) {
               const auto& video = item.at("video").as_object();
               const auto& hashtags = video.at("hashtags").as_array();
               const auto* duration = video.if_contains("duration_ms");
               auto id = id_from_text<VideoId>(std::string_view(video.at("id").as_string()));
               if (hashtags.empty() || duration == nullptr || !id.ok()) continue;
               auto seconds = duration->to_number<double>() / 1000;
               if (!(seconds > 0)) continue;
               auto topic = topic_of.emplace(hashtags[0].as_string(), topic_of.size()).first;
               auto author =
                   author_of.emplace(video.at("author").as_string(), author_of.size()).first;
               out.videos.push_back({.id = id->value(),
                                     .author = author->second,
                                     .topic = topic->second,
                                     .duration_s = static_cast<float>(seconds)});
             }
             const auto* next = page.if_contains("next_cursor");
             return next == nullptr ? std::string() : std::string(next->as_string());
           }));
  } while (!cursor.empty() && out.videos.size() < kVideosMax && topic_of.size() < kNoTopic);
  if (out.videos.size() < kVideosMin || topic_of.size() < kTopicsMin) {
    return unavailable(fmt::format(
        "the network has {} videos of {} main hashtags; tastes cannot be told apart below {} and "
        "{}. `rondo serve --demo` makes a demo world",
        out.videos.size(), topic_of.size(), kVideosMin, kTopicsMin));
  }
  out.authors = static_cast<uint32_t>(author_of.size());
  out.topics.resize(topic_of.size());
  for (const auto& [topic, index] : topic_of) out.topics[index] = topic;
  return out;
}

std::unique_ptr<Feed> http_feed(HttpClient& client, const Catalogue& catalogue) {
  return std::make_unique<HttpFeed>(client, catalogue);
}

}  // namespace rondo::simulator
