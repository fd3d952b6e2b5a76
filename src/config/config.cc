#include "config/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

namespace rondo::config {
namespace {

std::string variable_of(std::string_view name) {
  std::string text = "RONDO_";
  for (char c : name) text += c == '.' ? '_' : static_cast<char>(std::toupper(c));
  return text;
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string allowed(const Option& option) {
  if (std::holds_alternative<bool*>(option.target)) return "true or false";
  if (std::holds_alternative<int64_t*>(option.target)) {
    return "a whole number from " + std::to_string(option.min) + " to " +
           std::to_string(option.max);
  }
  if (option.choices.empty()) return "a text";
  std::string list;
  for (auto choice : option.choices) {
    if (!list.empty()) list += ", ";
    list += in_quotes(choice);
  }
  return "one of " + list;
}

std::string value_of(const Option& option) {
  if (auto* flag = std::get_if<bool*>(&option.target)) return **flag ? "true" : "false";
  if (auto* number = std::get_if<int64_t*>(&option.target)) return std::to_string(**number);
  return in_quotes(*std::get<std::string*>(option.target));
}

Result<void> set(const Option& option, std::string_view text, std::string_view from) {
  auto refuse = [&] {
    return invalid(std::string(option.name) + " is " + in_quotes(text) + " (" + std::string(from) +
                   "); it has to be " + allowed(option));
  };
  if (auto* flag = std::get_if<bool*>(&option.target)) {
    if (text != "true" && text != "false") return refuse();
    **flag = text == "true";
  } else if (auto* number = std::get_if<int64_t*>(&option.target)) {
    int64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return refuse();
    if (value < option.min || value > option.max) return refuse();
    **number = value;
  } else {
    if (!option.choices.empty() &&
        std::find(option.choices.begin(), option.choices.end(), text) == option.choices.end()) {
      return refuse();
    }
    *std::get<std::string*>(option.target) = text;
  }
  return {};
}

size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t cost = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({cost, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

Error unknown(std::string_view name, const std::vector<Option>& table, std::string_view from) {
  auto nearest = std::min_element(table.begin(), table.end(), [&](const auto& a, const auto& b) {
    return distance(name, a.name) < distance(name, b.name);
  });
  return invalid("there is no option " + in_quotes(name) + " (" + std::string(from) +
                 "); the nearest is " + in_quotes(nearest->name) +
                 "; `rondo config` lists them all");
}

Result<Overrides> read_file(const std::string& path) {
  Overrides values;
  try {
    toml::table root = toml::parse_file(path);
    for (auto&& [section, node] : root) {
      std::string name(section.str());
      auto put = [&](const std::string& key, const toml::node& value) -> bool {
        if (auto text = value.value_exact<std::string>()) {
          values[key] = *text;
        } else if (auto number = value.value_exact<int64_t>()) {
          values[key] = std::to_string(*number);
        } else if (auto flag = value.value_exact<bool>()) {
          values[key] = *flag ? "true" : "false";
        } else {
          return false;
        }
        return true;
      };
      if (auto* table = node.as_table()) {
        for (auto&& [key, value] : *table) {
          std::string full = name + "." + std::string(key.str());
          if (!put(full, value)) return invalid(full + " in " + path + " has to be a plain value");
        }
      } else if (!put(name, node)) {
        return invalid(name + " in " + path + " has to be a plain value or a section");
      }
    }
  } catch (const toml::parse_error& e) {
    return invalid(path + " line " + std::to_string(e.source().begin.line) + ": " +
                   std::string(e.description()));
  }
  return values;
}

}  // namespace

std::vector<Option> options(Config& c) {
  return {
      {"data", "folder of everything that is kept", &c.data},
      {"server.name", "name of this network, shown to people", &c.server.name},
      {"server.address", "address to listen on", &c.server.address},
      {"server.port", "port to listen on; 0: any free one", &c.server.port, 0, 65535},
      {"server.io_threads", "threads that serve connections", &c.server.io_threads, 1, 64},
      {"server.blocking_threads", "threads for database, files and passwords",
       &c.server.blocking_threads, 2, 256},
      {"server.connections_max", "open connections; more are refused", &c.server.connections_max,
       16, 100'000},
      {"server.streams_max", "open answers that follow a video; who comes later polls",
       &c.server.streams_max, 0, 100'000},
      {"server.request_seconds_max",
       "time for one request, from its first byte to its answer "
       "(uploads: for each piece of 64 KiB)",
       &c.server.request_seconds_max, 1, 600},
      {"server.drain_seconds_max", "time for open requests to end when stopping",
       &c.server.drain_seconds_max, 0, 60},
      {"server.web", "folder of the built web client; empty: beside the program", &c.server.web},
      {"server.secure_cookies", "cookies over TLS only; true behind a TLS proxy",
       &c.server.secure_cookies},
      {"server.trust_forwarded",
       "take the client's address from X-Forwarded-For; only behind a "
       "proxy that sets it",
       &c.server.trust_forwarded},
      {"log.format", "how log lines look", &c.log.format, 0, 0, {"human", "json"}},
      {"log.level",
       "least important lines to write",
       &c.log.level,
       0,
       0,
       {"debug", "info", "warning", "error"}},
      {"stream.partitions",
       "partitions of the log, an engine each; fixed when the network is created; "
       "0: as it was created, 1 for a new one",
       &c.stream.partitions, 0, 64},
      {"stream.retention_days", "days that records are kept at least, and pages can be replayed",
       &c.stream.retention_days, 1, 30},
      {"stream.retention_mib",
       "size of a partition above which its oldest records may go earlier; "
       "0: none",
       &c.stream.retention_mib, 0, 1 << 30},
      {"feed.wait_ms_max", "longest wait for the engine before a feed falls back to Latest",
       &c.feed.wait_ms_max, 10, 10'000},
      {"feed.checkpoint_records", "records folded between checkpoints", &c.feed.checkpoint_records,
       100, 100'000'000},
      {"feed.checkpoint_seconds", "time between checkpoints when records came",
       &c.feed.checkpoint_seconds, 1, 86'400},
      {"feed.checkpoints_kept", "checkpoints kept beside those that the horizon needs",
       &c.feed.checkpoints_kept, 1, 100},
      {"feed.exchange_seconds",
       "time after which a partition tells the others what it has learned of videos",
       &c.feed.exchange_seconds, 1, 86'400},
      {"feed.bundle",
       "folder of a bundle, or its bundle.json, to go over to; empty: the network's own",
       &c.feed.bundle},
      {"uploads.size_mib_max", "largest upload", &c.uploads.size_mib_max, 1, 1 << 20},
      {"uploads.duration_seconds_max", "longest video", &c.uploads.duration_seconds_max, 1, 36'000},
      {"uploads.pixels_max", "pixels of the largest picture", &c.uploads.pixels_max, 256 * 256,
       100'000'000},
      {"uploads.frame_rate_max", "frames a second of the fastest video", &c.uploads.frame_rate_max,
       1, 1000},
      {"uploads.streams_max", "streams (pictures, sounds, data) in one file",
       &c.uploads.streams_max, 1, 256},
      {"uploads.open_per_account_max", "unfinished uploads of one account",
       &c.uploads.open_per_account_max, 1, 1000},
      {"uploads.total_gib_max",
       "unfinished and waiting uploads in all; trimmed copies beside them do not count",
       &c.uploads.total_gib_max, 1, 1 << 20},
      {"uploads.expire_hours", "unfinished uploads are removed after", &c.uploads.expire_hours, 1,
       int64_t{24} * 30},
      {"uploads.keep_originals",
       "keep the uploaded file of a live video, for as long as the video is there: to make "
       "renditions anew one day",
       &c.uploads.keep_originals},
      {"uploads.account_quota_mib",
       "what one account's videos and uploads may take up; 0: no limit",
       &c.uploads.account_quota_mib, 0, int64_t{1} << 30},
      {"uploads.network_quota_mib", "what all videos and uploads may take up; 0: no limit",
       &c.uploads.network_quota_mib, 0, int64_t{1} << 40},
      {"uploads.captions_kib_max", "largest file of captions", &c.uploads.captions_kib_max, 1,
       2048},
      {"uploads.captions_languages_max", "languages in which one video has captions",
       &c.uploads.captions_languages_max, 1, 100},
      {"media.allow_unsandboxed",
       "process uploads although the sandbox cannot be had: only for a "
       "machine whose uploaders are all trusted",
       &c.media.allow_unsandboxed},
      {"media.workers", "videos processed at the same time", &c.media.workers, 1, 64},
      {"media.av1", "code the larger renditions as AV1, too: smaller files for much more work",
       &c.media.av1},
      {"media.threads", "threads of one encoder", &c.media.threads, 1, 64},
      {"media.memory_mib_max", "memory of one encoder", &c.media.memory_mib_max, 256, 1 << 20},
      {"media.seconds_max", "time for one video", &c.media.seconds_max, 10, 86'400},
      {"limits.sign_up", "anybody can sign up", &c.limits.sign_up},
      {"limits.sign_up_per_hour", "sign-ups an address and hour", &c.limits.sign_up_per_hour, 1,
       1'000'000},
      {"limits.sign_in_per_minute", "sign-in attempts an address, and a handle, and minute",
       &c.limits.sign_in_per_minute, 1, 1'000'000},
      {"limits.events_per_second", "events a viewer and second, on average",
       &c.limits.events_per_second, 1, 1'000'000},
      {"limits.viewers_per_minute", "new anonymous viewers an address and minute",
       &c.limits.viewers_per_minute, 1, 1'000'000},
  };
}

Overrides from_environment(char** environment) {
  Config config;
  std::map<std::string, std::string, std::less<>> names;
  for (const auto& option : options(config)) names[variable_of(option.name)] = option.name;
  Overrides values;
  for (char** entry = environment; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text(*entry);
    size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    auto it = names.find(text.substr(0, equals));
    if (it != names.end()) values[it->second] = text.substr(equals + 1);
  }
  return values;
}

Result<Loaded> load(std::string_view file, const Overrides& environment,
                    const Overrides& command_line) {
  Loaded loaded;
  auto table = options(loaded.config);
  auto apply = [&](const Overrides& values, const std::string& from) -> Result<void> {
    for (const auto& [name, text] : values) {
      auto it = std::find_if(table.begin(), table.end(),
                             [&, &n = name](const Option& option) { return option.name == n; });
      if (it == table.end()) return unknown(name, table, from);
      RD_CHECK(set(*it, text, from));
      loaded.sources[name] = from;
    }
    return {};
  };
  // The data folder decides where the default file is, so it is looked up first.
  std::string data = loaded.config.data;
  for (const Overrides* values : {&environment, &command_line}) {
    if (auto it = values->find("data"); it != values->end()) data = it->second;
  }
  std::string path(file);
  if (path.empty()) {
    auto standard = std::filesystem::path(data) / "rondo.toml";
    std::error_code ignored;
    if (std::filesystem::exists(standard, ignored)) path = standard.string();
  }
  if (!path.empty()) {
    RD_TRY(auto values, read_file(path));
    RD_CHECK(apply(values, "file " + path));
  }
  RD_CHECK(apply(environment, "environment"));
  RD_CHECK(apply(command_line, "command line"));
  return loaded;
}

std::string reference(const Loaded& loaded) {
  Config config = loaded.config;
  std::string out;
  std::string section;
  for (const auto& option : options(config)) {
    size_t dot = option.name.find('.');
    std::string of(dot == std::string_view::npos ? "" : option.name.substr(0, dot));
    if (of != section) {
      section = of;
      out += "\n[" + section + "]\n";
    }
    out += "# " + std::string(option.doc) + ": " + allowed(option) + " (" +
           variable_of(option.name) + ")\n";
    auto it = loaded.sources.find(option.name);
    out += std::string(dot == std::string_view::npos ? option.name : option.name.substr(dot + 1)) +
           " = " + value_of(option);
    if (it != loaded.sources.end()) out += "  # from the " + it->second;
    out += "\n";
  }
  return out;
}

}  // namespace rondo::config
