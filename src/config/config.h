// The configuration: one typed table of options. Sources, the later one wins: built-in value, the
// TOML file, the environment (RONDO_ and the name in capitals, '.' as '_'), the command line
// (--name=value). `rondo config` prints the table with every value and where it came from.
//
// Errors name the option, the value, and what is allowed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace rondo::config {

struct Config {
  std::string data = "data";

  struct {
    std::string name = "Rondo";
    std::string address = "127.0.0.1";
    int64_t port = 8080;
    int64_t io_threads = 2;
    int64_t blocking_threads = 8;
    int64_t connections_max = 4096;
    int64_t streams_max = 256;
    int64_t request_seconds_max = 30;
    int64_t drain_seconds_max = 4;
    std::string web = "";
    bool secure_cookies = false;
    bool trust_forwarded = false;
  } server;

  struct {
    std::string format = "human";
    std::string level = "info";
  } log;

  struct {
    int64_t partitions = 0;
    int64_t retention_days = 30;
    int64_t retention_mib = 0;
  } stream;

  struct {
    int64_t wait_ms_max = 500;
    int64_t checkpoint_records = 50'000;
    int64_t checkpoint_seconds = 300;
    int64_t checkpoints_kept = 3;
    int64_t exchange_seconds = 30;
    std::string bundle = "";
  } feed;

  struct {
    int64_t size_mib_max = 1024;
    int64_t duration_seconds_max = 600;
    int64_t pixels_max = int64_t{4096} * 2304;
    int64_t frame_rate_max = 500;
    int64_t streams_max = 32;
    int64_t open_per_account_max = 8;
    int64_t total_gib_max = 64;
    int64_t expire_hours = 24;
    bool keep_originals = false;
    int64_t account_quota_mib = 0;
    int64_t network_quota_mib = 0;
    int64_t captions_kib_max = 512;
    int64_t captions_languages_max = 20;
  } uploads;

  struct {
    bool allow_unsandboxed = false;
    int64_t workers = 1;
    int64_t threads = 2;
    int64_t memory_mib_max = 3072;
    bool av1 = false;
    int64_t seconds_max = 1800;
  } media;

  struct {
    bool sign_up = true;
    int64_t sign_up_per_hour = 20;
    int64_t sign_in_per_minute = 10;
    int64_t events_per_second = 50;
    int64_t viewers_per_minute = 60;
  } limits;
};

struct Option {
  std::string_view name;  // "server.port"
  std::string_view doc;
  std::variant<bool*, int64_t*, std::string*> target;
  int64_t min = 0;  // of numbers
  int64_t max = 0;
  std::vector<std::string_view> choices;  // of texts; empty: any
};

// The table; its targets point into `config`.
std::vector<Option> options(Config& config);

using Overrides = std::map<std::string, std::string, std::less<>>;

struct Loaded {
  Config config;
  // Option name -> "file", "environment" or "command line"; absent: the built-in value.
  Overrides sources;
};

// `file` may be empty: then DATA/rondo.toml is read if it exists.
Result<Loaded> load(std::string_view file, const Overrides& environment,
                    const Overrides& command_line);
// RONDO_* variables of this process as option names; others are ignored.
Overrides from_environment(char** environment);

// The table as TOML, each option with its doc, bounds, variable and present value.
std::string reference(const Loaded& loaded);

}  // namespace rondo::config
