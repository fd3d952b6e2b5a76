// Structured logs: a sentence for a person, and fields for a machine. One line an event, to stderr,
// human-readable or JSON. No secret goes into a log: no passwords, tokens, cookies or bodies.
//
//   log::info("the server listens", {{"address", address}, {"port", port}});
//
// Thread safe.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace rondo::log {

enum class Format { kHuman, kJson };
enum class Level { kDebug, kInfo, kWarning, kError };

struct Options {
  Format format = Format::kHuman;
  Level level = Level::kInfo;
};

// Once, at start; before it, everything from kInfo on is written for humans.
void configure(const Options& options);

// A field: text is quoted where needed, numbers and booleans are not.
struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  template <typename T>
  requires std::is_arithmetic_v<T> Field(std::string_view k, T v)
      : key(k), value(number(v)), is_text(false) {}

  std::string_view key;
  std::string value;
  bool is_text = true;

 private:
  static std::string number(bool v) { return v ? "true" : "false"; }
  template <typename T>
  static std::string number(T v) {
    return std::to_string(v);
  }
};

using Fields = std::initializer_list<Field>;

void write(Level level, std::string_view message, Fields fields);

inline void debug(std::string_view m, Fields f = {}) { write(Level::kDebug, m, f); }
inline void info(std::string_view m, Fields f = {}) { write(Level::kInfo, m, f); }
inline void warning(std::string_view m, Fields f = {}) { write(Level::kWarning, m, f); }
inline void error(std::string_view m, Fields f = {}) { write(Level::kError, m, f); }
inline void error(std::string_view m, const base::Error& e) {
  write(Level::kError, m, {{"code", to_string(e.code())}, {"reason", e.describe()}});
}

// "message key=value key="a b"" or a JSON object; what write() prints, without the line end.
std::string format_line(Format format, Level level, std::string_view time, std::string_view message,
                        Fields fields);

}  // namespace rondo::log
