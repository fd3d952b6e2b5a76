#include "records/validate.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "rondo/log/v1/record.pb.h"

namespace rondo::records {

namespace {

namespace pb = log::v1;

Error wrong(std::string_view field, std::string message) {
  return base::invalid(std::string(field) + ": " + message).with_field(std::string(field));
}

Result<void> at_most(std::string_view field, uint64_t value, uint64_t max) {
  if (value <= max) return {};
  return wrong(field, std::to_string(value) + " is over the limit of " + std::to_string(max));
}

Result<void> within(std::string_view field, uint64_t value, uint64_t min, uint64_t max) {
  if (value >= min && value <= max) return {};
  return wrong(field, std::to_string(value) + " is not within " + std::to_string(min) + ".." +
                          std::to_string(max));
}

Result<void> nonzero(std::string_view field, uint64_t id) {
  if (id != 0) return {};
  return wrong(field, "an id is never 0");
}

Result<void> digest(std::string_view field, std::string_view bytes) {
  if (bytes.size() == 32) return {};
  return wrong(field, "a SHA-256 has 32 bytes, not " + std::to_string(bytes.size()));
}

Result<void> finite(std::string_view field, float value) {
  if (std::isfinite(value)) return {};
  return wrong(field, "the number is not finite");
}

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none
// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
size_t utf8_sequence(std::string_view text) {
  auto byte = [&](size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  size_t size = lead >= 0xC2 && lead <= 0xDF   ? 2
                : (lead & 0xF0) == 0xE0        ? 3
                : lead >= 0xF0 && lead <= 0xF4 ? 4
                                               : 0;
  if (size == 0 || text.size() < size) return 0;
  unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return size;
}

// Printable UTF-8 of at most `bytes_max` bytes.
Result<void> text(std::string_view field, std::string_view value, size_t bytes_max) {
  RD_CHECK(at_most(field, value.size(), bytes_max));
  for (std::string_view rest = value; !rest.empty();) {
    size_t size = utf8_sequence(rest);
    if (size == 0) return wrong(field, "the text is not UTF-8");
    unsigned char first = static_cast<unsigned char>(rest[0]);
    if (first < 0x20 || first == 0x7F) return wrong(field, "control characters are not allowed");
    rest.remove_prefix(size);
  }
  return {};
}

Result<void> name(std::string_view field, std::string_view value) {
  if (value.empty()) return wrong(field, "it must not be empty");
  return text(field, value, kNameBytesMax);
}

Result<void> topic(std::string_view field, std::string_view value) {
  if (is_normalised_topic(value)) return {};
  return wrong(field, "a topic is 1.." + std::to_string(kTopicBytesMax) +
                          " bytes of UTF-8 in lower case, without blanks and '#'");
}

Result<void> phrase(std::string_view field, std::string_view value) {
  if (is_normalised_phrase(value)) return {};
  return wrong(field, "a muted phrase is 1.." + std::to_string(kMutedBytesMax) +
                          " bytes of UTF-8 in lower case, words with a blank between two");
}

Result<void> ascending(std::string_view field,
                       const google::protobuf::RepeatedField<uint32_t>& list, size_t count_max) {
  RD_CHECK(at_most(field, static_cast<uint64_t>(list.size()), count_max));
  for (int i = 1; i < list.size(); ++i) {
    if (list[i - 1] >= list[i]) return wrong(field, "the hashes do not ascend");
  }
  return {};
}

Result<void> language(std::string_view field, std::string_view value) {
  if (is_language(value)) return {};
  return wrong(field, "a language is empty or 2..8 letters in lower case, as in \"en\"");
}

Result<void> region(std::string_view field, std::string_view value) {
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (value.empty() || (value.size() == 2 && is_capital(value[0]) && is_capital(value[1]))) {
    return {};
  }
  return wrong(field, "a region is empty or two capitals, as in \"FR\"");
}

Result<void> event_id(std::string_view value) {
  return within("event_id", value.size(), 1, kEventIdBytesMax);
}

// Where on a page a video was seen: unset unless it was on one.
template <typename Event>
Result<void> page_slot(const Event& event) {
  if (event.from_page()) return at_most("slot", event.slot(), kPageSlotsMax - 1);
  if (event.page_offset() == 0 && event.slot() == 0) return {};
  return wrong("page_offset", "page_offset and slot are only for events from a page");
}

Result<void> check(const pb::EngineActivated& body) {
  RD_CHECK(at_most("partitions", body.partitions(), kPartitionsMax));
  return name("engine_version", body.engine_version());
}

Result<void> check(const pb::BundleActivated& body) {
  return digest("bundle_sha256", body.bundle_sha256());
}

Result<void> check(const pb::ExperimentStarted& body) {
  RD_CHECK(name("name", body.name()));
  RD_CHECK(digest("treatment_sha256", body.treatment_sha256()));
  RD_CHECK(name("salt", body.salt()));
  RD_CHECK(within("share_permyriad", body.share_permyriad(), 1, 10'000));
  if (pb::ExperimentMode_IsValid(body.mode()) && body.mode() != pb::EXPERIMENT_MODE_UNSPECIFIED) {
    return {};
  }
  return wrong("mode", "mode " + std::to_string(body.mode()) + " is not known");
}

Result<void> check(const pb::ExperimentStopped& body) { return name("name", body.name()); }

// The epoch must stay within what a time in microseconds can say.
Result<void> epoch(uint64_t value) { return within("epoch", value, 1, UINT64_MAX / 1'000'000); }

Result<void> check(const pb::Tick& body) {
  RD_CHECK(epoch(body.epoch()));
  RD_CHECK(at_most("deltas", static_cast<uint64_t>(body.deltas_size()), kDeltasPerTickMax));
  for (const pb::DeltaRef& delta : body.deltas()) {
    RD_CHECK(at_most("deltas.partition", delta.partition(), kPartitionsMax - 1));
    RD_CHECK(digest("deltas.sha256", delta.sha256()));
  }
  return {};
}

Result<void> check(const pb::ItemDelta& body) {
  RD_CHECK(epoch(body.epoch()));
  RD_CHECK(at_most("partition", body.partition(), kPartitionsMax - 1));
  return within("body", body.body().size(), 1, kDeltaBytesMax);
}

Result<void> check(const pb::VideoPublished& body) {
  RD_CHECK(nonzero("video_id", body.video_id()));
  RD_CHECK(nonzero("author_id", body.author_id()));
  RD_CHECK(within("duration_ms", body.duration_ms(), 1, kDurationMsMax));
  RD_CHECK(at_most("topics", static_cast<uint64_t>(body.topics_size()), kTopicsMax));
  for (int i = 0; i < body.topics_size(); ++i) {
    RD_CHECK(topic("topics", body.topics(i)));
    for (int j = 0; j < i; ++j) {
      if (body.topics(i) == body.topics(j)) return wrong("topics", "a topic is named twice");
    }
  }
  RD_CHECK(ascending("words", body.words(), kVideoWordsMax));
  return language("language", body.language());
}

Result<void> check(const pb::VideoChanged& body) {
  RD_CHECK(nonzero("video_id", body.video_id()));
  return text("reason", body.reason(), kNameBytesMax);
}

Result<void> check(const pb::FollowChanged& body) {
  RD_CHECK(nonzero("viewer_id", body.viewer_id()));
  return nonzero("author_id", body.author_id());
}

Result<void> check(const pb::ServedSlot& slot) {
  RD_CHECK(nonzero("slots.video_id", slot.video_id()));
  if (!pb::Source_IsValid(slot.source()) || slot.source() == pb::SOURCE_UNSPECIFIED) {
    return wrong("slots.source", "source " + std::to_string(slot.source()) + " is not known");
  }
  if (!(slot.propensity() > 0.0F && slot.propensity() <= 1.0F)) {
    return wrong("slots.propensity", "a propensity is above 0 and at most 1");
  }
  RD_CHECK(finite("slots.score", slot.score()));
  RD_CHECK(text("slots.team", slot.team(), kNameBytesMax));
  RD_CHECK(at_most("slots.terms", static_cast<uint64_t>(slot.terms_size()), kTermsMax));
  for (const pb::ScoreTerm& term : slot.terms()) {
    RD_CHECK(name("slots.terms.name", term.name()));
    RD_CHECK(finite("slots.terms.value", term.value()));
    RD_CHECK(finite("slots.terms.weight", term.weight()));
    RD_CHECK(finite("slots.terms.contribution", term.contribution()));
  }
  RD_CHECK(at_most("slots.reasons", static_cast<uint64_t>(slot.reasons_size()), kReasonsMax));
  for (const pb::Reason& reason : slot.reasons()) {
    RD_CHECK(name("slots.reasons.kind", reason.kind()));
    RD_CHECK(text("slots.reasons.subject", reason.subject(), kTopicBytesMax));
  }
  return {};
}

Result<void> check(const pb::Served& body) {
  RD_CHECK(validate(body.request()));
  RD_CHECK(digest("bundle_sha256", body.bundle_sha256()));
  RD_CHECK(text("arm", body.arm(), kNameBytesMax));
  RD_CHECK(text("experiment", body.experiment(), kNameBytesMax));
  if (!body.treatment_sha256().empty()) {
    RD_CHECK(digest("treatment_sha256", body.treatment_sha256()));
  }
  RD_CHECK(name("engine_version", body.engine_version()));
  RD_CHECK(digest("seed", body.seed()));
  RD_CHECK(at_most("slots", static_cast<uint64_t>(body.slots_size()), body.request().limit()));
  for (int i = 0; i < body.slots_size(); ++i) {
    RD_CHECK(check(body.slots(i)));
    for (int j = 0; j < i; ++j) {
      if (body.slots(i).video_id() == body.slots(j).video_id()) {
        return wrong("slots.video_id", "a video is on the page twice");
      }
    }
  }
  RD_CHECK(at_most("learned", static_cast<uint64_t>(body.learned_size()), kLearnedMax));
  for (const pb::Learned& learned : body.learned()) {
    RD_CHECK(topic("learned.topic", learned.topic()));
  }
  return {};
}

Result<void> check(const pb::Impression& body) {
  RD_CHECK(nonzero("viewer_id", body.viewer_id()));
  RD_CHECK(nonzero("video_id", body.video_id()));
  RD_CHECK(page_slot(body));
  return event_id(body.event_id());
}

Result<void> check(const pb::Engagement& body) {
  RD_CHECK(nonzero("viewer_id", body.viewer_id()));
  RD_CHECK(nonzero("video_id", body.video_id()));
  RD_CHECK(page_slot(body));
  RD_CHECK(event_id(body.event_id()));
  switch (body.action_case()) {
    case pb::Engagement::kWatch:
      RD_CHECK(at_most("watch_ms", body.watch().watch_ms(), kWatchMsMax));
      return at_most("loops", body.watch().loops(), kLoopsMax);
    case pb::Engagement::kNotInterested:
      if (pb::NotInterestedScope_IsValid(body.not_interested().scope()) &&
          body.not_interested().scope() != pb::NOT_INTERESTED_UNSPECIFIED) {
        return {};
      }
      return wrong("scope",
                   "scope " + std::to_string(body.not_interested().scope()) + " is not known");
    case pb::Engagement::ACTION_NOT_SET:
      return wrong("action", "an engagement says what was done; this one does not");
    case pb::Engagement::kLike:
    case pb::Engagement::kShare:
    case pb::Engagement::kSave:
    case pb::Engagement::kReport:
    case pb::Engagement::kComment:
      return {};
  }
  return wrong("action", "this kind of engagement is not known");
}

Result<void> check(const pb::TopicLevel& wish) {
  RD_CHECK(topic("topics.topic", wish.topic()));
  if (wish.level() >= kLevelNever && wish.level() <= kLevelMax) return {};
  return wrong("topics.level", std::to_string(wish.level()) + " is not within " +
                                   std::to_string(kLevelNever) + ".." + std::to_string(kLevelMax));
}

Result<void> check(const pb::MutedPhrase& muted) {
  RD_CHECK(phrase("mute.text", muted.text()));
  if (muted.words().empty()) return wrong("mute.words", "a muted phrase has at least one word");
  return ascending("mute.words", muted.words(), kMutedWordsMax);
}

Result<void> check(const pb::PreferenceChanged& body) {
  RD_CHECK(nonzero("viewer_id", body.viewer_id()));
  if (body.reset_turned_down() && !body.reset()) {
    return wrong("reset_turned_down", "what was turned down comes back only with a reset");
  }
  RD_CHECK(at_most("topics", static_cast<uint64_t>(body.topics_size()), kTopicLevelsMax));
  for (int i = 0; i < body.topics_size(); ++i) {
    RD_CHECK(check(body.topics(i)));
    for (int j = 0; j < i; ++j) {
      if (body.topics(i).topic() == body.topics(j).topic()) {
        return wrong("topics.topic", "a topic is named twice");
      }
    }
  }
  RD_CHECK(at_most("mute", static_cast<uint64_t>(body.mute_size()), kMutedMax));
  for (const pb::MutedPhrase& muted : body.mute()) RD_CHECK(check(muted));
  RD_CHECK(at_most("unmute", static_cast<uint64_t>(body.unmute_size()), kMutedMax));
  for (const std::string& text : body.unmute()) RD_CHECK(phrase("unmute", text));
  if (!body.reset() && body.topics().empty() && body.mute().empty() && body.unmute().empty()) {
    return wrong("topics", "a change of preferences changes something; this one does not");
  }
  return event_id(body.event_id());
}

Result<void> check(const pb::AccountErased& body) { return nonzero("viewer_id", body.viewer_id()); }

}  // namespace

bool is_normalised_topic(std::string_view topic) {
  if (topic.empty() || topic.size() > kTopicBytesMax) return false;
  while (!topic.empty()) {
    size_t size = utf8_sequence(topic);
    if (size == 0) return false;
    unsigned char first = static_cast<unsigned char>(topic[0]);
    if (first <= 0x20 || first == 0x7F || first == '#' || (first >= 'A' && first <= 'Z')) {
      return false;
    }
    topic.remove_prefix(size);
  }
  return true;
}

bool is_normalised_phrase(std::string_view text) {
  if (text.size() > kMutedBytesMax) return false;
  while (true) {
    const size_t end = std::min(text.find(' '), text.size());
    if (!is_normalised_topic(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_language(std::string_view language) {
  if (language.empty()) return true;
  if (language.size() < 2 || language.size() > kLanguageBytesMax) return false;
  for (char c : language) {
    if (c < 'a' || c > 'z') return false;
  }
  return true;
}

Result<void> validate(const pb::FeedRequest& request) {
  RD_CHECK(nonzero("viewer_id", request.viewer_id()));
  if (request.surface() != pb::SURFACE_FOR_YOU) {
    return wrong("surface", "surface " + std::to_string(request.surface()) + " is not known");
  }
  RD_CHECK(language("language", request.language()));
  RD_CHECK(region("region", request.region()));
  RD_CHECK(within("limit", request.limit(), 1, kPageSlotsMax));
  RD_CHECK(at_most("held", static_cast<uint64_t>(request.held_size()), kHeldMax));
  for (const pb::SlotRef& held : request.held()) {
    RD_CHECK(at_most("held.slot", held.slot(), kPageSlotsMax - 1));
  }
  RD_CHECK(at_most("exclude", static_cast<uint64_t>(request.exclude_size()), kExcludeMax));
  RD_CHECK(at_most("liked_by_followed", static_cast<uint64_t>(request.liked_by_followed_size()),
                   kLikedByFollowedMax));
  for (const pb::LikedByFollowed& liked : request.liked_by_followed()) {
    RD_CHECK(nonzero("liked_by_followed.video_id", liked.video_id()));
    RD_CHECK(nonzero("liked_by_followed.people", liked.people()));
  }
  for (uint64_t video : request.exclude()) {
    RD_CHECK(nonzero("exclude", video));
  }
  return {};
}

Result<void> validate(const pb::Record& record) {
  switch (record.body_case()) {
    case pb::Record::kEngineActivated:
      return check(record.engine_activated());
    case pb::Record::kBundleActivated:
      return check(record.bundle_activated());
    case pb::Record::kExperimentStarted:
      return check(record.experiment_started());
    case pb::Record::kExperimentStopped:
      return check(record.experiment_stopped());
    case pb::Record::kTick:
      return check(record.tick());
    case pb::Record::kVideoPublished:
      return check(record.video_published());
    case pb::Record::kVideoChanged:
      return check(record.video_changed());
    case pb::Record::kFollowChanged:
      return check(record.follow_changed());
    case pb::Record::kServed:
      return check(record.served());
    case pb::Record::kImpression:
      return check(record.impression());
    case pb::Record::kEngagement:
      return check(record.engagement());
    case pb::Record::kPreferenceChanged:
      return check(record.preference_changed());
    case pb::Record::kAccountErased:
      return check(record.account_erased());
    case pb::Record::kItemDelta:
      return check(record.item_delta());
    case pb::Record::BODY_NOT_SET:
      break;
  }
  return wrong("body", "the record is empty: it has no body");
}

}  // namespace rondo::records
