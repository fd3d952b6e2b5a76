#include "recommender/checkpoint.h"

#include <fmt/format.h>

#include "recommender/archive.h"
#include "recommender/checkpoint_fields.h"

namespace rondo::recommender {
namespace {

using namespace features;
using namespace fields;

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
  fits = fits && all_below(v.seen.to_vector(), c.size());
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
