#include "telemetry/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "base/clock.h"

namespace rondo::log {
namespace {

std::atomic<Format> current_format{Format::kHuman};
std::atomic<Level> current_level{Level::kInfo};

spdlog::logger& sink() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("rondo",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    if (u <= 0x20 || u == '"' || u == '\\' || u == '=' || u >= 0x7f) return false;
  }
  return true;
}

}  // namespace

void configure(const Options& options) {
  current_format = options.format;
  current_level = options.level;
}

std::string format_line(Format format, Level level, std::string_view time, std::string_view message,
                        Fields fields) {
  std::string line;
  if (format == Format::kJson) {
    line += "{\"time\":\"";
    line += time;
    line += "\",\"level\":\"";
    line += name_of(level);
    line += "\",\"message\":";
    append_quoted(line, message);
    for (const auto& field : fields) {
      line += ',';
      append_quoted(line, field.key);
      line += ':';
      if (field.is_text) {
        append_quoted(line, field.value);
      } else {
        line += field.value;
      }
    }
    line += '}';
    return line;
  }
  line += time.substr(11, 12);
  line += level == Level::kInfo ? "  " : level == Level::kDebug ? " . " : " ! ";
  line += message;
  for (const auto& field : fields) {
    line += "  ";
    line += field.key;
    line += '=';
    if (!field.is_text || is_plain(field.value)) {
      line += field.value;
    } else {
      append_quoted(line, field.value);
    }
  }
  return line;
}

void write(Level level, std::string_view message, Fields fields) {
  if (level < current_level.load()) return;
  sink().log(
      spdlog::level::info,
      spdlog::string_view_t(format_line(
          current_format, level, base::to_rfc3339(base::SystemClock().now()), message, fields)));
}

}  // namespace rondo::log
