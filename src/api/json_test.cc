#include "api/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "api/wire.h"

namespace rondo::api::json {
namespace {

std::string reason_of(std::string_view text) {
  auto read_ = read<wire::EventBatch>(text);
  return read_.ok() ? "ok" : read_.error().reason() + " " + read_.error().field();
}

TEST(Json, WhatIsWrittenIsReadBack) {
  wire::EventBatch batch;
  wire::Event event;
  event.id = "quote \" backslash \\ newline \n nul-free \x01 é 語";
  event.type = wire::EventType::not_interested;
  event.video_id = "0000000000000";
  event.watch_ms = std::numeric_limits<int64_t>::max();
  event.scope = wire::Scope::author;
  batch.events = {event, wire::Event{}};
  auto back = read<wire::EventBatch>(write(batch));
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_EQ(write(*back), write(batch));
  EXPECT_EQ(back->events[0].id, event.id);
  EXPECT_EQ(back->events[0].watch_ms, event.watch_ms);
  EXPECT_FALSE(back->events[1].slot.has_value());
}

TEST(Json, RefusesWithReasonAndPath) {
  EXPECT_EQ(reason_of("{}"), "missing_field events");
  EXPECT_EQ(reason_of("{\"events\":{}}"), "wrong_type events");
  EXPECT_EQ(reason_of("{\"events\":[5]}"), "wrong_type events[0]");
  EXPECT_EQ(reason_of("{\"events\":[{\"id\":\"x\"}]}"), "missing_field events[0].type");
  EXPECT_EQ(reason_of("{\"events\":[{\"id\":\"x\",\"type\":\"dance\",\"video_id\":\"\"}]}"),
            "unknown_value events[0].type");
  EXPECT_EQ(
      reason_of("{\"events\":[{\"id\":\"x\",\"type\":\"like\",\"video_id\":\"\",\"slot\":1.5}]}"),
      "wrong_type events[0].slot");
  EXPECT_EQ(
      reason_of(
          "{\"events\":[{\"id\":\"x\",\"type\":\"like\",\"video_id\":\"\",\"slot\":99999999999}]}"),
      "out_of_range events[0].slot");
  EXPECT_EQ(reason_of("{\"events\":[],\"extra\":1}"), "unknown_field extra");
  EXPECT_EQ(reason_of("{\"events\":[]"), "not_json ");
  EXPECT_EQ(reason_of("{\"events\":[]} x"), "not_json ");
  EXPECT_EQ(reason_of(""), "not_json ");
  EXPECT_EQ(reason_of(std::string(10'000, '[')), "not_json ");
}

TEST(Json, NumbersThatJsonCannotSayBecomeNull) {
  wire::ScoreTerm term;
  term.value = std::numeric_limits<float>::quiet_NaN();
  term.weight = 0.1f;
  EXPECT_EQ(write(term), "{\"name\":\"\",\"value\":null,\"weight\":0.1,\"contribution\":0}");
}

}  // namespace
}  // namespace rondo::api::json
