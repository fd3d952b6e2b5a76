#include "media/timeline.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace rondo::media {

void Timeline::add_packet(std::string_view fields) {
  std::array<std::string_view, 4> field;
  for (auto& part : field) {
    const auto comma = fields.find(',');
    part = fields.substr(0, comma);
    fields = comma == std::string_view::npos ? std::string_view() : fields.substr(comma + 1);
  }
  auto seconds = [](std::string_view text) -> std::optional<double> {
    double value = 0;
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || !std::isfinite(value)) return std::nullopt;
    return value;
  };
  // Outside of the edit list: decoded, not shown.
  if (field[3].find('D') != std::string_view::npos) return;
  auto time = seconds(field[0]);
  if (!time) time = seconds(field[1]);
  if (!time) return;
  if (frames == 0 || *time < first) first = *time;
  if (frames == 0 || *time >= last) {
    last = *time;
    last_duration = seconds(field[2]).value_or(0);
  }
  ++frames;
}

}  // namespace rondo::media
