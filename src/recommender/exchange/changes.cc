#include "recommender/exchange/changes.h"

#include <algorithm>
#include <utility>

namespace rondo::recommender::exchange {
namespace {

uint64_t key_of(const PairChange& pair) { return uint64_t{pair.a} << 32 | pair.b; }

bool is_sum(float x) { return x >= 0 && x < 1e30f; }

}  // namespace

bool VideoChange::empty() const { return activity() == 0 && positives == 0 && like_weight == 0; }

uint64_t VideoChange::activity() const {
  uint64_t sum = uint64_t{examples} + likes;
  for (uint32_t count : events) sum += count;
  return sum;
}

VideoChange& Changes::entry(uint32_t video) {
  if (video >= place_.size()) place_.resize(size_t{video} + 1, 0);
  if (place_[video] == 0) {
    c_.videos.push_back({.video = video});
    place_[video] = static_cast<uint32_t>(c_.videos.size());
  }
  return c_.videos[place_[video] - 1];
}

void Changes::count(uint32_t video, features::Event event) {
  ++entry(video).events[static_cast<size_t>(event)];
}

void Changes::watch(uint32_t duration_ms, uint32_t watch_ms) {
  ++c_.watches[features::duration_bucket(duration_ms) * features::kWatchBins +
               features::watch_bin(watch_ms)];
}

void Changes::co_watch(uint32_t video, const retrieval::CoWatch::Added& added) {
  c_.everybody += added.everybody;
  VideoChange& own = entry(video);
  own.positives += added.positives;
  own.like_weight += added.likes;
  for (const auto& [other, count] : added.pairs) {
    if (c_.pairs.size() >= kPairsMax) compact_pairs();
    c_.pairs.push_back({std::min(video, other), std::max(video, other), count});
  }
}

bool Changes::empty() const { return c_.videos.empty() && c_.pairs.empty(); }

uint32_t Changes::events(uint32_t video, features::Event event) const {
  if (video >= place_.size() || place_[video] == 0) return 0;
  return c_.videos[place_[video] - 1].events[static_cast<size_t>(event)];
}

void Changes::compact_pairs() {
  auto& pairs = c_.pairs;
  // Stable: equal pairs are summed in the order in which they came.
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const PairChange& x, const PairChange& y) { return key_of(x) < key_of(y); });
  size_t kept = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (kept > 0 && key_of(pairs[kept - 1]) == key_of(pairs[i])) {
      pairs[kept - 1].count += pairs[i].count;
    } else {
      pairs[kept++] = pairs[i];
    }
  }
  pairs.resize(kept);
  if (kept <= kPairsMax / 2) return;
  auto stronger = [](const PairChange& x, const PairChange& y) {
    return x.count != y.count ? x.count > y.count : key_of(x) < key_of(y);
  };
  std::nth_element(pairs.begin(), pairs.begin() + kPairsMax / 2, pairs.end(), stronger);
  c_.pairs_dropped += kept - kPairsMax / 2;
  pairs.resize(kPairsMax / 2);
  std::sort(pairs.begin(), pairs.end(),
            [](const PairChange& x, const PairChange& y) { return key_of(x) < key_of(y); });
}

Result<void> Changes::restore(Contents contents, size_t videos) {
  if (contents.pairs.size() > kPairsMax || !is_sum(contents.everybody)) {
    return corrupt("changes: more pairs than there can be, or a sum that is none");
  }
  for (const PairChange& pair : contents.pairs) {
    if (pair.a >= pair.b || pair.b >= videos || !is_sum(pair.count)) {
      return corrupt("changes: a pair does not fit");
    }
  }
  std::vector<uint32_t> place(videos, 0);
  for (size_t i = 0; i < contents.videos.size(); ++i) {
    const VideoChange& change = contents.videos[i];
    if (change.video >= videos || place[change.video] != 0 || !is_sum(change.positives) ||
        !is_sum(change.like_weight)) {
      return corrupt("changes: a video does not fit, or is there twice");
    }
    place[change.video] = static_cast<uint32_t>(i + 1);
  }
  c_ = std::move(contents);
  place_ = std::move(place);
  return {};
}

}  // namespace rondo::recommender::exchange
