#include "media/captions.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "media/refusal.h"

namespace rondo::media {
namespace {

constexpr uint64_t kHoursMax = 24;
constexpr std::string_view kBlank = " \t";
constexpr size_t kRawCueBytesMax = 8 * kCueBytesMax;  // with tags and classes that do not stay

Error wrong(std::string reason, size_t line, const std::string& what) {
  return base::invalid("Line " + std::to_string(line) + " of the captions: " + what)
      .with_field("captions")
      .with_reason(std::move(reason));
}

// Well-formed UTF-8 without NUL (RFC 3629); where it is not, the offset.
std::optional<size_t> first_not_text(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<uint8_t>(text[i]);
    size_t more = 0;
    uint32_t code = c;
    uint32_t least = 0;
    if (c == 0) return i;
    if (c >= 0xF0) {
      more = 3, code = c & 0x07u, least = 0x10000;
      if (c > 0xF4) return i;
    } else if (c >= 0xE0) {
      more = 2, code = c & 0x0Fu, least = 0x800;
    } else if (c >= 0xC2) {
      more = 1, code = c & 0x1Fu, least = 0x80;
    } else if (c >= 0x80) {
      return i;
    }
    if (more >= text.size() - i) return i;
    for (size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<uint8_t>(text[i + k]);
      if ((next & 0xC0u) != 0x80u) return i;
      code = code << 6 | (next & 0x3Fu);
    }
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return i;
    i += more + 1;
  }
  return std::nullopt;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t at = 0; at <= text.size();) {
    size_t end = text.find_first_of("\r\n", at);
    if (end == std::string_view::npos) end = text.size();
    lines.push_back(text.substr(at, end - at));
    at = end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
  }
  return lines;
}

std::string_view trim(std::string_view text) {
  const size_t from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

// The word in front, taken off.
std::string_view take_word(std::string_view& text) {
  text = trim(text);
  const std::string_view word = text.substr(0, text.find_first_of(kBlank));
  text.remove_prefix(word.size());
  return word;
}

std::optional<uint32_t> digits(std::string_view text, size_t least, size_t most) {
  if (text.size() < least || text.size() > most) return std::nullopt;
  uint32_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint32_t>(c - '0');
  }
  return value;
}

// "[h...:]mm:ss.mmm"
std::optional<uint32_t> time_of(std::string_view text) {
  uint32_t hours = 0;
  const size_t colons = static_cast<size_t>(std::count(text.begin(), text.end(), ':'));
  if (colons == 2) {
    const size_t end = text.find(':');
    const auto h = digits(text.substr(0, end), 2, 4);
    if (!h) return std::nullopt;
    hours = *h;
    text.remove_prefix(end + 1);
  } else if (colons != 1) {
    return std::nullopt;
  }
  if (text.size() != 9 || text[2] != ':' || text[5] != '.') return std::nullopt;
  const auto minutes = digits(text.substr(0, 2), 2, 2);
  const auto seconds = digits(text.substr(3, 2), 2, 2);
  const auto ms = digits(text.substr(6, 3), 3, 3);
  if (!minutes || !seconds || !ms || *minutes > 59 || *seconds > 59 || hours >= kHoursMax) {
    return std::nullopt;
  }
  return ((hours * 60 + *minutes) * 60 + *seconds) * 1000 + *ms;
}

bool is_percentage(std::string_view text) {
  if (!text.ends_with('%')) return false;
  const auto value = digits(text.substr(0, text.size() - 1), 1, 3);
  return value && *value <= 100;
}

bool is_line(std::string_view text) {
  if (is_percentage(text)) return true;
  if (text.starts_with('-')) text.remove_prefix(1);
  return digits(text, 1, 2).has_value();
}

// The settings that are kept, each once, in this order.
std::string settings_of(std::string_view text) {
  std::string align, line, position, size;
  while (!trim(text).empty()) {
    const std::string_view word = take_word(text);
    const size_t colon = word.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = word.substr(0, colon);
    const std::string_view value = word.substr(colon + 1);
    const bool is_align = value == "start" || value == "center" || value == "end" ||
                          value == "left" || value == "right";
    if (name == "align" && is_align) align = value;
    if (name == "line" && is_line(value)) line = value;
    if (name == "position" && is_percentage(value)) position = value;
    if (name == "size" && is_percentage(value)) size = value;
  }
  std::string out;
  for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"align", align},
                                    {"line", line},
                                    {"position", position},
                                    {"size", size}}) {
    if (!value.empty()) out += (out.empty() ? "" : " ") + std::string(name) + ":" + value;
  }
  return out;
}

void append_escaped(std::string& out, char c) {
  if (c == '&') {
    out += "&amp;";
  } else if (c == '<') {
    out += "&lt;";
  } else if (c == '>') {
    out += "&gt;";
  } else if (static_cast<uint8_t>(c) >= 0x20 && c != 0x7F) {
    out += c;
  } else if (c == '\n' || c == '\t') {
    out += c == '\t' ? ' ' : c;
  }
}

void append_escaped(std::string& out, std::string_view text) {
  for (char c : text) append_escaped(out, c);
}

struct Entity {
  std::string_view name, is;
};
constexpr Entity kEntities[] = {{"&amp;", "&"},
                                {"&lt;", "<"},
                                {"&gt;", ">"},
                                {"&nbsp;", "\xC2\xA0"},
                                {"&lrm;", "\xE2\x80\x8E"},
                                {"&rlm;", "\xE2\x80\x8F"}};

// The entity or character in front, taken off and written.
void move_escaped(std::string& out, std::string_view& text) {
  for (const Entity& entity : kEntities) {
    if (!text.starts_with(entity.name)) continue;
    append_escaped(out, entity.is);
    text.remove_prefix(entity.name.size());
    return;
  }
  append_escaped(out, text[0]);
  text.remove_prefix(1);
}

// An empty line would end the cue.
std::string without_empty_lines(std::string_view text) {
  std::string out;
  for (std::string_view line : lines_of(text)) {
    if (!line.empty()) out += (out.empty() ? "" : "\n") + std::string(line);
  }
  return out;
}

// The words of a cue: entities read, kept tags nested and closed, everything else escaped.
std::string words_of(std::string_view text) {
  std::string out;
  std::vector<char> open;  // 'b', 'i', 'u', 'v'
  auto close_last = [&] {
    out += std::string("</") + open.back() + ">";
    open.pop_back();
  };
  while (!text.empty()) {
    const size_t end = text[0] == '<' ? text.find('>') : std::string_view::npos;
    if (end == std::string_view::npos) {
      move_escaped(out, text);
      continue;
    }
    std::string_view tag = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    const bool closes = tag.starts_with('/');
    if (closes) tag.remove_prefix(1);
    const std::string_view name = tag.substr(0, tag.find_first_of(" \t\n."));
    if (name != "b" && name != "i" && name != "u" && name != "v") continue;
    if (!closes) {
      // A voice ends where the next one begins.
      if (name == "v" && std::find(open.begin(), open.end(), 'v') != open.end()) {
        while (open.back() != 'v') close_last();
        close_last();
      }
      out += std::string("<") + name[0];
      if (name == "v") {
        const size_t blank = tag.find_first_of(" \t\n");
        std::string voice;
        std::string_view name_in = blank == tag.npos ? "" : trim(tag.substr(blank));
        while (!name_in.empty()) move_escaped(voice, name_in);
        std::replace(voice.begin(), voice.end(), '\n', ' ');
        std::string_view shown = trim(voice);
        // With the tag's own end it would read as the arrow of a cue's times.
        while (shown.ends_with("--"))
          shown = trim(shown.substr(0, shown.find_last_not_of('-') + 1));
        if (!shown.empty()) out += " " + std::string(shown);
      }
      out += ">";
      open.push_back(name[0]);
    } else if (std::find(open.begin(), open.end(), name[0]) != open.end()) {
      while (open.back() != name[0]) close_last();
      close_last();
    }
  }
  while (!open.empty()) close_last();
  return without_empty_lines(out);
}

std::string time_text(uint32_t ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%02u:%02u:%02u.%03u", ms / 3'600'000, ms / 60'000 % 60,
                ms / 1000 % 60, ms % 1000);
  return text;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : lines_(lines_of(text)) {}

  Result<std::vector<Cue>> run() {
    const std::string_view first = lines_[0];
    if (!first.starts_with("WEBVTT") || (first.size() > 6 && first[6] != ' ' && first[6] != '\t')) {
      return wrong("not_webvtt", 1,
                   "it has to be \"WEBVTT\". Export the captions as WebVTT (.vtt) and try again.");
    }
    for (at_ = 1; at_ < lines_.size() && !lines_[at_].empty();
         ++at_) {  // what else the header says
      if (is_timing(lines_[at_])) {
        return wrong("cue_time", at_ + 1,
                     "an empty line has to come between the header and a cue.");
      }
    }
    while (true) {
      while (at_ < lines_.size() && lines_[at_].empty()) ++at_;
      if (at_ >= lines_.size()) break;
      RD_CHECK(read_block());
    }
    if (cues_.empty()) {
      return wrong("no_cues", lines_.size(), "there is no cue in them. Add at least one.");
    }
    std::stable_sort(cues_.begin(), cues_.end(),
                     [](const Cue& a, const Cue& b) { return a.start_ms < b.start_ms; });
    return std::move(cues_);
  }

 private:
  static Error too_long(size_t line, size_t bytes) {
    return wrong("cue_too_long", line,
                 "the cue has " + std::to_string(bytes) + " bytes; the limit is " +
                     std::to_string(kCueBytesMax) + ". Split it.");
  }
  void skip_block() {
    while (at_ < lines_.size() && !lines_[at_].empty()) ++at_;
  }
  static bool is_timing(std::string_view line) {
    return line.find("-->") != std::string_view::npos;
  }
  static bool is_block(std::string_view line, std::string_view name) {
    return line.starts_with(name) &&
           (line.size() == name.size() || kBlank.find(line[name.size()]) != kBlank.npos);
  }

  Result<void> read_block() {
    const std::string_view line = lines_[at_];
    if (!is_timing(line)) {
      if (is_block(line, "NOTE") || is_block(line, "STYLE") || is_block(line, "REGION")) {
        skip_block();
        return {};
      }
      ++at_;  // the cue's name
      if (at_ >= lines_.size() || !is_timing(lines_[at_])) {
        return wrong("cue_time", at_ + 1,
                     "a cue needs its times here, such as \"00:01.000 --> 00:04.000\".");
      }
    }
    return read_cue();
  }

  Result<void> read_cue() {
    const size_t number = at_ + 1;
    const std::string_view line = lines_[at_++];
    const size_t arrow = line.find("-->");
    std::string_view rest = line.substr(arrow + 3);
    const std::string_view from = trim(line.substr(0, arrow));
    const std::string_view to = take_word(rest);
    const auto start = time_of(from);
    const auto end = time_of(to);
    if (!start || !end) {
      return wrong("cue_time", number,
                   "\"" + std::string((start ? to : from).substr(0, 40)) +
                       "\" is not a time. Write it as 00:04.000 or 01:00:04.000.");
    }
    if (*end <= *start) {
      return wrong("cue_order", number,
                   "the cue ends at " + time_text(*end) + ", which is not after its start at " +
                       time_text(*start) + ".");
    }
    const size_t first = at_;
    std::string text;
    for (; at_ < lines_.size() && !lines_[at_].empty(); ++at_) {
      if (is_timing(lines_[at_])) {
        return wrong("cue_time", at_ + 1, "an empty line has to come between two cues.");
      }
      text += (at_ == first ? "" : "\n") + std::string(lines_[at_]);
    }
    // Before its words are read, which takes time by the square of its length.
    if (text.size() > kRawCueBytesMax) return too_long(number, text.size());
    Cue cue{*start, *end, settings_of(rest), words_of(text)};
    if (cue.text.size() > kCueBytesMax) return too_long(number, cue.text.size());
    if (cues_.size() >= kCuesMax) {
      return wrong("too_many_cues", number,
                   "there are more than " + std::to_string(kCuesMax) +
                       " cues. Join short ones, or leave some out.");
    }
    // Words that are gone after reading (a cue of unknown tags) leave nothing to show.
    if (!trim(cue.text).empty()) cues_.push_back(std::move(cue));
    return {};
  }

  const std::vector<std::string_view> lines_;
  size_t at_ = 0;
  std::vector<Cue> cues_;
};

}  // namespace

Result<std::vector<Cue>> read_captions(std::string_view bytes, size_t bytes_max) {
  if (bytes.size() > bytes_max) {
    return base::invalid("These captions are " + size_text(bytes.size()) + "; the limit here is " +
                         size_text(bytes_max) +
                         ". Captions are words and times: is it the right file?")
        .with_field("captions")
        .with_reason("too_large");
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (const auto at = first_not_text(bytes)) {
    const std::string_view before = bytes.substr(0, *at);
    const size_t line = lines_of(before).size();
    return wrong("not_text", line, "it is not UTF-8. Save the file as UTF-8 and try again.");
  }
  return Reader(bytes).run();
}

std::string spoken_words(const std::vector<Cue>& cues) {
  std::string out;
  for (const Cue& cue : cues) {
    for (std::string_view text = cue.text; !text.empty();) {
      if (text[0] == '<') {
        text.remove_prefix(std::min(text.size(), text.find('>')));
        text.remove_prefix(text.empty() ? 0 : 1);
        continue;
      }
      const Entity* entity =
          std::find_if(std::begin(kEntities), std::end(kEntities),
                       [&](const Entity& e) { return text.starts_with(e.name); });
      out += entity == std::end(kEntities) ? text.substr(0, 1) : entity->is;
      text.remove_prefix(entity == std::end(kEntities) ? 1 : entity->name.size());
    }
    out += '\n';
  }
  return out;
}

std::string write_captions(const std::vector<Cue>& cues) {
  std::string out = "WEBVTT\n";
  for (const Cue& cue : cues) {
    out += "\n" + time_text(cue.start_ms) + " --> " + time_text(cue.end_ms);
    if (!cue.settings.empty()) out += " " + cue.settings;
    out += "\n" + cue.text + "\n";
  }
  return out;
}

}  // namespace rondo::media
