#include "recommender/checkpoint.h"

#include <fmt/format.h>

#include "recommender/archive.h"
#include "recommender/exchange/tables.h"

namespace rondo::recommender {
namespace {

using namespace features;

constexpr uint32_t kFormatVersion = 4;
constexpr size_t kVersionBytesMax = 64;
constexpr size_t kNameBytesMax = 64;
// What a reader accepts: the widest limits that a bundle can state. Not those of the bundle at
// hand, which may have come later and be stricter than what is there.
constexpr size_t kSlotsPerPageMax = 32;
constexpr size_t kVideosMax = size_t{1} << 24;
constexpr size_t kAuthorsMax = size_t{1} << 27;
constexpr size_t kTopicsMax = size_t{1} << 24;
constexpr size_t kHistoryMax = 4096;
constexpr size_t kReservedMax = 1024;
constexpr size_t kFollowsMax = size_t{1} << 20;
constexpr size_t kDimensionsMax = 256;

// One description of each part, for writing (A = ArchiveWriter, values const) and for reading.

template <typename A, typename V>
void counters_fields(A& a, V& c) {
  for (auto& event : c.counts) {
    for (auto& count : event) a(count);
  }
  a(c.last_us);
}

template <typename A, typename V>
void video_fields(A& a, V& v) {
  a(v.id);
  a(v.author);
  a(v.duration_ms);
  a(v.topic_count);
  for (auto& topic : v.topics) a(topic);
  a(v.eligible);
  a(v.stage);
  for (auto& c : v.language) a(c);
  a(v.sound_id);
  a(v.look_id);
  a(v.published_us);
  a(v.impressions);
  a(v.outcomes);
  a(v.finishes);
  counters_fields(a, v.counters);
}

// Of the video `index`, which is the next when reading.
template <typename A, typename W>
void word_fields(A& a, W& words, uint32_t index) {
  std::vector<uint32_t> list;
  if constexpr (!A::kReading) list.assign(words.of(index).begin(), words.of(index).end());
  a.list(list, kVideoWordsMax, [&a](auto& word) { a(word); });
  if constexpr (A::kReading) {
    words.append();
    words.set(index, list);
  }
  a.entity_done();
}

template <typename A, typename C>
void catalogue_fields(A& a, C& c) {
  a.begin(section_tag("CATA"));
  counters_fields(a, c.network);
  a.list(c.authors, kAuthorsMax, [&a](auto& author) {
    a(author.id);
    counters_fields(a, author.counters);
    a.entity_done();
  });
  a.list(c.topics, kTopicsMax, [&a](auto& topic) {
    a.text(topic.name, kTopicBytesMax);
    counters_fields(a, topic.counters);
    a.entity_done();
  });
  a.list(c.videos, kVideosMax, [&a](auto& video) {
    video_fields(a, video);
    a.entity_done();
  });
  for (uint32_t i = 0; i < c.videos.size() && a.ok(); ++i) word_fields(a, c.words, i);
  a.end();
}

template <typename A, typename C>
void items_fields(A& a, C& c, const Bundle& bundle) {
  auto number = [&a](auto& x) {
    a(x);
    a.entity_done();
  };
  a.begin(section_tag("ITEM"));
  a(c.sweep_next);
  a.list(c.vectors, kVideosMax * bundle.model.dimensions, number);
  a.list(c.biases, kVideosMax * kHeads, number);
  a.end();
}

template <typename A, typename C>
void co_watch_fields(A& a, C& c, const Bundle& bundle) {
  a.begin(section_tag("COWA"));
  a(c.everybody);
  a(c.next);
  a.list(c.rows, kVideosMax, [&](auto& row) {
    a(row.positives);
    a(row.likes);
    a(row.intercept);
    a(row.stale);
    a(row.solved);
    a.list(row.neighbours, bundle.co_watch.neighbours_max, [&a](auto& n) {
      a(n.video);
      a(n.count);
      a(n.weight);
    });
    a.entity_done();
  });
  a.end();
}

template <typename A, typename C>
void towers_fields(A& a, C& c, const Bundle& bundle) {
  const size_t d = bundle.towers.dimensions;
  auto number = [&a](auto& x) {
    a(x);
    a.entity_done();
  };
  a.begin(section_tag("TOWE"));
  a(c.sweep_next);
  a(c.loss);
  a(c.examples);
  a.list(c.mix, d * d, number);
  a.list(c.mix_state, d * d, number);
  a.list(c.vectors, kVideosMax * d, number);
  a.list(c.biases, kVideosMax, number);
  a.end();
}

template <typename A, typename C>
void lists_fields(A& a, C& c, const Bundle& bundle) {
  const size_t lists = bundle.towers.lists;
  auto number = [&a](auto& x) {
    a(x);
    a.entity_done();
  };
  a.begin(section_tag("LIST"));
  a(c.next);
  a(c.rounds);
  a.list(c.centroids, lists * bundle.towers.dimensions, number);
  a.list(c.means, lists, number);
  a.list(c.list_of, kVideosMax, number);
  a.list(c.sums, lists * bundle.towers.dimensions, number);
  a.list(c.counts, lists, number);
  a.list(c.bias_sums, lists, number);
  a.end();
}

template <typename A, typename V>
void watches_fields(A& a, V& w) {
  a.begin(section_tag("WATC"));
  for (auto& bucket : w.buckets) {
    for (auto& count : bucket.bins) a(count);
    a(bucket.last_us);
  }
  a.end();
}

template <typename A, typename V>
void regional_fields(A& a, V& lists) {
  a.begin(section_tag("REGI"));
  a.list(lists, retrieval::kRegionsMax, [&a](auto& list) {
    a(list.region);
    a.list(list.trends, retrieval::RegionalTrends::kVideosMax, [&a](auto& trend) {
      a(trend.video);
      a(trend.finishes);
      a(trend.key);
    });
    a.entity_done();
  });
  a.end();
}

template <typename A, typename V>
void affinity_fields(A& a, V& list, size_t count_max) {
  a.list(list, count_max, [&a](auto& e) {
    a(e.key);
    a(e.positive);
    a(e.negative);
    a(e.outcomes);
    a(e.last_s);
  });
}

template <typename A, typename V>
void tastes_fields(A& a, V& tastes) {
  for (size_t t = 0; t < kTastes; ++t) {
    a.list(tastes.of(static_cast<Taste>(t)).entries(), features::kBeliefsMax[t],
           [&a](auto& belief) {
             a(belief.key);
             a(belief.last_s);
             a(belief.mean);
             a(belief.variance);
           });
  }
}

template <typename A, typename V>
void wishes_fields(A& a, V& wishes) {
  a.list(wishes.levels, kTopicLevelsMax, [&a](auto& wish) {
    a.text(wish.topic, kTopicBytesMax);
    a(wish.level);
  });
  a.list(wishes.muted, kMutedMax, [&a](auto& phrase) {
    a.text(phrase.text, kMutedBytesMax);
    a.list(phrase.words, kMutedWordsMax, [&a](auto& word) { a(word); });
  });
}

template <typename A, typename V>
void viewer_fields(A& a, V& v) {
  auto plain = [&a](auto& value) { a(value); };
  a(v.id);
  a(v.anonymous);
  a(v.active_us);
  a(v.region);
  a(v.pages);
  a(v.impressions);
  a(v.positives);
  a(v.doubt.odds);
  a(v.doubt.since_s);
  a(v.turned_s);
  a.list(v.history, kHistoryMax, [&a](auto& e) {
    a(e.video);
    a(e.at_s);
    a(e.flags);
    a(e.quantile);
  });
  affinity_fields(a, v.topics.entries(), kTopicAffinitiesMax);
  affinity_fields(a, v.authors.entries(), kAuthorAffinitiesMax);
  tastes_fields(a, v.tastes);
  a.list(v.blocked_authors, kBlockedMax, plain);
  a.list(v.blocked_sounds, kBlockedMax, plain);
  wishes_fields(a, v.wishes);
  a.list(v.follows, kFollowsMax, plain);
  a.list(v.reserved, kReservedMax, [&a](auto& r) {
    a(r.page_offset);
    a(r.video);
    a(r.slot);
  });
  a.list(v.event_window, kEventWindow, plain);
  a.list(v.touched, kTouchedMax, [&a](auto& t) {
    a(t.topic);
    a(t.before);
    a(t.finished);
    a(t.skipped);
    a(t.liked);
    a(t.not_interested);
  });
  if constexpr (A::kReading) {
    std::vector<uint32_t> seen;
    a.list(seen, kVideosMax, plain);
    for (uint32_t index : seen) v.seen.insert(index);
  } else {
    a.list(v.seen.to_vector(), kVideosMax, plain);
  }
}

template <typename A, typename V>
void past_fields(A& a, V& history) {
  a.list(history, kHistoryMax, [&a](auto& past) {
    a(past.video);
    a(past.valence);
  });
}

template <typename A, typename V>
void page_fields(A& a, V& page) {
  auto number = [&a](auto& x) { a(x); };
  a(page.viewer);
  a(page.served_us);
  a.list(page.slots, kSlotsPerPageMax, [&a](auto& slot) {
    a(slot.video);
    a(slot.status);
    a(slot.outcomes);
    a(slot.masked);
    a(slot.skip_expected);
    a(slot.watch_expected);
  });
  a.list(page.arms, kArmsMax, [&](auto& frozen) {
    a.list(frozen.pooled, kDimensionsMax, number);
    a.list(frozen.taste, kDimensionsMax, number);
    past_fields(a, frozen.history);
    a.list(frozen.slots, kSlotsPerPageMax, [&](auto& slot) {
      a(slot.trained);
      for (auto& f : slot.features) a(f);
    });
  });
}

template <typename A, typename V>
void example_fields(A& a, V& e, const Bundle& bundle) {
  a(e.viewer);
  a(e.video);
  a(e.heads);
  for (auto& label : e.labels) a(label);
  a(e.weight);
  for (auto& f : e.features) a(f);
  a.list(e.pooled, bundle.model.dimensions, [&a](auto& x) { a(x); });
  a.list(e.taste, bundle.towers.dimensions, [&a](auto& x) { a(x); });
  past_fields(a, e.history);
}

template <typename A, typename E>
void experiment_fields(A& a, E& e) {
  a.text(e.name, kNameBytesMax);
  a.text(e.salt, kNameBytesMax);
  a(e.share_permyriad);
  a(e.mode);
}

// What the others have not been told, and what the host has to store.
template <typename A, typename X, typename C>
void exchange_fields(A& a, X& x, C& c) {
  a.begin(section_tag("EXCH"));
  a(x.deltas_taken);
  a(x.items_unknown);
  a(x.cut_epoch);
  a.text(x.cut_body, exchange::kBodyBytesMax);
  a(c.everybody);
  a(c.pairs_dropped);
  for (auto& count : c.watches) a(count);
  a.list(c.videos, kVideosMax, [&a](auto& change) {
    a(change.video);
    for (auto& count : change.events) a(count);
    a(change.examples);
    a(change.likes);
    a(change.positives);
    a(change.like_weight);
    a.entity_done();
  });
  a.list(c.pairs, exchange::kPairsMax, [&a](auto& pair) {
    a(pair.a);
    a(pair.b);
    a(pair.count);
    a.entity_done();
  });
  a.end();
}

template <typename A, typename S>
void head_fields(A& a, S& s) {
  a(s.next_offset);
  a(s.time_us);
  a(s.outcomes_unmatched);
  a(s.outcomes_repeated);
  a(s.time_jumps_bounded);
  a(s.records_senseless);
  a(s.viewers_refused);
  a(s.slots_masked);
  a(s.maturity.shown);
  for (auto& ended : s.maturity.ended) a(ended);
  a(s.maturity.last_us);
  a(s.bundle_named);
  for (auto& byte : s.bundle_before) a(byte);
}

template <typename A, typename X>
void taken_fields(A& a, X& x) {
  a(x.partitions);
  a.list(x.taken, exchange::kPartitionsMax, [&a](auto& offset) { a(offset); });
}

template <typename A, typename T>
void trainer_fields(A& a, T& t, const Bundle& bundle) {
  a.begin(section_tag("TRAI"));
  a(t.progress.examples);
  a(t.progress.rejected);
  a(t.progress.loss);
  a.list(t.waiting(), bundle.training.batch_examples, [&](auto& e) {
    example_fields(a, e, bundle);
    a.entity_done();
  });
  a.end();
}

// --- writing ---

void write_table(ArchiveWriter& a, const embedding::Table& table, uint32_t number) {
  a.begin(section_tag("ROWS"));
  a(number);
  a(static_cast<uint64_t>(table.ids()));
  for (uint64_t id : table.sorted_ids()) {
    auto entry = table.entry(id);
    a(entry.id);
    a(entry.count);
    a(entry.last_s);
    a(entry.values != nullptr);
    for (size_t i = 0; entry.values != nullptr && i < table.stride(); ++i) a(entry.values[i]);
    a.entity_done();
  }
  a.end();
}

void write_tables(ArchiveWriter& a, const Arm& s) {
  for (uint32_t i = 0; i < kSlots; ++i) write_table(a, s.model.table(static_cast<Slot>(i)), i);
  for (uint32_t i = 0; i < retrieval::kTowerSlots; ++i) {
    write_table(a, s.towers.table(static_cast<retrieval::TowerSlot>(i)), i);
  }
}

void write_arm(ArchiveWriter& a, const Arm& arm) {
  co_watch_fields(a, arm.co_watch.contents(), arm.bundle);
  a.begin(section_tag("DENS"));
  for (float weight : arm.model.dense()) a(weight);
  for (float state : arm.model.dense_state()) a(state);
  a.end();
  items_fields(a, arm.model.items(), arm.bundle);
  towers_fields(a, arm.towers.contents(), arm.bundle);
  lists_fields(a, arm.towers.lists().contents(), arm.bundle);
  write_tables(a, arm);
  trainer_fields(a, arm.trainer, arm.bundle);
}

void write(ArchiveWriter& a, const State& s) {
  a.begin(section_tag("HEAD"));
  a(kFormatVersion);
  a.text(std::string(kEngineVersion), kVersionBytesMax);
  a(s.partition.value());
  taken_fields(a, s.exchange);
  a(static_cast<uint32_t>(s.arms.size()));
  for (const auto& arm : s.arms) {
    for (uint8_t byte : arm->bundle_sha256) a(byte);
  }
  if (s.experiment) experiment_fields(a, *s.experiment);
  head_fields(a, s);
  a.end();
  catalogue_fields(a, s.catalogue.contents());
  watches_fields(a, s.watches);
  regional_fields(a, s.regional_trends.contents());
  for (const auto& arm : s.arms) write_arm(a, *arm);
  a.begin(section_tag("VIEW"));
  a(static_cast<uint64_t>(s.viewers.size()));
  for (uint64_t id : s.viewers.sorted_ids()) {
    viewer_fields(a, *s.viewers.find(id));
    a.entity_done();
  }
  a.end();
  a.begin(section_tag("PEND"));
  a(static_cast<uint64_t>(s.pending.pages().size()));
  for (const auto& [offset, page] : s.pending.pages()) {
    a(offset);
    page_fields(a, page);
    a.entity_done();
  }
  for (size_t w = 0; w < Pending::kWindows; ++w) {
    auto waiting = s.pending.waiting(w);
    a(static_cast<uint64_t>(waiting.size()));
    for (const auto& due : waiting) {
      a(due.due_us);
      a(due.page_offset);
      a(due.slot);
      a.entity_done();
    }
  }
  a.end();
  exchange_fields(a, s.exchange, s.exchange.changes.contents());
}

// --- reading ---

// What the head names; null, with the error in `a`, when it is not for this engine.
std::unique_ptr<State> read_head(ArchiveReader& a, const BundleSource& bundles,
                                 PartitionId wanted) {
  a.begin(section_tag("HEAD"));
  uint32_t format = 0;
  a(format);
  if (a.ok() && format != kFormatVersion) {
    a.fail(conflict(
        fmt::format("checkpoint: format {}; this engine reads {}", format, kFormatVersion)));
  }
  std::string version;
  a.text(version, kVersionBytesMax);
  if (a.ok() && version != kEngineVersion) {
    a.fail(conflict(
        fmt::format("checkpoint: written by engine {}; this is {}", version, kEngineVersion)));
  }
  uint64_t partition = 0;
  a(partition);
  if (a.ok() && partition != wanted.value()) {
    a.fail(conflict(
        fmt::format("checkpoint: of partition {}; this is {}", partition, wanted.value())));
  }
  exchange::Exchange taken;
  taken_fields(a, taken);
  uint32_t arms = 0;
  a(arms);
  if (a.ok() && (arms == 0 || arms > kArmsMax)) a.fail(corrupt("checkpoint: too many arms"));
  std::unique_ptr<State> state;
  for (uint32_t i = 0; i < arms && a.ok(); ++i) {
    base::Sha256Digest sha256{};
    for (uint8_t& byte : sha256) a(byte);
    if (!a.ok()) break;
    auto bundle = bundles.find(sha256);
    if (!bundle.ok()) {
      a.fail(std::move(bundle).error().with_context("checkpoint"));
    } else if (state == nullptr) {
      state = std::make_unique<State>(**bundle, wanted);
    } else {
      state->arms.push_back(std::make_unique<Arm>(**bundle));
    }
  }
  if (!a.ok()) return nullptr;
  state->exchange = std::move(taken);
  if (arms > 1) experiment_fields(a, state->experiment.emplace());
  head_fields(a, *state);
  a.end();
  return a.ok() ? std::move(state) : nullptr;
}

void read_table(ArchiveReader& a, embedding::Table& table, uint32_t number) {
  a.begin(section_tag("ROWS"));
  uint32_t slot = 0;
  uint64_t count = 0;
  a(slot);
  a(count);
  if (a.ok() && slot != number) a.fail(corrupt("checkpoint: the tables are out of order"));
  std::vector<float> values(table.stride());
  for (uint64_t i = 0; i < count && a.ok(); ++i) {
    embedding::Table::Entry entry{};
    bool admitted = false;
    a(entry.id);
    a(entry.count);
    a(entry.last_s);
    a(admitted);
    if (admitted) {
      for (float& value : values) a(value);
    }
    std::span<const float> given =
        admitted ? std::span<const float>(values) : std::span<const float>();
    if (a.ok() && !table.restore(entry.id, entry.count, entry.last_s, given)) {
      a.fail(corrupt("checkpoint: a row is there twice"));
    }
  }
  a.end();
}

void read_tables(ArchiveReader& a, Arm& s) {
  for (uint32_t i = 0; i < kSlots && a.ok(); ++i) {
    read_table(a, s.model.table(static_cast<Slot>(i)), i);
  }
  for (uint32_t i = 0; i < retrieval::kTowerSlots && a.ok(); ++i) {
    read_table(a, s.towers.table(static_cast<retrieval::TowerSlot>(i)), i);
  }
}

// Every index that a viewer holds refers to something.
bool past_fits(const std::vector<PastOutcome>& history, const Catalogue& c) {
  return std::all_of(history.begin(), history.end(),
                     [&c](const PastOutcome& past) { return past.video < c.size(); });
}

bool refers_well(const Viewer& v, const Catalogue& c) {
  auto all_below = [](const std::vector<uint32_t>& keys, size_t bound) {
    return std::all_of(keys.begin(), keys.end(), [bound](uint32_t k) { return k < bound; });
  };
  auto keys_fit = [](const auto& list, size_t bound) {
    const auto& entries = list.entries();
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].key >= bound || (i > 0 && entries[i - 1].key >= entries[i].key)) return false;
    }
    return true;
  };
  bool fits = keys_fit(v.topics, c.topics().size()) && keys_fit(v.authors, c.authors().size()) &&
              keys_fit(v.tastes.of(Taste::kTopic), c.topics().size()) &&
              keys_fit(v.tastes.of(Taste::kAuthor), c.authors().size()) &&
              keys_fit(v.tastes.of(Taste::kLanguage), SIZE_MAX) &&
              keys_fit(v.tastes.of(Taste::kLength), features::kDurationBuckets) &&
              all_below(v.blocked_authors, c.authors().size()) &&
              all_below(v.follows, c.authors().size()) && v.region <= retrieval::kRegionsMax &&
              std::is_sorted(v.follows.begin(), v.follows.end());
  for (const auto& phrase : v.wishes.muted) fits = fits && !phrase.words.empty();
  for (const auto& e : v.history) fits = fits && e.video < c.size();
  for (const auto& r : v.reserved) fits = fits && r.video < c.size();
  for (const auto& t : v.touched) fits = fits && t.topic < c.topics().size();
  return fits;
}

void read_viewers(ArchiveReader& a, State& s) {
  a.begin(section_tag("VIEW"));
  uint64_t count = 0;
  a(count);
  uint64_t before = 0;
  for (uint64_t i = 0; i < count && a.ok(); ++i) {
    auto viewer = std::make_unique<Viewer>();
    viewer_fields(a, *viewer);
    if (!a.ok()) return;
    if ((i > 0 && viewer->id <= before) || !refers_well(*viewer, s.catalogue)) {
      return a.fail(corrupt("checkpoint: a viewer does not fit the rest"));
    }
    before = viewer->id;
    s.viewers.restore(std::move(viewer));
  }
  a.end();
}

bool frozen_fits(const Frozen& frozen, const PendingPage& page, const Bundle& bundle,
                 const Catalogue& catalogue) {
  if (frozen.slots.empty()) {
    return frozen.pooled.empty() && frozen.taste.empty() && frozen.history.empty();
  }
  return frozen.slots.size() == page.slots.size() &&
         frozen.pooled.size() == bundle.model.dimensions &&
         frozen.taste.size() == bundle.towers.dimensions && past_fits(frozen.history, catalogue);
}

void read_pending(ArchiveReader& a, State& s) {
  const uint64_t reservation_us = uint64_t{s.bundle.outcomes.reservation_minutes} * 60'000'000;
  a.begin(section_tag("PEND"));
  uint64_t count = 0;
  a(count);
  uint64_t before = 0;
  for (uint64_t i = 0; i < count && a.ok(); ++i) {
    uint64_t offset = 0;
    PendingPage page;
    a(offset);
    page_fields(a, page);
    if (!a.ok()) return;
    bool fits = (i == 0 || offset > before) && page.arms.size() == s.arms.size();
    for (size_t arm = 0; fits && arm < s.arms.size(); ++arm) {
      fits = frozen_fits(page.arms[arm], page, s.arms[arm]->bundle, s.catalogue);
    }
    for (const auto& slot : page.slots) {
      fits = fits && slot.status <= PendingSlot::kClosed &&
             (slot.status == PendingSlot::kClosed || slot.video < s.catalogue.size());
    }
    if (!fits) return a.fail(corrupt("checkpoint: a pending page does not fit the rest"));
    before = offset;
    uint64_t due_us = page.served_us + reservation_us;
    s.pending.add(offset, std::move(page), due_us);
  }
  for (size_t w = 0; w < Pending::kWindows && a.ok(); ++w) {
    uint64_t waiting = 0;
    a(waiting);
    for (uint64_t i = 0; i < waiting && a.ok(); ++i) {
      Pending::Due due{};
      a(due.due_us);
      a(due.page_offset);
      a(due.slot);
      PendingPage* page = s.pending.find(due.page_offset);
      if (a.ok() && (page == nullptr || due.slot >= page->slots.size())) {
        return a.fail(corrupt("checkpoint: a window has no slot"));
      }
      if (a.ok()) s.pending.restore(w, due);
    }
  }
  a.end();
}

void read_trainer(ArchiveReader& a, Arm& arm, const Catalogue& catalogue) {
  trainer_fields(a, arm.trainer, arm.bundle);
  for (const auto& e : arm.trainer.waiting()) {
    if (e.video >= catalogue.size() || !(e.weight >= 0 && e.weight <= 1) ||
        e.pooled.size() != arm.bundle.model.dimensions ||
        e.taste.size() != arm.bundle.towers.dimensions || !past_fits(e.history, catalogue)) {
      return a.fail(corrupt("checkpoint: a waiting example does not fit the rest"));
    }
  }
}

void read_exchange(ArchiveReader& a, State& s) {
  exchange::Changes::Contents contents;
  exchange_fields(a, s.exchange, contents);
  if (!a.ok()) return;
  bool fits = s.exchange.active() ? s.exchange.taken.size() == s.exchange.partitions &&
                                        s.partition.value() < s.exchange.partitions
                                  : s.exchange.taken.empty() && contents.videos.empty();
  if (!fits || s.exchange.partitions > exchange::kPartitionsMax) {
    return a.fail(corrupt("checkpoint: the exchange with other partitions does not fit"));
  }
  auto restored = s.exchange.changes.restore(std::move(contents), s.catalogue.size());
  if (!restored.ok()) return a.fail(std::move(restored).error());
  for (const auto& change : s.exchange.changes.contents().videos) {
    exchange::settle_budget(s, change.video);
  }
}

void read_arm(ArchiveReader& a, Arm& arm, const Catalogue& catalogue) {
  auto keep = [&a](Result<void> restored) {
    if (!restored.ok()) a.fail(std::move(restored).error());
  };
  retrieval::CoWatch::Contents co_watch;
  co_watch_fields(a, co_watch, arm.bundle);
  if (!a.ok()) return;
  keep(arm.co_watch.restore(std::move(co_watch), catalogue.size()));
  a.begin(section_tag("DENS"));
  for (float& weight : arm.model.dense()) a(weight);
  for (float& state : arm.model.dense_state()) a(state);
  a.end();
  ranker::Model::Items items;
  items_fields(a, items, arm.bundle);
  if (!a.ok()) return;
  keep(arm.model.restore(std::move(items), catalogue.size()));
  retrieval::Towers::Contents towers;
  towers_fields(a, towers, arm.bundle);
  if (!a.ok()) return;
  keep(arm.towers.restore(std::move(towers), catalogue.size()));
  retrieval::InvertedFile::Contents lists;
  lists_fields(a, lists, arm.bundle);
  if (!a.ok()) return;
  keep(arm.towers.restore_lists(std::move(lists)));
  read_tables(a, arm);
  if (a.ok()) read_trainer(a, arm, catalogue);
}

void read(ArchiveReader& a, State& s) {
  Catalogue::Contents contents;
  catalogue_fields(a, contents);
  if (!a.ok()) return;
  if (auto restored = s.catalogue.restore(std::move(contents)); !restored.ok()) {
    return a.fail(std::move(restored).error());
  }
  for (uint32_t v = 0; v < s.catalogue.size(); ++v) s.sounds.set(v, s.catalogue.video(v).sound_id);
  watches_fields(a, s.watches);
  std::vector<retrieval::RegionalTrends::List> lists;
  regional_fields(a, lists);
  if (!a.ok()) return;
  if (auto restored = s.regional_trends.restore(std::move(lists), s.catalogue.size());
      !restored.ok()) {
    return a.fail(std::move(restored).error());
  }
  for (auto& arm : s.arms) {
    if (a.ok()) read_arm(a, *arm, s.catalogue);
  }
  if (a.ok()) read_viewers(a, s);
  if (a.ok()) read_pending(a, s);
  if (a.ok()) read_exchange(a, s);
}

}  // namespace

Result<std::vector<uint64_t>> taken_in_checkpoint(Source& source) {
  ArchiveReader a(source);
  a.begin(section_tag("HEAD"));
  uint32_t format = 0;
  a(format);
  if (a.ok() && format != kFormatVersion) {
    return conflict(
        fmt::format("checkpoint: format {}; this engine reads {}", format, kFormatVersion));
  }
  std::string version;
  a.text(version, kVersionBytesMax);
  uint64_t partition = 0;
  a(partition);
  exchange::Exchange x;
  taken_fields(a, x);
  if (!a.ok()) return a.take_error();
  return std::move(x.taken);
}

Digest state_digest(const State& state) {
  ArchiveWriter a(nullptr);
  write(a, state);
  return a.finish();
}

void save_state(const State& state, Sink& sink) {
  ArchiveWriter a(&sink);
  write(a, state);
  Digest digest = a.finish();
  ArchiveWriter tail(&sink);
  tail.begin(section_tag("DIGE"));
  for (uint8_t byte : digest) tail(byte);
  tail.end();
}

Result<std::unique_ptr<State>> load_state(Source& source, const BundleSource& bundles,
                                          PartitionId partition) {
  ArchiveReader a(source);
  auto state = read_head(a, bundles, partition);
  if (state != nullptr) read(a, *state);
  if (!a.ok()) return a.take_error();
  Digest written{};
  a.begin(section_tag("DIGE"));
  for (uint8_t& byte : written) a(byte);
  a.end();
  if (!a.ok()) return a.take_error();
  Digest loaded = state_digest(*state);
  if (loaded != written) {
    return corrupt(fmt::format("checkpoint: its digest is {}, but its contents have {}",
                               base::to_hex(base::as_bytes(written)),
                               base::to_hex(base::as_bytes(loaded))));
  }
  return state;
}

}  // namespace rondo::recommender
