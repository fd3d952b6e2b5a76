#include <gtest/gtest.h>

#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace rondo {
namespace {

constexpr std::string_view kTime = "2026-01-31T12:00:00.000Z";

TEST(Log, HumanLineQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(log::format_line(log::Format::kHuman, log::Level::kInfo, kTime, "ready",
                             {{"port", 8080}, {"name", "a b"}, {"id", "x1"}}),
            "12:00:00.000  ready  port=8080  name=\"a b\"  id=x1");
}

TEST(Log, JsonLineEscapesEveryControlCharacter) {
  EXPECT_EQ(
      log::format_line(log::Format::kJson, log::Level::kError, kTime, "a\"b\x01",
                       {{"ok", true}, {"text", "line\nend"}}),
      "{\"time\":\"2026-01-31T12:00:00.000Z\",\"level\":\"error\",\"message\":\"a\\\"b\\u0001\","
      "\"ok\":true,\"text\":\"line\\nend\"}");
}

TEST(Metrics, RendersWhatWasCounted) {
  telemetry::Metrics metrics;
  metrics.counter("things_total", "Things.", {{"kind", "a"}}).Increment(3);
  auto& gauge = metrics.gauge("level", "Level.", {});
  metrics.on_render([&] { gauge.Set(7); });
  std::string text = metrics.render();
  EXPECT_NE(text.find("rondo_things_total{kind=\"a\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("rondo_level 7"), std::string::npos) << text;
}

}  // namespace
}  // namespace rondo
