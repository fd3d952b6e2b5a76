#include "recommender/exchange/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/bytes.h"
#include "base/hash.h"
#include "recommender/exchange/tables.h"
#include "recommender/outcomes.h"
#include "recommender/state.h"

namespace rondo::recommender::exchange {
namespace {

using log::v1::ItemChanges;
using log::v1::Tick;

bool is_sum(float x) { return x >= 0 && x < 1e30f; }

Error not_a_delta(const std::string& why) { return corrupt("not a delta: " + why); }

Result<void> check_counts(const ItemChanges& c) {
  const int n = c.videos_size();
  if (static_cast<size_t>(n) > kVideosMax ||
      std::cmp_greater(c.pair_counts_size(), kPairsPerDeltaMax)) {
    return not_a_delta("it is over the limits of videos or pairs");
  }
  if (std::cmp_not_equal(c.events_size(), static_cast<size_t>(n) * features::kEvents) ||
      c.positives_size() != n || c.likes_size() != n ||
      c.pairs_size() != 2 * c.pair_counts_size() || c.watches_size() % 3 != 0) {
    return not_a_delta("its lists do not go together");
  }
  bool fits = is_sum(c.everybody());
  for (int i = 0; i < n; ++i) fits = fits && is_sum(c.positives(i)) && is_sum(c.likes(i));
  for (int i = 0; i < c.pair_counts_size(); ++i) {
    fits = fits && c.pairs(2 * i) < c.pairs(2 * i + 1) && std::cmp_less(c.pairs(2 * i + 1), n) &&
           is_sum(c.pair_counts(i));
  }
  for (int i = 0; i < c.watches_size(); i += 3) {
    fits = fits && c.watches(i) < features::kDurationBuckets &&
           c.watches(i + 1) < features::kWatchBins;
  }
  if (!fits) return not_a_delta("a number is out of its range");
  return {};
}

Result<ItemChanges> open_delta(const State& s, const log::v1::DeltaRef& ref,
                               const std::string& body) {
  const std::string name = fmt::format("the delta of partition {} at offset {} of the params log",
                                       ref.partition(), ref.offset());
  if (body.empty()) {
    return conflict(name +
                    " is named by the log but was not given; it cannot be left out. Restore "
                    "the params log and the log from one backup");
  }
  if (base::as_bytes(base::sha256(body)) != ref.sha256()) {
    return corrupt(fmt::format(
        "{} has the SHA-256 {}; the log says {}. Restore the params log and "
        "the log from one backup",
        name, base::to_hex(base::as_bytes(base::sha256(body))), base::to_hex(ref.sha256())));
  }
  ItemChanges changes;
  if (!changes.ParseFromString(body))
    return not_a_delta("the bytes are no message").with_context(name);
  if (auto checked = check_counts(changes); !checked.ok()) {
    return std::move(checked).error().with_context(name);
  }
  if (auto checked = check_weights(s, changes); !checked.ok()) {
    return std::move(checked).error().with_context(name);
  }
  return changes;
}

void take_in_counts(State& s, const ItemChanges& c) {
  const int n = c.videos_size();
  std::vector<std::optional<uint32_t>> known;
  for (int i = 0; i < n; ++i) {
    known.push_back(s.catalogue.find_video(c.videos(i)));
    if (!known.back()) {
      ++s.exchange.items_unknown;
      continue;
    }
    std::array<uint32_t, features::kEvents> events{};
    for (size_t e = 0; e < features::kEvents; ++e) {
      events[e] = c.events(i * static_cast<int>(features::kEvents) + static_cast<int>(e));
    }
    s.catalogue.add_counts(*known.back(), events, c.cut_us(), s.time_us);
    settle_budget(s, *known.back());
    for (auto& arm : s.arms) {
      if (c.likes(i) > 0) arm->co_watch.add_likes(*known.back(), c.positives(i), c.likes(i));
    }
  }
  for (auto& arm : s.arms) arm->co_watch.add_everybody(c.everybody());
  for (int i = 0; i < c.pair_counts_size(); ++i) {
    auto a = known[c.pairs(2 * i)];
    auto b = known[c.pairs(2 * i + 1)];
    if (!a || !b) continue;
    for (auto& arm : s.arms) arm->co_watch.add_pair(*a, *b, c.pair_counts(i));
  }
  for (int i = 0; i < c.watches_size(); i += 3) {
    s.watches.add(c.watches(i), c.watches(i + 1), c.watches(i + 2), c.cut_us(), s.time_us);
  }
}

// The videos that a delta has room for: those of the most activity, then those of the strongest
// pairs. `pairs` are ascending.
struct Selection {
  std::vector<uint32_t> videos;
  std::unordered_map<uint32_t, uint32_t> place;  // looked up, never iterated
  std::vector<size_t> pairs;                     // of contents, ascending

  bool add(uint32_t video) {
    if (place.contains(video)) return true;
    if (videos.size() >= kVideosMax) return false;
    place.emplace(video, static_cast<uint32_t>(videos.size()));
    videos.push_back(video);
    return true;
  }
};

Selection select(const Changes::Contents& c) {
  Selection out;
  std::vector<const VideoChange*> order;
  for (const VideoChange& change : c.videos) order.push_back(&change);
  std::sort(order.begin(), order.end(), [](const VideoChange* x, const VideoChange* y) {
    return x->activity() != y->activity() ? x->activity() > y->activity() : x->video < y->video;
  });
  // Half of the room at first, so that pairs find some.
  order.resize(std::min(order.size(), kVideosMax / 2));
  for (const VideoChange* change : order) out.add(change->video);
  std::vector<size_t> strongest(c.pairs.size());
  for (size_t i = 0; i < strongest.size(); ++i) strongest[i] = i;
  std::sort(strongest.begin(), strongest.end(), [&c](size_t x, size_t y) {
    return c.pairs[x].count != c.pairs[y].count ? c.pairs[x].count > c.pairs[y].count : x < y;
  });
  for (size_t i : strongest) {
    if (out.pairs.size() >= kPairsPerDeltaMax) break;
    if (out.add(c.pairs[i].a) && out.add(c.pairs[i].b)) out.pairs.push_back(i);
  }
  std::sort(out.pairs.begin(), out.pairs.end());
  return out;
}

}  // namespace

Result<void> admit_partitions(const State& s, uint32_t partitions) {
  uint32_t wanted = std::max(partitions, 1u);
  if (wanted > kPartitionsMax || s.partition.value() >= wanted) {
    return conflict(
        fmt::format("from offset {} on the log is of a network of {} partitions; this "
                    "engine's is partition {}",
                    s.next_offset, wanted, s.partition.value()));
  }
  if (s.exchange.active() && wanted != s.exchange.partitions) {
    return conflict(fmt::format(
        "from offset {} on the log is of a network of {} partitions; it had {}, which is fixed",
        s.next_offset, wanted, s.exchange.partitions));
  }
  return {};
}

void set_partitions(State& s, uint32_t partitions) {
  s.exchange.partitions = std::max(partitions, 1u);
  if (s.exchange.active()) s.exchange.taken.resize(s.exchange.partitions, 0);
}

Result<std::vector<Incoming>> open_deltas(const State& s, const Tick& tick,
                                          std::span<const std::string> bodies) {
  std::vector<Incoming> out;
  if (tick.deltas_size() == 0 && bodies.empty()) return out;
  if (std::cmp_not_equal(tick.deltas_size(), bodies.size())) {
    return conflict(fmt::format("the Tick at offset {} names {} deltas; {} were given",
                                s.next_offset, tick.deltas_size(), bodies.size()));
  }
  std::vector<uint64_t> next = s.exchange.taken;
  for (int i = 0; i < tick.deltas_size(); ++i) {
    const auto& ref = tick.deltas(i);
    if (ref.partition() >= next.size() || ref.partition() == s.partition.value()) {
      return conflict(
          fmt::format("the Tick at offset {} names a delta of partition {}, which is "
                      "not another one of this network of {}",
                      s.next_offset, ref.partition(), s.exchange.partitions));
    }
    Incoming& incoming = out.emplace_back();
    // A replica that was behind has named it again.
    incoming.taken_already = ref.offset() < next[ref.partition()];
    if (incoming.taken_already) continue;
    RD_TRY(incoming.changes, open_delta(s, ref, bodies[static_cast<size_t>(i)]));
    next[ref.partition()] = ref.offset() + 1;
  }
  return out;
}

void take_in(State& s, const Tick& tick, const std::vector<Incoming>& deltas) {
  std::vector<const ItemChanges*> fresh;
  for (size_t i = 0; i < deltas.size(); ++i) {
    if (deltas[i].taken_already) continue;
    const auto& ref = tick.deltas(static_cast<int>(i));
    s.exchange.taken[ref.partition()] = ref.offset() + 1;
    ++s.exchange.deltas_taken;
    take_in_counts(s, deltas[i].changes);
    fresh.push_back(&deltas[i].changes);
  }
  take_in_weights(s, fresh);
}

void cut(State& s, uint64_t epoch) {
  Exchange& x = s.exchange;
  if (!x.active()) return;
  x.cut_epoch = epoch;
  x.cut_body.clear();
  if (x.changes.empty()) return;
  x.changes.compact_pairs();
  const Changes::Contents& c = x.changes.contents();
  const Selection selection = select(c);

  ItemChanges out;
  out.set_bundle_sha256(std::string(base::as_bytes(s.active().bundle_sha256)));
  out.set_cut_us(s.time_us);
  out.set_everybody(c.everybody);
  std::unordered_map<uint32_t, const VideoChange*> change_of;  // looked up, never iterated
  for (const VideoChange& change : c.videos) change_of.emplace(change.video, &change);
  static const VideoChange kNone;
  std::vector<VideoChange> told;
  for (uint32_t video : selection.videos) {
    auto at = change_of.find(video);
    const VideoChange& change = at == change_of.end() ? kNone : *at->second;
    out.add_videos(s.catalogue.video(video).id);
    for (uint32_t count : change.events) out.add_events(count);
    out.add_positives(change.positives);
    out.add_likes(change.like_weight);
    told.push_back(change);
  }
  for (size_t i = 0; i < c.watches.size(); ++i) {
    if (c.watches[i] == 0) continue;
    out.add_watches(static_cast<uint32_t>(i / features::kWatchBins));
    out.add_watches(static_cast<uint32_t>(i % features::kWatchBins));
    out.add_watches(c.watches[i]);
  }
  for (size_t i : selection.pairs) {
    uint32_t a = selection.place.at(c.pairs[i].a);
    uint32_t b = selection.place.at(c.pairs[i].b);
    out.add_pairs(std::min(a, b));
    out.add_pairs(std::max(a, b));
    out.add_pair_counts(c.pairs[i].count);
  }
  const std::vector<bool> rows_told = give_weights(s, told, out);

  Changes::Contents rest;
  rest.pairs_dropped = c.pairs_dropped;
  for (const VideoChange& change : c.videos) {
    auto at = selection.place.find(change.video);
    VideoChange left = change;
    if (at != selection.place.end()) {
      left = {.video = change.video};
      if (!rows_told[at->second]) {
        left.examples = change.examples;
        left.likes = change.likes;
      }
    }
    if (!left.empty()) rest.videos.push_back(left);
  }
  size_t next = 0;
  for (size_t i = 0; i < c.pairs.size(); ++i) {
    if (next < selection.pairs.size() && selection.pairs[next] == i) {
      ++next;
    } else {
      rest.pairs.push_back(c.pairs[i]);
    }
  }
  auto restored = x.changes.restore(std::move(rest), s.catalogue.size());
  RD_ASSERT(restored.ok());
  for (uint32_t video : selection.videos) settle_budget(s, video);
  x.cut_body = out.SerializeAsString();
  RD_ASSERT(x.cut_body.size() <= kBodyBytesMax);
}

void settle_budget(State& s, uint32_t video) {
  const Exchange& x = s.exchange;
  if (!x.active()) return;
  const uint64_t own = x.changes.events(video, features::Event::kImpression);
  const auto left = s.catalogue.budget_left(video);
  bool resting = false;
  if (own > 0 && left) {
    const uint64_t share = (*left + own + x.partitions - 1) / x.partitions;
    resting = own >= share;
  }
  s.catalogue.set_resting(video, resting);
}

}  // namespace rondo::recommender::exchange
