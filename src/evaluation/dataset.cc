#include "evaluation/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace rondo::evaluation {
namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> out;
  for (size_t from = 0; from <= line.size();) {
    size_t to = std::min(line.find('\t', from), line.size());
    out.push_back(line.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

// Where an error is: "FILE:LINE".
struct Place {
  const fs::path& file;
  size_t line;
  std::string text() const { return fmt::format("{}:{}", file.string(), line); }
};

Result<void> each_line(const fs::path& file,
                       const std::function<Result<void>(std::string_view, Place)>& take) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return not_found(file.string() +
                     " is not there or cannot be read; name its folder with --data");
  }
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    Place place{file, number};
    if (line.size() > kLineBytesMax) {
      return invalid(fmt::format("{}: the line has {} bytes; at most {}", place.text(), line.size(),
                                 kLineBytesMax));
    }
    if (line.empty()) continue;
    RD_CHECK(take(line, place));
  }
  if (in.bad()) return unavailable(file.string() + " could not be read to its end");
  return {};
}

Result<double> number(std::string_view text, Place place, std::string_view column) {
  double out = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(out)) {
    return invalid(
        fmt::format("{}: {} is '{}'; a finite number is expected", place.text(), column, text));
  }
  return out;
}

class Index {
 public:
  explicit Index(std::vector<std::string>& names) : names_(names) {}
  uint32_t of(std::string_view name) {
    auto [at, added] = by_name_.try_emplace(std::string(name), names_.size());
    if (added) names_.emplace_back(name);
    return at->second;
  }

 private:
  std::vector<std::string>& names_;
  std::unordered_map<std::string, uint32_t> by_name_;
};

uint64_t pair_key(const Interaction& row) { return uint64_t{row.user} << 32 | row.item; }

Result<void> room_for_one(const Dataset& data, Place place) {
  if (data.rows.size() < kRowsMax) return {};
  return exhausted(
      fmt::format("{}: more than {} rows; evaluate a part of the data", place.text(), kRowsMax));
}

struct Columns {
  std::optional<size_t> user, item, time, value;
  size_t count = 0;
};

Result<Columns> columns_of(std::string_view header, Place place, bool needs_time) {
  Columns out;
  auto names = fields_of(header);
  out.count = names.size();
  for (size_t i = 0; i < names.size(); ++i) {
    std::string_view name = names[i].substr(0, names[i].find(':'));
    if (name == "user" || name == "user_id") out.user = i;
    if (name == "item" || name == "item_id") out.item = i;
    if (name == "time" || name == "timestamp") out.time = i;
    if (name == "value" || name == "rating") out.value = i;
  }
  if (!out.user || !out.item || (needs_time && !out.time)) {
    return invalid(fmt::format(
        "{}: the header is '{}'; it needs the tab-separated columns user, item{} (and may have "
        "value)",
        place.text(), header, needs_time ? " and time" : ""));
  }
  return out;
}

}  // namespace

Result<Dataset> read_events(const fs::path& file, bool needs_time) {
  Dataset out;
  Index users(out.users);
  Index items(out.items);
  std::unordered_set<uint64_t> met;
  std::optional<Columns> columns;
  auto take = [&](std::string_view line, Place place) -> Result<void> {
    if (!columns) {
      RD_TRY(columns, columns_of(line, place, needs_time));
      return {};
    }
    auto fields = fields_of(line);
    if (fields.size() != columns->count) {
      return invalid(fmt::format("{}: {} columns; the header has {}", place.text(), fields.size(),
                                 columns->count));
    }
    if (fields[*columns->user].empty() || fields[*columns->item].empty()) {
      return invalid(place.text() + ": the user or the item is empty");
    }
    RD_CHECK(room_for_one(out, place));
    Interaction row{users.of(fields[*columns->user]), items.of(fields[*columns->item]), 1,
                    static_cast<int64_t>(out.rows.size())};
    if (columns->value) {
      RD_TRY(row.value, number(fields[*columns->value], place, "value"));
    }
    if (columns->time) {
      RD_TRY(double time, number(fields[*columns->time], place, "time"));
      if (time < 0 || time > 1e11) {
        return invalid(fmt::format("{}: time is {}; seconds from 0 to 1e11 are expected",
                                   place.text(), fields[*columns->time]));
      }
      row.time = static_cast<int64_t>(time);
    }
    if (met.insert(pair_key(row)).second) {
      out.rows.push_back(row);
    } else {
      ++out.repeated;
    }
    return {};
  };
  RD_CHECK(each_line(file, take));
  if (out.rows.empty()) return invalid(file.string() + " holds no interaction");
  out.has_time = columns->time.has_value();
  out.has_value = columns->value.has_value();
  return out;
}

Result<GivenSplit> read_given_split(const fs::path& folder) {
  GivenSplit out;
  std::unordered_map<uint64_t, std::string> met;
  uint32_t users = 0;
  uint32_t items = 0;
  auto read = [&](const char* name) -> Result<size_t> {
    size_t before = out.data.rows.size();
    auto take = [&](std::string_view line, Place place) -> Result<void> {
      auto fields = fields_of(line);
      if (fields.size() != 2) {
        return invalid(
            fmt::format("{}: {} columns; user<TAB>item is expected", place.text(), fields.size()));
      }
      uint32_t ids[2];
      for (size_t i = 0; i < 2; ++i) {
        const char* end = fields[i].data() + fields[i].size();
        auto [at, code] = std::from_chars(fields[i].data(), end, ids[i]);
        if (code != std::errc() || at != end || ids[i] > 10'000'000) {
          return invalid(
              fmt::format("{}: {} is '{}'; a whole number from 0 to 10000000 is expected",
                          place.text(), i == 0 ? "the user" : "the item", fields[i]));
        }
      }
      RD_CHECK(room_for_one(out.data, place));
      Interaction row{ids[0], ids[1], 1, static_cast<int64_t>(out.data.rows.size())};
      auto [at, added] = met.try_emplace(pair_key(row), name);
      if (!added) {
        return conflict(fmt::format("{}: user {} and item {} are in {} already", place.text(),
                                    ids[0], ids[1], at->second));
      }
      users = std::max(users, ids[0] + 1);
      items = std::max(items, ids[1] + 1);
      out.data.rows.push_back(row);
      return {};
    };
    RD_CHECK(each_line(folder / name, take));
    if (out.data.rows.size() == before) {
      return invalid((folder / name).string() + " holds no interaction");
    }
    return out.data.rows.size() - before;
  };
  RD_TRY(out.train, read("train.tsv"));
  RD_TRY(out.valid, read("valid.tsv"));
  RD_TRY(out.test, read("test.tsv"));
  for (uint32_t u = 0; u < users; ++u) out.data.users.push_back(std::to_string(u));
  for (uint32_t i = 0; i < items; ++i) out.data.items.push_back(std::to_string(i));
  return out;
}

Interactions by_time(Interactions rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Interaction& a, const Interaction& b) { return a.time < b.time; });
  return rows;
}

}  // namespace rondo::evaluation
