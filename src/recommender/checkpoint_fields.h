// The parts of a checkpoint field by field: one description of each, for writing (A =
// ArchiveWriter, values const) and for reading, so that the two cannot disagree. What is read is
// bounded, but not yet known to fit together: checkpoint.cc sees to that.
#pragma once

#include <cstddef>
#include <cstdint>

#include "recommender/archive.h"
#include "recommender/exchange/tables.h"
#include "recommender/state.h"

namespace rondo::recommender::fields {

using namespace features;

inline constexpr uint32_t kFormatVersion = 4;
inline constexpr size_t kVersionBytesMax = 64;
inline constexpr size_t kNameBytesMax = 64;
// What a reader accepts: the widest limits that a bundle can state. Not those of the bundle at
// hand, which may have come later and be stricter than what is there.
inline constexpr size_t kSlotsPerPageMax = 32;
inline constexpr size_t kVideosMax = size_t{1} << 24;
inline constexpr size_t kAuthorsMax = size_t{1} << 27;
inline constexpr size_t kTopicsMax = size_t{1} << 24;
inline constexpr size_t kHistoryMax = 4096;
inline constexpr size_t kReservedMax = 1024;
inline constexpr size_t kFollowsMax = size_t{1} << 20;
inline constexpr size_t kDimensionsMax = 256;

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

}  // namespace rondo::recommender::fields
