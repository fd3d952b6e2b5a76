#include "recommender/outcomes.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/hash.h"

namespace rondo::recommender {
namespace {

using features::Event;
using features::HistoryEntry;
using features::PendingPage;
using features::PendingSlot;
using features::Viewer;
using log::v1::Engagement;
using trainer::Example;

constexpr uint64_t kMinuteUs = 60'000'000;
constexpr uint32_t kWatchMaxMs = 4 * 3600 * 1000;

// `kind` tells an impression from each action: a client may name all of one video's by one id.
uint64_t event_hash(const std::string& event_id, uint64_t kind) {
  uint64_t words[2] = {};
  std::memcpy(words, event_id.data(), std::min(event_id.size(), sizeof words));
  return base::mix64(words[0] ^ base::mix64(words[1] ^ base::mix64(kind + 1)));
}

// False, and counted, when the viewer has sent this event before.
bool is_new_event(State& s, Viewer& viewer, const std::string& event_id, uint64_t kind) {
  if (event_id.empty() || viewer.note_event(event_hash(event_id, kind))) return true;
  ++s.outcomes_repeated;
  return false;
}

// What an outcome says about a video's topics and author.
struct Evidence {
  float positive = 0;
  float negative = 0;
  bool outcome = true;  // a new one: older evidence steps back
  std::optional<features::Told> told;
  uint16_t finished = 0, skipped = 0, liked = 0, not_interested = 0;  // for "learned"
};

void touch(State& s, Viewer& viewer, uint32_t topic, const Evidence& e) {
  auto& touched = viewer.touched;
  auto at = std::find_if(touched.begin(), touched.end(),
                         [topic](const features::TouchedTopic& t) { return t.topic == topic; });
  if (at == touched.end()) {
    if (touched.size() == features::kTouchedMax) return;
    float before = viewer.topics.value(topic, s.time_s(), s.bundle.affinity);
    at = touched.insert(at, features::TouchedTopic{topic, before, 0, 0, 0, 0});
  }
  at->finished += e.finished;
  at->skipped += e.skipped;
  at->liked += e.liked;
  at->not_interested += e.not_interested;
}

void add_evidence(State& s, Viewer& viewer, uint32_t video, const Evidence& e) {
  const auto& v = s.catalogue.video(video);
  const auto& options = s.bundle.affinity;
  float weight = 1;
  for (uint32_t topic : v.topic_list()) {
    touch(s, viewer, topic, e);
    viewer.topics.add(topic, {weight * e.positive, weight * e.negative, e.outcome}, s.time_s(),
                      options);
    weight = options.minor_topic;
  }
  viewer.authors.add(v.author, {e.positive, e.negative, e.outcome}, s.time_s(), options);
  if (e.told) {
    viewer.tastes.learn(features::traits_of(v, options), *e.told, s.time_s(), s.bundle.tastes);
  }
}

HistoryEntry& history_entry(State& s, Viewer& viewer, uint32_t video) {
  return viewer.history_entry(video, s.time_s(), s.bundle.limits.viewer_history_max);
}

// `entry` has changed from what spoke `before` for its video: a new like of it, or none.
void note_liked(State& s, Viewer& viewer, const HistoryEntry& entry, float before) {
  if (before > 0 || !(features::valence(entry) > 0)) return;
  std::vector<uint32_t> liked = viewer.liked();
  std::erase(liked, entry.video);
  ++viewer.positives;
  const bool told = s.exchange.active();
  for (auto& arm : s.arms) {
    const bool tells = told && &arm == &s.arms.front();
    retrieval::CoWatch::Added added;
    arm->co_watch.note(entry.video, liked, viewer.positives, tells ? &added : nullptr);
    if (tells) s.exchange.changes.co_watch(entry.video, added);
  }
}

// What the event says for a video in its viewer's region: as in Catalogue's trend keys.
float regional_merit(Event event) {
  switch (event) {
    case Event::kFinish:
    case Event::kSave:
      return 1;
    case Event::kLike:
    case Event::kShare:
      return 2;
    default:
      return 0;
  }
}

void count(State& s, const Viewer& viewer, uint32_t video, Event event) {
  s.catalogue.count(video, event, s.time_us);
  if (const float merit = regional_merit(event); merit > 0) {
    s.regional_trends.note(viewer.region, video, merit, event == Event::kFinish, s.time_us);
  }
  if (!s.exchange.active()) return;
  s.exchange.changes.count(video, event);
  exchange::settle_budget(s, video);
}

// Each head of a slot is trained once: what has resolved before is taken out.
void train(State& s, Arm& arm, features::Frozen& frozen, const PendingPage& page,
           const PendingSlot& slot, Example example) {
  if (frozen.slots.empty()) return;
  features::Frozen::Slot& own = frozen.slots[static_cast<size_t>(&slot - page.slots.data())];
  example.heads &= static_cast<uint16_t>(~own.trained);
  own.trained |= example.heads;
  if (slot.masked || example.heads == 0) return;
  example.viewer = page.viewer;
  example.video = slot.video;
  example.features = own.features;
  example.pooled = frozen.pooled;
  example.taste = frozen.taste;
  example.history = frozen.history;
  if (arm.trainer.add(std::move(example))) close_batch(s, arm);
}

// By every arm, whichever ranked the page.
void train(State& s, PendingPage& page, const PendingSlot& slot, const Example& example) {
  for (size_t a = 0; a < s.arms.size(); ++a) {
    train(s, *s.arms[a], page.arms[a], page, slot, example);
  }
}

void show(State& s, Viewer& viewer, uint64_t page_offset, uint32_t slot, uint32_t video) {
  const auto& outcomes = s.bundle.outcomes;
  s.pending.show(page_offset, slot,
                 {s.time_us + outcomes.soon_minutes * kMinuteUs,
                  s.time_us + outcomes.late_minutes * kMinuteUs});
  unreserve(&viewer, page_offset, slot);
  viewer.seen.insert(s.catalogue.original(video));
  ++viewer.impressions;
  s.maturity.note_shown(s.time_us);
  count(s, viewer, video, Event::kImpression);
}

// The head's act has happened: learned from as far as what has not happened is known too.
void train_act(State& s, PendingPage& page, PendingSlot& slot, Head head) {
  const auto& kinds = features::Pending::kWindowKinds;
  const auto window = std::find(kinds.begin(), kinds.end(), head_window(head));
  Example example;
  example.resolve(head, 1.0f);
  example.weight = s.maturity.share(static_cast<size_t>(window - kinds.begin()));
  train(s, page, slot, example);
}

// True the first time that `bit` happens to the slot; counted otherwise.
bool first(State& s, PendingSlot& slot, uint16_t bit) {
  if ((slot.outcomes & bit) != 0) {
    ++s.outcomes_repeated;
    return false;
  }
  slot.outcomes |= bit;
  return true;
}

// Whether this outcome is one too many against what the viewer was believed to like.
bool doubts(const State& s, Viewer& viewer, const features::Video& video,
            const features::Viewing& viewing) {
  if (video.topic_count == 0) return false;
  const auto& options = s.bundle.tastes;
  const float liked = viewer.tastes.of(Taste::kTopic).mean(video.main_topic(), s.time_s(), options);
  const float odds = liked > 0 ? features::odds_of_turn(viewing, liked) : 0.0f;
  return viewer.doubt.add(odds, s.time_s(), options.doubt_max);
}

void resolve_watch(State& s, Viewer& viewer, PendingPage& page, PendingSlot& slot,
                   const log::v1::Watch& watch) {
  const auto& video = s.catalogue.video(slot.video);
  uint32_t watch_ms = std::min(watch.watch_ms(), kWatchMaxMs);
  float fraction = std::min(
      1.0f, static_cast<float>(watch_ms) / static_cast<float>(std::max(video.duration_ms, 1u)));
  bool finished = watch.loops() > 0 || fraction >= s.bundle.outcomes.finish_fraction;
  bool skipped = !finished && watch_ms < s.bundle.outcomes.skip_ms;
  // Neither to the end nor swiped on: the app was closed, and who knows.
  bool left = !finished && !skipped && !watch.skipped();
  float quantile = s.watches.quantile(video.duration_ms, watch_ms);
  float skip_quantile = s.watches.quantile(video.duration_ms, s.bundle.outcomes.skip_ms);
  s.watches.add(video.duration_ms, watch_ms, s.time_us);
  if (s.exchange.active()) s.exchange.changes.watch(video.duration_ms, watch_ms);

  Example example;
  example.resolve(Head::kSkip, skipped ? 1.0f : 0.0f);
  if (!left) example.resolve(Head::kFinish, finished ? 1.0f : 0.0f);
  if (!left) example.resolve(Head::kWatch, quantile);
  train(s, page, slot, example);

  count(s, viewer, slot.video, Event::kOutcome);
  if (finished) count(s, viewer, slot.video, Event::kFinish);
  if (skipped) count(s, viewer, slot.video, Event::kSkip);

  HistoryEntry& entry = history_entry(s, viewer, slot.video);
  const float before = features::valence(entry);
  entry.flags |= HistoryEntry::kWatched;
  if (finished) entry.flags |= HistoryEntry::kFinished;
  if (skipped) entry.flags |= HistoryEntry::kSkipped;
  entry.quantile = static_cast<uint8_t>(quantile * 255.0f);
  note_liked(s, viewer, entry, before);

  Evidence e;
  if (finished) {
    e.positive = s.bundle.affinity.finish;
    e.finished = 1;
  } else if (skipped) {
    e.negative = s.bundle.affinity.skip;
    e.skipped = 1;
  } else {
    // Against other watches of videos of this length: most of a minute is much, and half of it is.
    const float leaning = s.bundle.affinity.watch * (2.0f * quantile - 1.0f);
    if (leaning > 0) e.positive = leaning;
    if (leaning < 0 && !left) e.negative = -leaning;
  }
  bool turned = false;
  if (!left) {
    const features::Viewing viewing{skipped, quantile, skip_quantile, slot.skip_expected,
                                    slot.watch_expected};
    e.told = features::told_by(viewing);
    turned = doubts(s, viewer, video, viewing);
  }
  add_evidence(s, viewer, slot.video, e);
  if (turned) viewer.turn(s.bundle.tastes);
}

void resolve_like(State& s, Viewer& viewer, PendingPage& page, PendingSlot& slot, bool liked) {
  float amount = s.bundle.affinity.like;
  if (liked) {
    if (!first(s, slot, PendingSlot::kLike)) return;
    train_act(s, page, slot, Head::kLike);
    count(s, viewer, slot.video, Event::kLike);
    HistoryEntry& entry = history_entry(s, viewer, slot.video);
    const float before = features::valence(entry);
    entry.flags |= HistoryEntry::kLiked;
    note_liked(s, viewer, entry, before);
    Evidence e;
    e.positive = amount;
    e.outcome = false;  // of the same viewing as its watch
    e.told = features::kLikeTells;
    e.liked = 1;
    add_evidence(s, viewer, slot.video, e);
  } else if ((slot.outcomes & PendingSlot::kLike) != 0 && first(s, slot, PendingSlot::kUnlike)) {
    // Taken back: the affinity it gave goes; the example, if trained, stays.
    HistoryEntry& entry = history_entry(s, viewer, slot.video);
    entry.flags &= static_cast<uint8_t>(~HistoryEntry::kLiked);
    Evidence e;
    e.positive = -amount;
    e.outcome = false;
    e.told = features::kUnlikeTells;
    add_evidence(s, viewer, slot.video, e);
  }
}

// What the viewer asks for holds whether or not it can be learned from.
void block(State& s, Viewer& viewer, uint32_t video, log::v1::NotInterestedScope scope) {
  const auto& v = s.catalogue.video(video);
  if (scope == log::v1::NOT_INTERESTED_AUTHOR) viewer.block_author(v.author);
  if (scope == log::v1::NOT_INTERESTED_TOPIC && v.topic_count > 0) {
    viewer.wishes.turn_down(s.catalogue.topics()[v.main_topic()].name);
  }
  // 0 is a sound that no other video has.
  if (scope == log::v1::NOT_INTERESTED_SOUND && v.sound_id != 0) viewer.block_sound(v.sound_id);
}

void resolve_not_interested(State& s, Viewer& viewer, PendingPage& page, PendingSlot& slot,
                            log::v1::NotInterestedScope scope) {
  if (!first(s, slot, PendingSlot::kNotInterested)) return;
  train_act(s, page, slot, Head::kNotInterested);
  HistoryEntry& entry = history_entry(s, viewer, slot.video);
  entry.flags |= HistoryEntry::kNotInterested;
  const auto& v = s.catalogue.video(slot.video);
  const auto& options = s.bundle.affinity;
  Evidence e;
  e.negative = options.not_interested;
  e.outcome = false;
  e.not_interested = 1;
  auto learn_of = [&](Taste kind, uint32_t key) {
    viewer.tastes.learn(std::array{features::Trait{kind, key, 1.0f}}, features::kNotInterestedTells,
                        s.time_s(), s.bundle.tastes);
  };
  // Who names the author means the author, not the topics; and the other way round. A sound is
  // neither.
  if (scope == log::v1::NOT_INTERESTED_SOUND) return;
  if (scope == log::v1::NOT_INTERESTED_AUTHOR) {
    viewer.authors.add(v.author, {0, e.negative, false}, s.time_s(), options);
    learn_of(Taste::kAuthor, v.author);
  } else if (scope == log::v1::NOT_INTERESTED_TOPIC && v.topic_count > 0) {
    touch(s, viewer, v.main_topic(), e);
    viewer.topics.add(v.main_topic(), {0, e.negative, false}, s.time_s(), options);
    learn_of(Taste::kTopic, v.main_topic());
  } else {
    e.negative = options.skip;
    e.told = features::kNotInterestedTells;
    add_evidence(s, viewer, slot.video, e);
  }
}

// Whether this "did not happen" is of the share that is trained on: by the log alone.
bool is_sampled(const Bundle& bundle, Head head, uint64_t page_offset, uint32_t slot) {
  float share = bundle.head(head).negative_share;
  uint64_t mixed = base::mix64(base::mix64(page_offset * 64 + slot) + static_cast<uint64_t>(head));
  return static_cast<float>(mixed >> 40) * 0x1p-24f < share;
}

// An act that happens seldom: counted for the video, and an outcome of its head.
void resolve_act(State& s, const Viewer& viewer, PendingPage& page, PendingSlot& slot, Head head,
                 uint16_t bit, std::optional<Event> event) {
  if (!first(s, slot, bit)) return;
  train_act(s, page, slot, head);
  if (event) count(s, viewer, slot.video, *event);
}

}  // namespace

void fold_impression(State& s, const log::v1::Impression& r) {
  auto video = s.catalogue.find_video(r.video_id());
  // A page was served to somebody whom the state knows; a video of Latest may be the first trace.
  // Until a page or a follow says that it is an account, it is an anonymous viewer.
  bool known = s.viewers.find(r.viewer_id()) != nullptr;
  if (!video || r.viewer_id() == 0 || (!known && r.from_page())) {
    ++s.records_senseless;
    return;
  }
  Viewer* viewer = active_viewer(s, r.viewer_id(), true);
  if (viewer == nullptr || !is_new_event(s, *viewer, r.event_id(), 0)) return;
  viewer->seen.insert(s.catalogue.original(*video));
  if (!r.from_page()) return;
  PendingSlot* slot = s.pending.match(r.page_offset(), r.slot(), r.viewer_id(), *video);
  if (slot == nullptr) return;
  if (slot->status == PendingSlot::kOnScreen) {
    ++s.outcomes_repeated;
    return;
  }
  show(s, *viewer, r.page_offset(), r.slot(), *video);
}

void fold_engagement(State& s, const Engagement& r) {
  auto video = s.catalogue.find_video(r.video_id());
  if (!video || s.viewers.find(r.viewer_id()) == nullptr) {
    ++s.outcomes_unmatched;
    return;
  }
  Viewer* viewer = active_viewer(s, r.viewer_id(), true);
  if (!is_new_event(s, *viewer, r.event_id(), static_cast<uint64_t>(r.action_case()))) return;
  if (r.has_not_interested()) block(s, *viewer, *video, r.not_interested().scope());
  if (r.has_watch()) viewer->seen.insert(s.catalogue.original(*video));
  if (!r.from_page()) return;
  PendingSlot* slot = s.pending.match(r.page_offset(), r.slot(), r.viewer_id(), *video);
  if (slot == nullptr) {
    ++s.outcomes_unmatched;
    return;
  }
  // An outcome proves that the video was on screen, also when its impression got lost.
  if (slot->status == PendingSlot::kReserved) {
    show(s, *viewer, r.page_offset(), r.slot(), *video);
  }
  PendingPage& page = *s.pending.find(r.page_offset());
  switch (r.action_case()) {
    case Engagement::kWatch:
      if (first(s, *slot, PendingSlot::kWatch)) resolve_watch(s, *viewer, page, *slot, r.watch());
      break;
    case Engagement::kLike:
      resolve_like(s, *viewer, page, *slot, r.like());
      break;
    case Engagement::kShare:
      if (!r.share()) break;
      resolve_act(s, *viewer, page, *slot, Head::kShare, PendingSlot::kShare, Event::kShare);
      break;
    case Engagement::kSave:
      if (!r.save()) break;
      resolve_act(s, *viewer, page, *slot, Head::kSave, PendingSlot::kSave, Event::kSave);
      break;
    case Engagement::kReport:
      if (!r.report()) break;
      resolve_act(s, *viewer, page, *slot, Head::kReport, PendingSlot::kReport, Event::kReport);
      break;
    case Engagement::kComment:
      if (r.comment()) {
        resolve_act(s, *viewer, page, *slot, Head::kComment, PendingSlot::kComment, std::nullopt);
      }
      break;
    case Engagement::kNotInterested:
      resolve_not_interested(s, *viewer, page, *slot, r.not_interested().scope());
      break;
    case Engagement::ACTION_NOT_SET:
      ++s.records_senseless;
      break;
  }
}

void end_window(State& s, Window window, uint64_t page_offset, uint32_t slot_index) {
  PendingPage& page = *s.pending.find(page_offset);
  // Nobody to learn for: a viewer who has been forgotten stays forgotten.
  if (s.viewers.find(page.viewer) == nullptr) return;
  for (size_t a = 0; a < s.arms.size(); ++a) {
    Arm& arm = *s.arms[a];
    Example example;
    for (size_t h = 0; h < kHeads; ++h) {
      auto head = static_cast<Head>(h);
      if (head_window(head) == window && is_sampled(arm.bundle, head, page_offset, slot_index)) {
        example.resolve(head, 0.0f);
      }
    }
    train(s, arm, page.arms[a], page, page.slots[slot_index], std::move(example));
  }
}

void note_followed(State& s, Viewer& viewer, uint32_t author) {
  for (size_t i = viewer.history.size(); i > 0; --i) {
    uint32_t video = viewer.history[i - 1].video;
    if (s.catalogue.video(video).author != author) continue;
    auto at = s.pending.find_shown(viewer.id, video);
    if (!at) continue;
    PendingPage& page = *s.pending.find(at->first);
    resolve_act(s, viewer, page, page.slots[at->second], Head::kFollow, PendingSlot::kFollow,
                std::nullopt);
    return;
  }
}

void close_batch(State& s, Arm& arm) {
  std::vector<retrieval::TowerExample> likes;
  for (const Example& e : arm.trainer.waiting()) {
    if (e.is_like()) likes.push_back({e.viewer, e.video, e.taste});
  }
  // Weights do not travel while two arms have to learn alike.
  if (s.exchange.active() && !s.experiment) {
    for (const Example& e : arm.trainer.waiting()) s.exchange.changes.train(e.video);
    for (const auto& like : likes) s.exchange.changes.like(like.video);
  }
  arm.towers.learn(s.catalogue, likes, base::mix64(s.next_offset), s.time_s());
  arm.trainer.close_batch(arm.model, s.catalogue, s.time_s());
}

features::Viewer* active_viewer(State& s, uint64_t id, bool anonymous) {
  std::unique_ptr<Viewer> evicted;
  Viewer* viewer = s.viewers.find_or_make(id, anonymous, s.time_us, evicted);
  if (evicted) forget_learned(s, evicted->id);
  if (viewer == nullptr) {
    ++s.viewers_refused;
    return nullptr;
  }
  s.viewers.note_active(*viewer, s.time_us);
  return viewer;
}

void forget_learned(State& s, uint64_t viewer) {
  for (auto& arm : s.arms) {
    arm->model.table(Slot::kViewer).erase(viewer);
    arm->trainer.forget(viewer);
  }
}

void unreserve(features::Viewer* viewer, uint64_t page_offset, uint32_t slot) {
  if (viewer == nullptr) return;
  std::erase_if(viewer->reserved, [&](const features::ReservedSlot& r) {
    return r.page_offset == page_offset && r.slot == slot;
  });
}

}  // namespace rondo::recommender
