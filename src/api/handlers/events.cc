#include "api/handlers/events.h"

#include "api/services.h"
#include "base/hash.h"
#include "feed/event_intake.h"
#include "records/page_id.h"
#include "records/validate.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;

constexpr size_t kEventsMax = 100;

// Client ids have 8..32 characters; the log keeps 16 bytes of their hash, per viewer.
Result<std::string> event_key(const std::string& id) {
  if (id.size() < 8 || id.size() > 32) {
    return invalid("an event's id has 8 to 32 characters; this one has " +
                   std::to_string(id.size()))
        .with_reason("bad_id")
        .with_field("id");
  }
  return std::string(base::as_bytes(base::sha256(id)).substr(0, records::kEventIdBytesMax));
}

template <typename Message>
Result<void> set_where(const wire::Event& event, EngineId viewer, Message& message) {
  message.set_viewer_id(viewer.value());
  RD_TRY(VideoId video, id_from_text<VideoId>(event.video_id));
  message.set_video_id(video.value());
  RD_TRY(std::string key, event_key(event.id));
  message.set_event_id(key);
  if (!event.page_id) return {};
  if (!event.slot) {
    return invalid("page_id needs the slot on that page")
        .with_reason("missing_field")
        .with_field("slot");
  }
  RD_TRY(auto page, records::parse_page_id(*event.page_id));
  message.set_from_page(true);
  message.set_page_offset(page.offset.value());
  if (*event.slot < 0) {
    return invalid("a slot is not negative").with_reason("out_of_range").with_field("slot");
  }
  message.set_slot(static_cast<uint32_t>(*event.slot));
  return {};
}

Result<void> set_watch(const wire::Event& event, log::v1::Watch& watch) {
  if (!event.watch_ms) {
    return invalid("a watch event needs watch_ms")
        .with_reason("missing_field")
        .with_field("watch_ms");
  }
  if (*event.watch_ms < 0 || *event.watch_ms > records::kWatchMsMax) {
    return invalid("watch_ms has to be from 0 to " + std::to_string(records::kWatchMsMax))
        .with_reason("out_of_range")
        .with_field("watch_ms");
  }
  watch.set_watch_ms(static_cast<uint32_t>(*event.watch_ms));
  watch.set_loops(static_cast<uint32_t>(std::max(0, event.loops.value_or(0))));
  watch.set_skipped(event.skipped.value_or(false));
  return {};
}

Result<log::v1::Record> to_record(const wire::Event& event, EngineId viewer) {
  log::v1::Record record;
  if (event.type == wire::EventType::impression) {
    RD_CHECK(set_where(event, viewer, *record.mutable_impression()));
  } else {
    auto& engagement = *record.mutable_engagement();
    RD_CHECK(set_where(event, viewer, engagement));
    switch (event.type) {
      case wire::EventType::watch:
        RD_CHECK(set_watch(event, *engagement.mutable_watch()));
        break;
      case wire::EventType::like:
        engagement.set_like(true);
        break;
      case wire::EventType::unlike:
        engagement.set_like(false);
        break;
      case wire::EventType::share:
        engagement.set_share(true);
        break;
      case wire::EventType::save:
        engagement.set_save(true);
        break;
      case wire::EventType::report:
        engagement.set_report(true);
        break;
      case wire::EventType::not_interested: {
        auto scope = log::v1::NOT_INTERESTED_VIDEO;
        if (event.scope == wire::Scope::author) scope = log::v1::NOT_INTERESTED_AUTHOR;
        if (event.scope == wire::Scope::topic) scope = log::v1::NOT_INTERESTED_TOPIC;
        if (event.scope == wire::Scope::sound) scope = log::v1::NOT_INTERESTED_SOUND;
        engagement.mutable_not_interested()->set_scope(scope);
        break;
      }
      case wire::EventType::impression:
        break;
    }
  }
  RD_CHECK(records::validate(record));
  return record;
}

}  // namespace

Task<Result<Reply<wire::EventReceipt>>> post_events(Context& context, None,
                                                    wire::EventBatch batch) {
  Services& services = context.services;
  if (batch.events.empty() || batch.events.size() > kEventsMax) {
    co_return invalid("a batch has 1 to " + std::to_string(kEventsMax) + " events; this one has " +
                      std::to_string(batch.events.size()))
        .with_reason("out_of_range")
        .with_field("events");
  }
  EngineId viewer = context.principal->viewer;
  if (int wait = services.event_limit.take(
          to_text(viewer), static_cast<double>(batch.events.size()), services.clock.now_us())) {
    co_return exhausted("too many events; try again in " + std::to_string(wait) + " s")
        .with_reason("too_often")
        .with_retry_after(wait);
  }
  Reply<wire::EventReceipt> reply;
  std::vector<log::v1::Record> records;
  for (const auto& event : batch.events) {
    auto record = to_record(event, viewer);
    if (record.ok()) {
      records.push_back(std::move(record).value());
    } else {
      const Error& error = record.error();
      reply.body.rejected.push_back(
          {event.id, error.reason().empty() ? "invalid" : error.reason(), error.message()});
    }
  }
  reply.body.accepted = static_cast<int>(records.size());
  if (records.empty()) {
    co_return invalid("no event of this batch can be taken: " + reply.body.rejected.front().detail)
        .with_reason(reply.body.rejected.front().code)
        .with_field("events");
  }
  RD_CO_TRY(Offset last, co_await services.events.append(viewer, std::move(records)));
  reply.body.offset = static_cast<int64_t>(last.value());
  co_return reply;
}

}  // namespace rondo::api::handlers
