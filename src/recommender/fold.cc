#include "recommender/fold.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "recommender/activation.h"
#include "recommender/engine.h"
#include "recommender/features/context.h"
#include "recommender/outcomes.h"
#include "recommender/page.h"

namespace rondo::recommender {
namespace {

using features::PendingPage;
using features::PendingSlot;
using features::Viewer;
using log::v1::Record;

constexpr uint64_t kMinuteUs = 60'000'000;
constexpr uint64_t kTimeJumpMaxUs = 86'400'000'000ull;
// Videos whose vectors a Tick refreshes: all of them within 128 Ticks, or as fast as may be.
constexpr uint32_t kSweepTicks = 128;
constexpr uint32_t kSweepVideosMax = 256;

// Log time: never back, at most a day a record forward; the first record sets it.
void advance_time(State& s, uint64_t stamp_us) {
  if (s.time_us == 0) {
    s.time_us = std::max<uint64_t>(stamp_us, 1);
    for (auto& arm : s.arms) start(s, *arm);
    return;
  }
  uint64_t bound = s.time_us + kTimeJumpMaxUs;
  if (stamp_us > bound) ++s.time_jumps_bounded;
  s.time_us = std::max(s.time_us, std::min(stamp_us, bound));
}

// What time alone brings about.
void settle_time(State& s) {
  while (auto page_offset = s.pending.take_due_page(s.time_us)) {
    PendingPage* page = s.pending.find(*page_offset);
    Viewer* viewer = s.viewers.find(page->viewer);
    auto slots = static_cast<uint32_t>(page->slots.size());
    for (uint32_t i = 0; i < slots; ++i) {
      // close may take the page away with its last open slot.
      page = s.pending.find(*page_offset);
      if (page == nullptr) break;
      if (page->slots[i].status != PendingSlot::kReserved) continue;
      unreserve(viewer, *page_offset, i);
      s.pending.close(*page_offset, i);
    }
  }
  for (size_t w = 0; w < features::Pending::kWindows; ++w) {
    while (auto due = s.pending.take_due(w, s.time_us)) {
      s.maturity.note_ended(w, s.time_us);
      end_window(s, features::Pending::kWindowKinds[w], due->page_offset, due->slot);
      if (w + 1 == features::Pending::kWindows) s.pending.close(due->page_offset, due->slot);
    }
  }
  while (auto viewer = s.viewers.take_expired(s.time_us)) {
    forget_learned(s, viewer->id);
  }
  for (auto& arm : s.arms) {
    for (size_t i = 0; i < kSlots; ++i) arm->model.table(static_cast<Slot>(i)).expire(s.time_s());
    arm->towers.expire(s.time_s());
  }
}

void fold_published(State& s, const log::v1::VideoPublished& r) {
  std::vector<std::string> topics(r.topics().begin(), r.topics().end());
  auto index = s.catalogue.publish({.video_id = r.video_id(),
                                    .author_id = r.author_id(),
                                    .duration_ms = r.duration_ms(),
                                    .topics = topics,
                                    .language = r.language(),
                                    .sound_id = r.sound_id(),
                                    .look_id = r.look_id(),
                                    .published_us = r.published_us(),
                                    .words = {r.words().data(), size_t(r.words_size())}},
                                   s.time_us);
  if (!index) {
    ++s.records_senseless;
    return;
  }
  s.sounds.set(*index, r.sound_id());
  for (auto& arm : s.arms) arm->refresh(s.catalogue, *index);
}

void fold_changed(State& s, const log::v1::VideoChanged& r) {
  if (auto video = s.catalogue.find_video(r.video_id())) {
    s.catalogue.set_eligible(*video, r.eligible());
  } else {
    ++s.records_senseless;
  }
}

void fold_follow(State& s, const log::v1::FollowChanged& r) {
  auto author = s.catalogue.intern_author(r.author_id());
  // Only accounts follow.
  Viewer* viewer = author ? active_viewer(s, r.viewer_id(), false) : nullptr;
  if (viewer == nullptr) {
    ++s.records_senseless;
    return;
  }
  s.viewers.set_anonymous(*viewer, false);
  auto at = std::lower_bound(viewer->follows.begin(), viewer->follows.end(), *author);
  bool there = at != viewer->follows.end() && *at == *author;
  if (!r.following()) {
    if (there) viewer->follows.erase(at);
  } else if (!there) {
    note_followed(s, *viewer, *author);
    if (viewer->follows.size() < s.bundle.limits.viewer_follows_max) {
      viewer->follows.insert(at, *author);
    } else {
      ++s.records_senseless;
    }
  }
}

bool is_held(const log::v1::FeedRequest& request, const features::ReservedSlot& r) {
  int count = std::min(request.held_size(), kHeldMax);
  return std::any_of(request.held().begin(), request.held().begin() + count, [&](const auto& held) {
    return held.page_offset() == r.page_offset && held.slot() == r.slot;
  });
}

void release(State& s, Viewer& viewer, const features::ReservedSlot& reserved) {
  unreserve(&viewer, reserved.page_offset, reserved.slot);
  if (s.pending.find(reserved.page_offset) != nullptr) {
    s.pending.close(reserved.page_offset, reserved.slot);
  }
}

// Drops the oldest page for lack of room: its examples are masked, its reservations freed.
void drop_oldest_page(State& s) {
  auto offset = s.pending.oldest_page();
  PendingPage* page = s.pending.find(*offset);
  Viewer* viewer = s.viewers.find(page->viewer);
  for (uint32_t i = 0; i < page->slots.size(); ++i) {
    if (page->slots[i].status == PendingSlot::kClosed) continue;
    ++s.slots_masked;
    unreserve(viewer, *offset, i);
  }
  s.pending.erase_page(*offset);
}

// The page as this arm will learn from it.
features::Frozen freeze(const State& s, const Arm& arm, const Viewer& viewer,
                        const log::v1::FeedRequest& request, const PendingPage& page) {
  features::ViewerContext context(arm.bundle, s.catalogue, arm.co_watch, arm.towers, arm.model,
                                  &viewer, request.language(), s.time_us);
  features::Frozen out;
  out.pooled.assign(context.pooled().begin(), context.pooled().end());
  out.taste.assign(context.taste().begin(), context.taste().end());
  out.history = context.past();
  out.slots.resize(page.slots.size());
  for (uint32_t i = 0; i < page.slots.size(); ++i) {
    if (page.slots[i].status == PendingSlot::kClosed) continue;
    out.slots[i].features = context.features(page.slots[i].video, i);
  }
  return out;
}

// As the page said; one half when it did not, as pages of other engines may.
float expected(const log::v1::ServedSlot& slot, Head head) {
  const auto& terms = slot.terms();
  const auto said = std::find_if(terms.begin(), terms.end(), [head](const auto& term) {
    return term.name() == head_name(head);
  });
  return said == terms.end() ? 0.5f : std::clamp(said->value(), 0.0f, 1.0f);
}

// The page is out: its videos are this viewer's until shown, released or too old; what it does not
// hold of earlier pages is free again; its examples are frozen as the state stands here.
void fold_served(State& s, uint64_t offset, const log::v1::Served& r) {
  const auto& request = r.request();
  Viewer* viewer = active_viewer(s, request.viewer_id(), request.anonymous());
  if (viewer == nullptr) return;
  s.viewers.set_anonymous(*viewer, request.anonymous());
  auto earlier = viewer->reserved;
  for (const auto& reserved : earlier) {
    if (!is_held(request, reserved)) release(s, *viewer, reserved);
  }
  ++viewer->pages;
  viewer->region = retrieval::region_of(request.region());
  viewer->touched.clear();

  PendingPage page;
  page.viewer = viewer->id;
  page.served_us = s.time_us;
  int count = std::min(r.slots_size(), kLimitMax);
  for (int i = 0; i < count; ++i) {
    PendingSlot& slot = page.slots.emplace_back();
    auto video = s.catalogue.find_video(r.slots(i).video_id());
    bool known = video && !viewer->seen.contains(s.catalogue.original(*video)) &&
                 !viewer->has_reserved(*video);
    if (!known) {
      slot.status = PendingSlot::kClosed;
      ++s.records_senseless;
      continue;
    }
    slot.video = *video;
    slot.skip_expected = expected(r.slots(i), Head::kSkip);
    slot.watch_expected = expected(r.slots(i), Head::kWatch);
    viewer->reserved.push_back({offset, *video, static_cast<uint32_t>(i)});
  }
  for (const auto& arm : s.arms) page.arms.push_back(freeze(s, *arm, *viewer, request, page));
  s.pending.add(offset, std::move(page),
                s.time_us + s.bundle.outcomes.reservation_minutes * kMinuteUs);
  while (viewer->reserved.size() > s.bundle.limits.viewer_reserved_max) {
    release(s, *viewer, features::ReservedSlot(viewer->reserved.front()));
    ++s.slots_masked;
  }
  while (s.pending.open_slots() > s.bundle.limits.pending_slots_max) drop_oldest_page(s);
}

// Forgets the viewer's tastes; what waits of pages ranked by them is not learned from.
void reset(State& s, Viewer& viewer) {
  viewer.reset();
  forget_learned(s, viewer.id);
  for (uint64_t offset : s.pending.pages_of(viewer.id)) {
    PendingPage* page = s.pending.find(offset);
    for (auto& slot : page->slots) slot.masked = true;
    for (auto& frozen : page->arms) frozen = {};
  }
}

// A viewer whom the state does not know has nothing to reset, but may ask before the first page.
void fold_preference(State& s, const log::v1::PreferenceChanged& r) {
  bool asks = r.topics_size() + r.mute_size() + r.unmute_size() > 0;
  bool known = s.viewers.find(r.viewer_id()) != nullptr;
  if (r.viewer_id() == 0 || (!asks && (!r.reset() || !known))) {
    ++s.records_senseless;
    return;
  }
  Viewer* viewer = active_viewer(s, r.viewer_id(), r.anonymous());
  if (viewer == nullptr) return;
  s.viewers.set_anonymous(*viewer, r.anonymous());
  if (r.reset()) reset(s, *viewer);
  if (r.reset_turned_down()) viewer->forgive();
  bool taken = true;
  for (const auto& wish : r.topics()) {
    taken = viewer->wishes.set_level(wish.topic(), wish.level()) && taken;
  }
  for (const auto& text : r.unmute()) viewer->wishes.unmute(text);
  for (const auto& phrase : r.mute()) {
    taken =
        viewer->wishes.mute(phrase.text(), {phrase.words().data(), size_t(phrase.words_size())}) &&
        taken;
  }
  if (!taken) ++s.records_senseless;
}

void fold_erased(State& s, const log::v1::AccountErased& r) {
  for (uint64_t offset : s.pending.pages_of(r.viewer_id())) s.pending.erase_page(offset);
  forget_learned(s, r.viewer_id());
  s.viewers.take(r.viewer_id());
}

void fold_tick(State& s, const log::v1::Tick& r, const std::vector<exchange::Incoming>& deltas) {
  exchange::take_in(s, r, deltas);
  auto count = static_cast<uint32_t>(s.catalogue.size());
  const uint32_t videos = std::min({count / kSweepTicks + 1, kSweepVideosMax, count});
  for (auto& arm : s.arms) {
    arm->co_watch.solve_some();
    close_batch(s, *arm);
    arm->towers.sweep(s.catalogue, videos);
    arm->model.sweep(s.catalogue, videos);
  }
  if (r.cut()) exchange::cut(s, r.epoch());
}

using Named = std::shared_ptr<const Bundle>;

Result<Named> find(const State& s, const BundleSource& bundles, std::string_view sha256) {
  base::Sha256Digest digest{};
  if (sha256.size() != digest.size()) return invalid("a bundle's SHA-256 has 32 bytes");
  std::copy(sha256.begin(), sha256.end(), digest.begin());
  auto found = bundles.find(digest);
  if (found.ok()) return found;
  return conflict(fmt::format("from offset {} on the log needs bundle {}: {}", s.next_offset,
                              base::to_hex(sha256), found.error().describe()));
}

// The bundle that the record names, if any; an error when this engine must not fold the record.
Result<Named> check(const State& s, const BundleSource& bundles, const Record& record) {
  switch (record.body_case()) {
    case Record::BODY_NOT_SET:
      return conflict(fmt::format(
          "the record at offset {} is of a type that engine {} does not know; fold it with the "
          "engine that wrote it, or a later one",
          s.next_offset, kEngineVersion));
    case Record::kEngineActivated:
      if (record.engine_activated().engine_version() != kEngineVersion) {
        return conflict(fmt::format("from offset {} on the log needs engine {}; this is {}",
                                    s.next_offset, record.engine_activated().engine_version(),
                                    kEngineVersion));
      }
      RD_CHECK(exchange::admit_partitions(s, record.engine_activated().partitions()));
      return Named();
    case Record::kItemDelta:
      return conflict(
          fmt::format("the record at offset {} is a delta, which has no place in a "
                      "partition's log",
                      s.next_offset));
    case Record::kBundleActivated:
      return find(s, bundles, record.bundle_activated().bundle_sha256());
    case Record::kExperimentStarted: {
      const auto& started = record.experiment_started();
      RD_TRY(Named treatment, find(s, bundles, started.treatment_sha256()));
      RD_CHECK(admit(s, started, *treatment));
      return treatment;
    }
    case Record::kExperimentStopped:
      RD_CHECK(admit(s, record.experiment_stopped()));
      return Named();
    default:
      return Named();
  }
}

}  // namespace

Result<void> admit(const State& s, const BundleSource& bundles, const Record& record) {
  auto named = check(s, bundles, record);
  if (!named.ok()) return std::move(named).error();
  return {};
}

Result<void> fold(State& s, const BundleSource& bundles, uint64_t time_us, const Record& record,
                  std::span<const std::string> deltas) {
  RD_TRY(Named named, check(s, bundles, record));
  RD_TRY(const auto incoming, exchange::open_deltas(s, record.tick(), deltas));
  advance_time(s, time_us);
  settle_time(s);
  uint64_t offset = s.next_offset++;
  switch (record.body_case()) {
    case Record::kEngineActivated:
      exchange::set_partitions(s, record.engine_activated().partitions());
      break;
    case Record::kItemDelta:
    case Record::BODY_NOT_SET:
      break;
    case Record::kExperimentStarted:
      start_experiment(s, record.experiment_started(), *named);
      break;
    case Record::kExperimentStopped:
      stop_experiment(s);
      break;
    case Record::kBundleActivated:
      activate(s, *named);
      break;
    case Record::kTick:
      fold_tick(s, record.tick(), incoming);
      break;
    case Record::kVideoPublished:
      fold_published(s, record.video_published());
      break;
    case Record::kVideoChanged:
      fold_changed(s, record.video_changed());
      break;
    case Record::kFollowChanged:
      fold_follow(s, record.follow_changed());
      break;
    case Record::kServed:
      fold_served(s, offset, record.served());
      break;
    case Record::kImpression:
      fold_impression(s, record.impression());
      break;
    case Record::kEngagement:
      fold_engagement(s, record.engagement());
      break;
    case Record::kPreferenceChanged:
      fold_preference(s, record.preference_changed());
      break;
    case Record::kAccountErased:
      fold_erased(s, record.account_erased());
      break;
  }
  return {};
}

}  // namespace rondo::recommender
