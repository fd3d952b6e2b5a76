#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "base/random.h"
#include "records/envelope.h"
#include "records/page_id.h"
#include "records/routing.h"
#include "records/validate.h"

namespace rondo::records {
namespace {

namespace pb = log::v1;

pb::Record published() {
  pb::Record record;
  auto* video = record.mutable_video_published();
  video->set_video_id(7);
  video->set_author_id(8);
  video->set_duration_ms(9'000);
  video->add_topics("vagues");
  video->add_topics("été");
  video->set_language("fr");
  return record;
}

pb::Record watched() {
  pb::Record record;
  auto* event = record.mutable_engagement();
  event->set_viewer_id(1);
  event->set_video_id(2);
  event->set_from_page(true);
  event->set_page_offset(3);
  event->set_slot(31);
  event->set_event_id("0123456789abcdef");
  event->mutable_watch()->set_watch_ms(4'000);
  return record;
}

pb::Record served() {
  pb::Record record;
  auto* page = record.mutable_served();
  page->mutable_request()->set_viewer_id(1);
  page->mutable_request()->set_surface(pb::SURFACE_FOR_YOU);
  page->mutable_request()->set_limit(5);
  page->set_bundle_sha256(std::string(32, 'b'));
  page->set_seed(std::string(32, 's'));
  page->set_engine_version("1");
  for (uint64_t id = 1; id <= 5; ++id) {
    auto* slot = page->add_slots();
    slot->set_video_id(id);
    slot->set_source(pb::SOURCE_FRESH);
    slot->set_propensity(0.25F);
    auto* term = slot->add_terms();
    term->set_name("finish");
    slot->add_reasons()->set_kind("fresh");
  }
  return record;
}

TEST(Envelope, OpensWhatWasSealedAndSealsTheSameTwice) {
  std::string bytes = seal(published(), 123);
  EXPECT_EQ(bytes, seal(published(), 123));
  auto opened = open(bytes);
  ASSERT_TRUE(opened.ok()) << opened.error().describe();
  EXPECT_EQ(opened->time_us, 123u);
  EXPECT_EQ(opened->record.SerializeAsString(), published().SerializeAsString());
}

TEST(Envelope, SaysWhyItDoesNotOpen) {
  auto error = [](const pb::Envelope& envelope) {
    auto opened = open(envelope.SerializeAsString());
    EXPECT_FALSE(opened.ok());
    return opened.error();
  };
  pb::Envelope envelope;
  envelope.set_schema(2);
  EXPECT_EQ(error(envelope).reason(), "schema_unknown");

  envelope.set_schema(1);
  EXPECT_EQ(error(envelope).code(), ErrorCode::kCorrupt);  // an empty record

  envelope.set_payload("\xff\xff\xff");
  EXPECT_EQ(error(envelope).code(), ErrorCode::kCorrupt);

  envelope.set_payload(std::string("\xA2\x06\x02hi", 5));  // field 100, two bytes
  EXPECT_EQ(error(envelope).reason(), "record_type_unknown");
  EXPECT_NE(error(envelope).message().find("100"), std::string::npos);

  // A later type beside one that is known is no better.
  envelope.set_payload(published().SerializeAsString() + std::string("\xA2\x06\x02hi", 5));
  EXPECT_EQ(error(envelope).reason(), "record_type_unknown");

  envelope.set_payload(published().SerializeAsString());
  envelope.set_key_id("k1");
  EXPECT_EQ(error(envelope).reason(), "key_needed");

  EXPECT_EQ(open("not an envelope").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(open(std::string(kEnvelopeBytesMax + 1, '\0')).error().code(), ErrorCode::kCorrupt);
}

TEST(Envelope, CutShortItNeverOpensAsTheSame) {
  std::string bytes = seal(watched(), 1);
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto opened = open(std::string_view(bytes).substr(0, size));
    if (opened.ok()) {
      EXPECT_NE(seal(opened->record, opened->time_us), bytes);
    }
  }
}

TEST(PageId, TextAndBack) {
  base::Rng rng(1);
  for (int i = 0; i < 1000; ++i) {
    PageId id{PartitionId(rng.next() >> 32), Offset(rng.next()), rng.next()};
    std::string text = to_text(id);
    EXPECT_EQ(text.size(), kPageIdCharacters);
    auto parsed = parse_page_id(text);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, id);
  }
}

TEST(PageId, OnePageHasOneText) {
  std::string text = to_text(PageId{PartitionId(3), Offset(~uint64_t{0}), ~uint64_t{0}});
  ASSERT_NE(text.find('_'), std::string::npos);
  std::set<std::string> others = {"", "x", text + "A", text.substr(1), text.substr(0, 26) + "="};
  std::string slash = text;
  slash[slash.find('_')] = '/';
  others.insert(slash);
  // Every other last character differs in a byte or sets an unused bit.
  for (char c : std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_!")) {
    auto parsed = parse_page_id(text.substr(0, 26) + c);
    if (parsed.ok()) {
      EXPECT_EQ(to_text(*parsed), text.substr(0, 26) + c);
    }
  }
  for (const std::string& other : others) {
    auto parsed = parse_page_id(other);
    ASSERT_FALSE(parsed.ok()) << other;
    EXPECT_EQ(parsed.error().field(), "page_id");
  }
}

pb::Record wished() {
  pb::Record record;
  auto& body = *record.mutable_preference_changed();
  body.set_viewer_id(7);
  body.set_event_id("wish");
  auto* topic = body.add_topics();
  topic->set_topic("waves");
  topic->set_level(-100);
  auto* muted = body.add_mute();
  muted->set_text("été 2026");
  muted->add_words(3);
  muted->add_words(5);
  body.add_unmute("spoiler");
  return record;
}

TEST(Validate, TakesWhatIsRight) {
  for (const pb::Record& record : {published(), watched(), served(), wished()}) {
    auto valid = validate(record);
    EXPECT_TRUE(valid.ok()) << valid.error().describe();
  }
}

TEST(Validate, NamesTheFieldThatIsWrong) {
  struct Case {
    const char* field;
    std::function<pb::Record()> make;
  };
  auto changed = [](pb::Record record, auto change) {
    change(record);
    return [record] { return record; };
  };
  const Case cases[] = {
      {"body", [] { return pb::Record(); }},
      {"video_id", changed(published(), [](auto& r) { r.mutable_video_published()->set_video_id(0); })},
      {"author_id", changed(published(), [](auto& r) { r.mutable_video_published()->set_author_id(0); })},
      {"duration_ms", changed(published(), [](auto& r) { r.mutable_video_published()->set_duration_ms(0); })},
      {"duration_ms", changed(published(), [](auto& r) { r.mutable_video_published()->set_duration_ms(kDurationMsMax + 1); })},
      {"topics", changed(published(), [](auto& r) { r.mutable_video_published()->add_topics("Waves"); })},
      {"topics", changed(published(), [](auto& r) { r.mutable_video_published()->add_topics("#waves"); })},
      {"topics", changed(published(), [](auto& r) { r.mutable_video_published()->add_topics("a b"); })},
      {"topics", changed(published(), [](auto& r) { r.mutable_video_published()->add_topics(""); })},
      {"topics", changed(published(), [](auto& r) { r.mutable_video_published()->add_topics("vagues"); })},
      {"topics", changed(published(), [](auto& r) { r.mutable_video_published()->add_topics(std::string(65, 'a')); })},
      {"topics", changed(published(), [](auto& r) { r.mutable_video_published()->add_topics("\xC0\x80"); })},
      {"topics", changed(published(), [](auto& r) { for (int i = 0; i < 7; ++i) r.mutable_video_published()->add_topics("t" + std::to_string(i)); })},
      {"language", changed(published(), [](auto& r) { r.mutable_video_published()->set_language("fr-FR"); })},
      {"viewer_id", changed(watched(), [](auto& r) { r.mutable_engagement()->set_viewer_id(0); })},
      {"slot", changed(watched(), [](auto& r) { r.mutable_engagement()->set_slot(32); })},
      {"page_offset", changed(watched(), [](auto& r) { r.mutable_engagement()->set_from_page(false); })},
      {"event_id", changed(watched(), [](auto& r) { r.mutable_engagement()->set_event_id(""); })},
      {"event_id", changed(watched(), [](auto& r) { r.mutable_engagement()->set_event_id(std::string(17, 'x')); })},
      {"action", changed(watched(), [](auto& r) { r.mutable_engagement()->clear_action(); })},
      {"watch_ms", changed(watched(), [](auto& r) { r.mutable_engagement()->mutable_watch()->set_watch_ms(kWatchMsMax + 1); })},
      {"loops", changed(watched(), [](auto& r) { r.mutable_engagement()->mutable_watch()->set_loops(kLoopsMax + 1); })},
      {"scope", changed(watched(), [](auto& r) { r.mutable_engagement()->mutable_not_interested(); })},
      {"words", changed(published(), [](auto& r) { r.mutable_video_published()->add_words(2); r.mutable_video_published()->add_words(2); })},
      {"words", changed(published(), [](auto& r) { for (uint32_t i = 0; i <= kVideoWordsMax; ++i) r.mutable_video_published()->add_words(i); })},
      {"viewer_id", changed(wished(), [](auto& r) { r.mutable_preference_changed()->set_viewer_id(0); })},
      {"event_id", changed(wished(), [](auto& r) { r.mutable_preference_changed()->clear_event_id(); })},
      {"reset_turned_down", changed(wished(), [](auto& r) { r.mutable_preference_changed()->set_reset_turned_down(true); })},
      {"topics", changed(wished(), [](auto& r) { auto& p = *r.mutable_preference_changed(); p.clear_topics(); p.clear_mute(); p.clear_unmute(); })},
      {"topics", changed(wished(), [](auto& r) { for (size_t i = 0; i < kTopicLevelsMax; ++i) r.mutable_preference_changed()->add_topics()->set_topic("t" + std::to_string(i)); })},
      {"topics.topic", changed(wished(), [](auto& r) { r.mutable_preference_changed()->add_topics()->set_topic("waves"); })},
      {"topics.topic", changed(wished(), [](auto& r) { r.mutable_preference_changed()->mutable_topics(0)->set_topic("Waves"); })},
      {"topics.level", changed(wished(), [](auto& r) { r.mutable_preference_changed()->mutable_topics(0)->set_level(101); })},
      {"topics.level", changed(wished(), [](auto& r) { r.mutable_preference_changed()->mutable_topics(0)->set_level(-101); })},
      {"mute", changed(wished(), [](auto& r) { for (size_t i = 0; i < kMutedMax; ++i) *r.mutable_preference_changed()->add_mute() = r.preference_changed().mute(0); })},
      {"mute.text", changed(wished(), [](auto& r) { r.mutable_preference_changed()->mutable_mute(0)->set_text("two  blanks"); })},
      {"mute.text", changed(wished(), [](auto& r) { r.mutable_preference_changed()->mutable_mute(0)->set_text("Capital"); })},
      {"mute.text", changed(wished(), [](auto& r) { r.mutable_preference_changed()->mutable_mute(0)->set_text(std::string(65, 'a')); })},
      {"mute.words", changed(wished(), [](auto& r) { r.mutable_preference_changed()->mutable_mute(0)->clear_words(); })},
      {"mute.words", changed(wished(), [](auto& r) { r.mutable_preference_changed()->mutable_mute(0)->add_words(4); })},
      {"unmute", changed(wished(), [](auto& r) { r.mutable_preference_changed()->add_unmute(""); })},
      {"surface", changed(served(), [](auto& r) { r.mutable_served()->mutable_request()->clear_surface(); })},
      {"limit", changed(served(), [](auto& r) { r.mutable_served()->mutable_request()->set_limit(0); })},
      {"limit", changed(served(), [](auto& r) { r.mutable_served()->mutable_request()->set_limit(33); })},
      {"held", changed(served(), [](auto& r) { for (int i = 0; i < 65; ++i) r.mutable_served()->mutable_request()->add_held(); })},
      {"exclude", changed(served(), [](auto& r) { for (int i = 0; i < 65; ++i) r.mutable_served()->mutable_request()->add_exclude(1); })},
      {"slots", changed(served(), [](auto& r) { r.mutable_served()->mutable_request()->set_limit(4); })},
      {"slots.video_id", changed(served(), [](auto& r) { r.mutable_served()->mutable_slots(1)->set_video_id(1); })},
      {"slots.source", changed(served(), [](auto& r) { r.mutable_served()->mutable_slots(0)->clear_source(); })},
      {"slots.propensity", changed(served(), [](auto& r) { r.mutable_served()->mutable_slots(0)->set_propensity(0); })},
      {"slots.score", changed(served(), [](auto& r) { r.mutable_served()->mutable_slots(0)->set_score(NAN); })},
      {"slots.terms.name", changed(served(), [](auto& r) { r.mutable_served()->mutable_slots(0)->add_terms(); })},
      {"seed", changed(served(), [](auto& r) { r.mutable_served()->set_seed("short"); })},
      {"bundle_sha256", [] { pb::Record r; r.mutable_bundle_activated(); return r; }},
      {"engine_version", [] { pb::Record r; r.mutable_engine_activated(); return r; }},
      {"epoch", [] { pb::Record r; r.mutable_tick(); return r; }},
      {"viewer_id", [] { pb::Record r; r.mutable_account_erased(); return r; }},
  };
  for (const Case& c : cases) {
    auto valid = validate(c.make());
    ASSERT_FALSE(valid.ok()) << c.field;
    EXPECT_EQ(valid.error().code(), ErrorCode::kInvalid);
    EXPECT_EQ(valid.error().field(), c.field) << valid.error().describe();
  }
}

TEST(Validate, LargestPageFitsItsEnvelope) {
  pb::Record record;
  auto* page = record.mutable_served();
  *page = served().served();
  page->clear_slots();
  page->mutable_request()->set_limit(kPageSlotsMax);
  for (size_t i = 0; i < kHeldMax; ++i) {
    page->mutable_request()->add_held()->set_page_offset(~uint64_t{0});
    page->mutable_request()->add_exclude(~uint64_t{0});
  }
  for (uint32_t i = 0; i < kPageSlotsMax; ++i) {
    auto* slot = page->add_slots();
    slot->set_video_id(~uint64_t{0} - i);
    slot->set_source(pb::SOURCE_EXPLORATION);
    slot->set_propensity(1);
    for (size_t t = 0; t < kTermsMax; ++t) {
      auto* term = slot->add_terms();
      term->set_name(std::string(kNameBytesMax, 'n'));
      term->set_value(1);
      term->set_weight(1);
      term->set_contribution(1);
    }
    for (size_t t = 0; t < kReasonsMax; ++t) {
      auto* reason = slot->add_reasons();
      reason->set_kind(std::string(kNameBytesMax, 'k'));
      reason->set_subject(std::string(kTopicBytesMax, 's'));
      reason->set_count(~0u);
    }
  }
  auto valid = validate(record);
  ASSERT_TRUE(valid.ok()) << valid.error().describe();
  EXPECT_LT(seal(record, ~uint64_t{0}).size(), kEnvelopeBytesMax / 2);
}

TEST(Routing, AViewersRecordsMeetInOnePartition) {
  base::Rng rng(2);
  std::vector<int> counts(16);
  for (int i = 0; i < 16'000; ++i) {
    EngineId viewer(rng.next());
    PartitionId partition = partition_of(viewer, 16);
    ++counts[partition.value()];
    pb::Record event = watched();
    event.mutable_engagement()->set_viewer_id(viewer.value());
    EXPECT_EQ(partitions_of(event, 16), std::vector{partition});
  }
  for (int count : counts) EXPECT_NEAR(count, 1000, 200);
  EXPECT_EQ(partitions_of(published(), 3),
            (std::vector{PartitionId(0), PartitionId(1), PartitionId(2)}));
  // Golden: a change would move every viewer to another partition.
  EXPECT_EQ(partition_of(EngineId(1), 1000), PartitionId(789));
}

TEST(Routing, MessageIdsFitAndDiffer) {
  uint64_t most = ~uint64_t{0};
  std::set<std::string> ids = {
      video_message_id(VideoId(most), most),
      follow_message_id(EngineId(most), EngineId(most), most),
      preference_message_id(EngineId(most), std::string(kEventIdBytesMax, '\xFF')),
      erasure_message_id(EngineId(most)),
      event_message_id(EngineId(most), std::string(16, '\xff')),
      served_message_id(most),
      tick_message_id(PartitionId(most), most),
      activation_message_id(std::string(64, 'f'), Offset(most)),
      activation_message_id(std::string(64, 'f'), Offset(0)),
  };
  EXPECT_EQ(ids.size(), 9u);
  for (const std::string& id : ids) EXPECT_LE(id.size(), 64u) << id;
}

}  // namespace
}  // namespace rondo::records
