// The embedding table beside hash maps that one could take instead, with the same rows of 16 floats
// under the same ids, each in a process of its own: bytes a row, lookups a second, the longest
// insert. The table's rows hold their optimizer state, count and time too; the others' do not,
// which is to their advantage.
//
// Looked up are random ids that are there, and the first and last float of each row are read.
// "Batched" is pages of 1,000 ids: find_many here, the map's own prefetch where it has one.
// An insert is timed by CPU, so that somebody else's work on the core is not taken for a pause.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <fstream>
#ifdef RONDO_BENCH_ABSL
#include <absl/container/flat_hash_map.h>
#endif
#ifdef RONDO_BENCH_TBB
#include <tbb/concurrent_hash_map.h>
#endif
#ifdef RONDO_BENCH_LIBCUCKOO
#include <libcuckoo/cuckoohash_map.hh>
#endif

#include "base/hash.h"
#include "recommender/embedding/table.h"
#include "support/options.h"
#include "support/report.h"

namespace rondo::bench {
namespace {

constexpr size_t kFloats = 16;
constexpr size_t kPageIds = 1'000;
constexpr int kPasses = 3;

struct Values {
  std::array<float, kFloats> floats;
};

uint64_t id_of(uint64_t n) { return base::mix64(n + 0x5EED); }

class OurTable {
 public:
  explicit OurTable(uint32_t rows)
      : table_({.dimensions = kFloats,
                .biases = 0,
                .init_scale = 0.1f,
                .adagrad_initial = 0.1f,
                .salt = 1,
                .admit_after = 1,
                .ttl_seconds = 1'000'000,
                .rows_max = rows}) {}
  void insert(uint64_t id) { table_.occur(id, 1); }
  float look(uint64_t id) const { return sum(table_.find(id)); }
  float look_many(std::span<const uint64_t> ids) const {
    std::array<const float*, kPageIds> rows;
    table_.find_many(ids, std::span(rows).first(ids.size()));
    float total = 0;
    for (size_t i = 0; i < ids.size(); ++i) total += sum(rows[i]);
    return total;
  }

 private:
  static float sum(const float* row) { return row[0] + row[kFloats - 1]; }
  recommender::embedding::Table table_;
};

Values values_of(uint64_t id) {
  Values values;
  values.floats.fill(static_cast<float>(id >> 40));
  return values;
}

// What has insert and find as the standard's maps do.
template <typename Map>
class Peer {
 public:
  explicit Peer(uint32_t) {}
  void insert(uint64_t id) { map_.emplace(id, values_of(id)); }
  float look(uint64_t id) const {
    auto at = map_.find(id);
    return at->second.floats[0] + at->second.floats[kFloats - 1];
  }
  float look_many(std::span<const uint64_t> ids) const {
    float total = 0;
    constexpr size_t kAhead = 16;
    for (size_t i = 0; i < ids.size(); ++i) {
      if constexpr (requires { map_.prefetch(ids[i]); }) {
        if (i + kAhead < ids.size()) map_.prefetch(ids[i + kAhead]);
      }
      total += look(ids[i]);
    }
    return total;
  }

 private:
  Map map_;
};

#ifdef RONDO_BENCH_TBB
class TbbMap {
 public:
  explicit TbbMap(uint32_t) {}
  void insert(uint64_t id) { map_.insert({id, values_of(id)}); }
  float look(uint64_t id) const {
    Map::const_accessor at;
    map_.find(at, id);
    return at->second.floats[0] + at->second.floats[kFloats - 1];
  }
  float look_many(std::span<const uint64_t> ids) const {
    float total = 0;
    for (uint64_t id : ids) total += look(id);
    return total;
  }

 private:
  using Map = tbb::concurrent_hash_map<uint64_t, Values>;
  Map map_;
};
#endif

#ifdef RONDO_BENCH_LIBCUCKOO
class CuckooMap {
 public:
  explicit CuckooMap(uint32_t) {}
  void insert(uint64_t id) { map_.insert(id, values_of(id)); }
  float look(uint64_t id) const {
    float sum = 0;
    map_.find_fn(id, [&](const Values& v) { sum = v.floats[0] + v.floats[kFloats - 1]; });
    return sum;
  }
  float look_many(std::span<const uint64_t> ids) const {
    float total = 0;
    for (uint64_t id : ids) total += look(id);
    return total;
  }

 private:
  libcuckoo::cuckoohash_map<uint64_t, Values> map_;
};
#endif

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

struct Measured {
  double bytes_a_row;
  double lookups_s;
  double batched_s;
  double insert_p999_us;
  double insert_max_us;
  float total;  // so that no lookup is left out
};

template <typename Map>
Measured measure(uint32_t rows, uint32_t lookups) {
  Measured out{};
  std::vector<uint64_t> ids(lookups);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = id_of(base::mix64(i) % rows);
  std::vector<float> insert_us(rows, 0.0f);
  double before = resident_bytes();
  Map map(rows);
  double start = thread_cpu_seconds();
  for (uint32_t i = 0; i < rows; ++i) {
    map.insert(id_of(i));
    double end = thread_cpu_seconds();
    insert_us[i] = static_cast<float>((end - start) * 1e6);
    start = end;
  }
  out.bytes_a_row = (resident_bytes() - before) / rows;
  std::sort(insert_us.begin(), insert_us.end());
  out.insert_p999_us = insert_us[static_cast<size_t>(0.999 * (rows - 1))];
  out.insert_max_us = insert_us.back();
  auto best = [&](auto&& pass) {
    double most = 0;
    for (int i = 0; i < kPasses; ++i) {
      auto from = std::chrono::steady_clock::now();
      out.total += pass();
      std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
      most = std::max(most, lookups / took.count());
    }
    return most;
  };
  out.lookups_s = best([&] {
    float total = 0;
    for (uint64_t id : ids) total += map.look(id);
    return total;
  });
  out.batched_s = best([&] {
    float total = 0;
    for (size_t i = 0; i < ids.size(); i += kPageIds) {
      total += map.look_many(std::span(ids).subspan(i, std::min(kPageIds, ids.size() - i)));
    }
    return total;
  });
  return out;
}

// In a child, so that what one map leaves behind is not the next one's advantage.
Result<Measured> apart(Measured (*measure)(uint32_t, uint32_t), uint32_t rows, uint32_t lookups) {
  int ends[2];
  if (::pipe(ends) != 0) return internal("cannot make a pipe");
  pid_t child = ::fork();
  if (child < 0) return internal("cannot start a process");
  if (child == 0) {
    Measured measured = measure(rows, lookups);
    bool sent = ::write(ends[1], &measured, sizeof measured) == sizeof measured;
    ::_exit(sent ? 0 : 1);
  }
  ::close(ends[1]);
  Measured out;
  bool got = ::read(ends[0], &out, sizeof out) == sizeof out;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!got || status != 0) return internal("a map's process failed (out of memory?)");
  return out;
}

struct Contestant {
  std::string name;
  Measured (*measure)(uint32_t, uint32_t);  // null: not on this machine
};

Result<void> bench(const std::string& json, uint32_t rows, uint32_t lookups) {
  using Boost = boost::unordered_flat_map<uint64_t, Values>;
  std::vector<Contestant> peers{{"boost", measure<Peer<Boost>>}};
#ifdef RONDO_BENCH_ABSL
  peers.push_back({"absl", measure<Peer<absl::flat_hash_map<uint64_t, Values>>>});
#else
  peers.push_back({"absl", nullptr});
#endif
#ifdef RONDO_BENCH_TBB
  peers.push_back({"tbb", measure<TbbMap>});
#else
  peers.push_back({"tbb", nullptr});
#endif
#ifdef RONDO_BENCH_LIBCUCKOO
  peers.push_back({"libcuckoo", measure<CuckooMap>});
#else
  peers.push_back({"libcuckoo", nullptr});
#endif
  Report report(json);
  report.say(fmt::format("{} rows of {} floats, {} random lookups, one thread; bars: the best peer",
                         rows, kFloats, lookups));
  Measured best{.bytes_a_row = 1e300, .insert_p999_us = 1e300, .insert_max_us = 1e300};
  for (const Contestant& peer : peers) {
    if (peer.measure == nullptr) {
      report.say(fmt::format("{} is not installed: left out", peer.name));
      continue;
    }
    RD_TRY(auto m, apart(peer.measure, rows, lookups));
    std::string at = "embedding." + peer.name;
    RD_CHECK(report.add({at + ".bytes_a_row", m.bytes_a_row, "B"}));
    RD_CHECK(report.add({at + ".lookups", m.lookups_s / 1e6, "M/s"}));
    RD_CHECK(report.add({at + ".lookups.batched", m.batched_s / 1e6, "M/s"}));
    RD_CHECK(report.add({at + ".insert.p99.9", m.insert_p999_us, "us"}));
    RD_CHECK(report.add({at + ".insert.max", m.insert_max_us, "us"}));
    best.bytes_a_row = std::min(best.bytes_a_row, m.bytes_a_row);
    best.lookups_s = std::max(best.lookups_s, m.lookups_s);
    best.batched_s = std::max(best.batched_s, m.batched_s);
    best.insert_p999_us = std::min(best.insert_p999_us, m.insert_p999_us);
    best.insert_max_us = std::min(best.insert_max_us, m.insert_max_us);
  }
  RD_TRY(auto ours, apart(measure<OurTable>, rows, lookups));
  RD_CHECK(report.add({"embedding.bytes_a_row", ours.bytes_a_row, "B", best.bytes_a_row}));
  RD_CHECK(report.add(
      {"embedding.lookups", ours.lookups_s / 1e6, "M/s", best.lookups_s / 1e6, Bar::kAtLeast}));
  RD_CHECK(report.add({"embedding.lookups.batched", ours.batched_s / 1e6, "M/s",
                       best.batched_s / 1e6, Bar::kAtLeast}));
  RD_CHECK(report.add({"embedding.insert.p99.9", ours.insert_p999_us, "us", best.insert_p999_us}));
  return report.add({"embedding.insert.max", ours.insert_max_us, "us", best.insert_max_us});
}

}  // namespace
}  // namespace rondo::bench

int main(int argc, char** argv) {
  CLI::App app("The embedding table beside other hash maps");
  std::string json;
  uint32_t rows = 10'000'000, lookups = 5'000'000;
  app.add_option("--json", json, "file to append figures to, one JSON object a line");
  app.add_option("--rows", rows)->check(CLI::Range(1'000, 100'000'000))->capture_default_str();
  app.add_option("--lookups", lookups)->check(CLI::Range(1, 1'000'000'000))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return rondo::bench::run([&] { return rondo::bench::bench(json, rows, lookups); });
}
