#include "support/viewer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace rondo::bench {
namespace {

namespace bj = boost::json;

Result<bj::object> object_of(const Answer& answer) {
  if (answer.status < 200 || answer.status > 299) {
    return unavailable(fmt::format("status {}: {}", answer.status, answer.body));
  }
  bj::error_code error;
  auto value = bj::parse(answer.body, error);
  if (error || !value.is_object()) return corrupt("the answer is not a JSON object");
  return std::move(value.as_object());
}

}  // namespace

Result<Viewer> Viewer::create(HttpClient& client, uint64_t seed) {
  RD_TRY(auto answer, client.post("/api/v1/viewers", "", "{}"));
  RD_TRY(auto session, object_of(answer));
  Viewer viewer(seed);
  viewer.token_ = session.at("token").as_string().c_str();
  return viewer;
}

std::string Viewer::watch(size_t videos) {
  bj::array events;
  for (size_t i = 0; i < videos && !queue_.empty(); ++i) {
    Slot slot = std::move(queue_.front());
    queue_.pop_front();
    bool whole = rng_.below(2) == 0;
    auto event = [&](std::string_view type) {
      return bj::object{{"id", fmt::format("bench{:010}{:.1}", watched_, type)},
                        {"type", type},
                        {"video_id", slot.video},
                        {"page_id", slot.page},
                        {"slot", slot.slot}};
    };
    events.push_back(event("impression"));
    auto watch = event("watch");
    watch["watch_ms"] = whole ? slot.duration_ms : 700;
    watch["loops"] = whole ? 1 : 0;
    watch["skipped"] = !whole;
    events.push_back(std::move(watch));
    seen_.push_back(std::move(slot.video));
    ++watched_;
  }
  return bj::serialize(bj::object{{"events", std::move(events)}});
}

Result<void> Viewer::take_receipt(const Answer& answer) {
  RD_TRY(auto receipt, object_of(answer));
  if (!receipt.at("rejected").as_array().empty()) {
    return internal("events were rejected: " + answer.body);
  }
  offset_ = std::max(offset_, receipt.at("offset").as_int64());
  return {};
}

std::string Viewer::page_target(size_t held, int limit) const {
  std::string target = fmt::format("/api/v1/feeds/for_you?limit={}", limit);
  if (offset_ >= 0) target += fmt::format("&after_offset={}", offset_);
  for (size_t i = 0; i < std::min(held, queue_.size()); ++i) {
    target += fmt::format("{}{}:{}", i == 0 ? "&held=" : ",", queue_[i].page, queue_[i].slot);
  }
  return target;
}

Result<void> Viewer::take_page(const Answer& answer, size_t held) {
  RD_TRY(auto page, object_of(answer));
  if (const auto* fallback = page.if_contains("fallback")) {
    return unavailable(fmt::format("the feed fell back to Latest: {}", bj::serialize(*fallback)));
  }
  int64_t offset = page.at("offset").as_int64();
  if (offset <= offset_) {
    return internal(fmt::format(
        "the page's record, at offset {}, is not after what was told, at {}", offset, offset_));
  }
  offset_ = offset;
  page_id_ = page.at("page_id").as_string().c_str();
  exhausted_ = page.at("exhausted").as_bool();
  queue_.resize(std::min(held, queue_.size()));
  for (const auto& item : page.at("items").as_array()) {
    const auto& video = item.at("video");
    std::string id = video.at("id").as_string().c_str();
    bool again = std::find(seen_.begin(), seen_.end(), id) != seen_.end() ||
                 std::any_of(queue_.begin(), queue_.end(),
                             [&](const Slot& slot) { return slot.video == id; });
    if (again) return internal("video " + id + " came twice to one viewer");
    queue_.push_back({page_id_, static_cast<int>(item.at("slot").as_int64()), std::move(id),
                      video.at("duration_ms").as_int64()});
  }
  return {};
}

}  // namespace rondo::bench
