#include "base/clock.h"

#include <cstdio>

namespace rondo::base {

std::string to_rfc3339(WallTime time) {
  using namespace std::chrono;
  auto day = floor<days>(time);
  year_month_day date(day);
  auto ms = duration_cast<milliseconds>(time - day).count();
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(ms / 3600000),
                int(ms / 60000 % 60), int(ms / 1000 % 60), int(ms % 1000));
  return text;
}

Result<WallTime> from_rfc3339(std::string_view text) {
  using namespace std::chrono;
  std::string copy(text);
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, end = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &end) != 6) {
    return invalid("a time is written like 2026-01-31T12:00:00Z");
  }
  year_month_day date{year(y), month(unsigned(mo)), day(unsigned(d))};
  std::string_view rest = std::string_view(copy).substr(size_t(end));
  int64_t fraction_us = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    int64_t unit = 100000;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      fraction_us += (rest.front() - '0') * unit;
      unit /= 10;
      rest.remove_prefix(1);
    }
  }
  if (!date.ok() || h > 23 || mi > 59 || s > 60 || (rest != "Z" && rest != "z")) {
    return invalid("a time is written in UTC, like 2026-01-31T12:00:00Z");
  }
  return WallTime(sys_days(date) + hours(h) + minutes(mi) + seconds(s) + microseconds(fraction_us));
}

}  // namespace rondo::base
