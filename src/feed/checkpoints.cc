#include "feed/checkpoints.h"

#include <charconv>
#include <cstdio>
#include <set>

#include "recommender/string_io.h"

namespace rondo::feed {
namespace {

constexpr uint64_t kDayUs = 86'400'000'000;
constexpr uint64_t kFirstSectionBytesMax = 64 << 10;
constexpr uint64_t kCheckpointBytesMax = uint64_t{16} << 30;

std::string prefix_of(PartitionId partition) {
  return "checkpoints/" + std::to_string(partition.value()) + "/";
}

}  // namespace

Result<std::vector<Checkpoint>> Checkpoints::list() const {
  std::string prefix = prefix_of(partition_);
  RD_TRY(auto keys, blobs_.list(prefix));
  std::vector<Checkpoint> found;
  for (auto& key : keys) {
    std::string_view name = std::string_view(key).substr(prefix.size());
    if (name.size() != 41 || name[20] != '-') continue;
    uint64_t offset = 0, time_us = 0;
    auto a = std::from_chars(name.data(), name.data() + 20, offset);
    auto b = std::from_chars(name.data() + 21, name.data() + 41, time_us);
    if (a.ptr != name.data() + 20 || b.ptr != name.data() + 41) continue;
    found.push_back({std::move(key), Offset(offset), time_us});
  }
  return found;
}

Result<void> Checkpoints::put(Offset next_offset, uint64_t time_us, std::string_view bytes) {
  char name[64];
  std::snprintf(name, sizeof name, "%020llu-%020llu",
                static_cast<unsigned long long>(next_offset.value()),
                static_cast<unsigned long long>(time_us));
  return blobs_.put(prefix_of(partition_) + name, bytes);
}

Result<std::vector<Checkpoint>> Checkpoints::rotate(int kept, uint64_t horizon_us,
                                                    uint64_t now_us) {
  RD_TRY(auto all, list());
  std::vector<Checkpoint> stay;
  std::set<uint64_t> days;
  for (size_t i = 0; i < all.size(); ++i) {
    bool newest = all.size() - i <= static_cast<size_t>(kept);
    bool in_horizon = all[i].time_us + horizon_us >= now_us;
    bool first_of_day = in_horizon && days.insert(all[i].time_us / kDayUs).second;
    if (newest || first_of_day) {
      stay.push_back(all[i]);
    } else {
      RD_CHECK(blobs_.remove(all[i].key));
    }
  }
  return stay;
}

Result<std::vector<uint64_t>> Checkpoints::taken(const Checkpoint& checkpoint) const {
  RD_TRY(auto info, blobs_.stat(checkpoint.key));
  RD_TRY(auto bytes,
         blobs_.get_range(checkpoint.key, {0, std::min(info.size_bytes, kFirstSectionBytesMax)}));
  recommender::StringSource source(bytes);
  auto taken = recommender::Engine::taken_of(source);
  if (!taken.ok()) return std::move(taken).error().with_context(checkpoint.key);
  return taken;
}

Result<std::unique_ptr<recommender::Engine>> Checkpoints::restore(
    std::shared_ptr<const recommender::BundleSource> bundles, Offset at,
    std::vector<std::string>& warnings) const {
  RD_TRY(auto all, list());
  for (size_t i = all.size(); i-- > 0;) {
    if (all[i].next_offset > at) continue;
    auto bytes = blobs_.get(all[i].key, kCheckpointBytesMax);
    if (!bytes.ok()) {
      warnings.push_back(all[i].key + ": " + bytes.error().describe());
      continue;
    }
    recommender::StringSource source(*bytes);
    auto engine = recommender::Engine::load(source, bundles, partition_);
    if (engine.ok() && (*engine)->next_offset() == all[i].next_offset) return engine;
    warnings.push_back(
        all[i].key + ": " +
        (engine.ok() ? "it holds another offset than its name says" : engine.error().describe()));
  }
  // The log says at its beginning which bundle it starts under.
  return recommender::Engine::create(recommender::Bundle::defaults(), partition_,
                                     std::move(bundles));
}

}  // namespace rondo::feed
