#include "api/handlers/preferences.h"

#include <map>

#include "accounts/accounts.h"
#include "api/services.h"
#include "catalogue/caption.h"
#include "catalogue/words.h"
#include "feed/preferences.h"
#include "records/validate.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;

std::string at(std::string_view list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

Result<void> at_most(std::string_view field, size_t count, size_t max) {
  if (count <= max) return {};
  return json::refused(std::string(field), "too_many",
                       std::string(field) + " has " + std::to_string(count) + " entries; at most " +
                           std::to_string(max) + " at once");
}

Result<void> add_topics(const std::vector<wire::TopicLevel>& topics,
                        log::v1::PreferenceChanged& change) {
  RD_CHECK(at_most("topics", topics.size(), records::kTopicLevelsMax));
  for (size_t i = 0; i < topics.size(); ++i) {
    auto topic = catalogue::normalise_hashtag(topics[i].topic);
    if (!topic.ok()) return std::move(topic).error().with_field(at("topics", i) + ".topic");
    for (const auto& earlier : change.topics()) {
      if (earlier.topic() != *topic) continue;
      return json::refused(at("topics", i) + ".topic", "named_twice",
                           "the topic " + *topic + " is named twice");
    }
    int level = topics[i].level;
    if (level < records::kLevelNever || level > records::kLevelMax) {
      return json::refused(
          at("topics", i) + ".level", "out_of_range",
          "a level is from -100 (never) to 100 (more); this one is " + std::to_string(level));
    }
    auto& wish = *change.add_topics();
    wish.set_topic(std::move(topic).value());
    wish.set_level(level);
  }
  return {};
}

Result<catalogue::Phrase> phrase(const std::string& text, std::string field) {
  auto read = catalogue::read_phrase(text);
  if (!read.ok()) return std::move(read).error().with_field(std::move(field));
  return read;
}

Result<void> add_phrases(const wire::PreferenceChange& body, log::v1::PreferenceChanged& change) {
  if (body.mute) {
    RD_CHECK(at_most("mute", body.mute->size(), records::kMutedMax));
    for (size_t i = 0; i < body.mute->size(); ++i) {
      RD_TRY(auto read, phrase((*body.mute)[i], at("mute", i)));
      auto& muted = *change.add_mute();
      muted.set_text(read.text);
      for (uint32_t word : read.words) muted.add_words(word);
    }
  }
  if (body.unmute) {
    RD_CHECK(at_most("unmute", body.unmute->size(), records::kMutedMax));
    for (size_t i = 0; i < body.unmute->size(); ++i) {
      RD_TRY(auto read, phrase((*body.unmute)[i], at("unmute", i)));
      change.add_unmute(read.text);
    }
  }
  return {};
}

// Fills in who asks.
log::v1::Record record_of(const Context& context) {
  log::v1::Record record;
  auto& change = *record.mutable_preference_changed();
  change.set_viewer_id(context.principal->viewer.value());
  change.set_anonymous(!context.principal->is_account());
  change.set_event_id(context.services.random.bytes(records::kEventIdBytesMax));
  return record;
}

Result<void> limit_rate(const Context& context) {
  Services& services = context.services;
  int wait =
      services.event_limit.take(to_text(context.principal->viewer), 1, services.clock.now_us());
  if (wait == 0) return {};
  return exhausted("too many changes; try again in " + std::to_string(wait) + " s")
      .with_reason("too_often")
      .with_retry_after(wait);
}

// Handles of authors who are still there; blocks.
Result<std::vector<std::string>> handles_of(Services& services, const std::vector<uint64_t>& ids) {
  std::vector<EngineId> authors;
  for (uint64_t id : ids) authors.emplace_back(id);
  std::vector<std::string> out;
  if (authors.empty()) return out;
  RD_TRY(auto found, services.accounts.find_authors(authors));
  std::map<EngineId, std::string> by_id;
  for (auto& account : found) by_id[account.author] = std::move(account.handle);
  for (EngineId author : authors) {
    if (auto handle = by_id.find(author); handle != by_id.end()) out.push_back(handle->second);
  }
  return out;
}

Task<Result<Reply<wire::Preferences>>> present(Context& context,
                                               recommender::ViewerPreferences known) {
  Reply<wire::Preferences> reply;
  auto handles = [&services = context.services, ids = known.authors_turned_down] {
    return handles_of(services, ids);
  };
  RD_CO_TRY(reply.body.authors_turned_down, co_await context.blocking(handles));
  for (auto& level : known.levels) {
    reply.body.topics.push_back({std::move(level.topic), level.level});
  }
  reply.body.muted = std::move(known.muted);
  reply.body.sounds_turned_down = static_cast<int>(known.sounds_turned_down);
  reply.body.met = std::move(known.met);
  co_return reply;
}

Task<Result<Reply<wire::Preferences>>> apply(Context& context, log::v1::Record record) {
  RD_CO_CHECK(limit_rate(context));
  RD_CO_TRY(auto changed, co_await context.services.preferences.change(std::move(record)));
  RD_CO_TRY(auto reply, co_await present(context, std::move(changed.now)));
  reply.body.offset = static_cast<int64_t>(changed.offset.value());
  co_return reply;
}

}  // namespace

Task<Result<Reply<wire::Preferences>>> get_preferences(Context& context, None, None) {
  RD_CO_TRY(auto known, co_await context.services.preferences.read(context.principal->viewer));
  co_return co_await present(context, std::move(known));
}

Task<Result<Reply<wire::Preferences>>> change_preferences(Context& context, None,
                                                          wire::PreferenceChange body) {
  log::v1::Record record = record_of(context);
  auto& change = *record.mutable_preference_changed();
  if (body.topics) RD_CO_CHECK(add_topics(*body.topics, change));
  RD_CO_CHECK(add_phrases(body, change));
  RD_CO_CHECK(records::validate(record));
  co_return co_await apply(context, std::move(record));
}

Task<Result<Reply<wire::Preferences>>> reset_feed(Context& context, None, wire::FeedReset body) {
  log::v1::Record record = record_of(context);
  record.mutable_preference_changed()->set_reset(true);
  record.mutable_preference_changed()->set_reset_turned_down(body.turned_down.value_or(false));
  co_return co_await apply(context, std::move(record));
}

}  // namespace rondo::api::handlers
