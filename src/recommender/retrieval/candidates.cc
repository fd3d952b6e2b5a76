#include "recommender/retrieval/candidates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "recommender/kernels/select.h"

namespace rondo::recommender::retrieval {
namespace {

using features::Catalogue;
using features::for_each;
using features::kNoIndex;
using features::VideoSet;

// Tells equals of one topic apart in personal retrieval; too small to outweigh an affinity.
constexpr float kQualityWeight = 0.1f;
constexpr float kNever = -std::numeric_limits<float>::infinity();  // below every bound
// The latest likes whose sounds are looked up, and the newest videos of a sound that are looked at.
constexpr size_t kSoundLikesMax = 24;
constexpr size_t kSoundVideosMax = 64;

bool holds(const std::vector<uint64_t>& list, uint64_t key) {
  return std::find(list.begin(), list.end(), key) != list.end();
}

// Sounds turned down and words muted: few viewers have any.
class Wanted {
 public:
  explicit Wanted(const features::Viewer* viewer)
      : sounds_(viewer == nullptr ? nullptr : &viewer->blocked_sounds),
        mute_(viewer == nullptr ? std::span<const features::MutedPhrase>() : viewer->wishes.muted) {
  }

  bool all() const { return mute_.empty() && (sounds_ == nullptr || sounds_->empty()); }
  bool passes(const Catalogue& catalogue, uint32_t video) const {
    return (sounds_->empty() || !holds(*sounds_, catalogue.video(video).sound_id)) &&
           (mute_.empty() || !mute_.hides(catalogue.words(video)));
  }

 private:
  const std::vector<uint64_t>* sounds_;
  features::Mute mute_;
};

// Takes out what the viewer has turned down: topics, authors, sounds, words.
void turn_down(const Catalogue& catalogue, const features::ViewerContext& context,
               const features::Viewer& viewer, VideoSet& pool) {
  const Wanted wanted(&viewer);
  if (context.asked().empty() && viewer.blocked_authors.empty() && wanted.all()) return;
  std::vector<uint8_t> topics(catalogue.topics().size(), 0);
  for (const auto& [topic, level] : context.asked()) topics[topic] = level == -1.0f ? 1 : 0;
  std::vector<uint8_t> authors(catalogue.authors().size(), 0);
  for (uint32_t author : viewer.blocked_authors) authors[author] = 1;
  for_each(pool, [&](uint32_t v) {
    const auto list = catalogue.video(v).topic_list();
    const bool unwanted =
        authors[catalogue.author_indices()[v]] != 0 || !wanted.passes(catalogue, v) ||
        std::any_of(list.begin(), list.end(), [&](uint32_t t) { return topics[t] != 0; });
    if (unwanted) pool.erase(v);
  });
}

// The original, or where that cannot be served, the first of its duplicates that can. None when the
// original is barred: what is seen or held is named by it.
void leave_one_of_each_look(const Catalogue& catalogue, const VideoSet& pool, VideoSet& barred) {
  for (uint32_t duplicate : catalogue.duplicates()) {
    const uint32_t original = catalogue.original(duplicate);
    if (barred.contains(original) || pool.contains(original)) {
      barred.insert(duplicate);
    } else if (pool.contains(duplicate) && !barred.contains(duplicate)) {
      barred.insert(original);  // it has one now
    }
  }
}

// What may be served to this viewer; `out` are videos that must not come.
void fill_pool(const Catalogue& catalogue, const features::ViewerContext& context,
               std::span<const uint32_t> out, Scratch& scratch) {
  VideoSet& pool = scratch.pool;
  VideoSet& barred = scratch.barred;
  pool = catalogue.eligible();
  barred.reset(catalogue.size());
  for (uint32_t video : out) {
    barred.insert(video);
    barred.insert(catalogue.original(video));
  }
  if (const features::Viewer* viewer = context.viewer()) {
    viewer->seen.insert_into(barred);
    turn_down(catalogue, context, *viewer, pool);
  }
  leave_one_of_each_look(catalogue, pool, barred);
  pool.erase_all(barred);
}

// Few values by index, laid out densely for a scan; all 0 again when it ends.
class Spread {
 public:
  using Values = std::vector<std::pair<uint32_t, float>>;
  Spread(std::vector<float>& dense, const Values& values, size_t size, float weight)
      : dense_(dense), values_(values) {
    if (dense_.size() <= size) dense_.resize(size + 1, 0.0f);  // never empty
    for (const auto& [index, value] : values_) dense_[index] = weight * value;
  }
  ~Spread() {
    for (const auto& [index, value] : values_) dense_[index] = 0;
  }
  Spread(const Spread&) = delete;
  Spread& operator=(const Spread&) = delete;
  std::span<const float> values() const { return dense_; }

 private:
  std::vector<float>& dense_;
  const Values& values_;
};

// What the viewer makes of each topic: what was learned, and what was asked for. Ascending.
Spread::Values leanings(const features::ViewerContext& context, const Bundle::Value& value) {
  Spread::Values out = context.topics();
  for (auto& [topic, leaning] : out) leaning = context.topic_leaning(topic);
  for (const auto& [topic, level] : context.asked()) {
    auto at = std::lower_bound(out.begin(), out.end(), topic,
                               [](const auto& entry, uint32_t key) { return entry.first < key; });
    if (at == out.end() || at->first != topic) at = out.insert(at, {topic, 0.0f});
    at->second += value.asked_topic * level;
  }
  return out;
}

// Same language, or one of the two unknown.
bool speaks(const features::Video& video, const features::ViewerContext& context) {
  return video.language[0] == 0 || context.language()[0] == 0 ||
         video.language == context.language();
}

// The catalogue as one viewer may meet it, and the sources that read it. Those that read all of it
// go 1,024 videos at a time and look at the few that reach the bound of the best so far; newest
// first, as far as that is known: the order of publication, in which each video would displace the
// one before, is that of the indices.
class Gathering {
 public:
  Gathering(const View& s, const features::ViewerContext& context,
            const log::v1::FeedRequest& request, std::span<const uint32_t> barred, Scratch& scratch)
      : s_(s),
        c_(s.catalogue),
        context_(context),
        request_(request),
        scratch_(scratch),
        pool_(scratch.pool),
        finds_(scratch.finds),
        out_{.candidates = {}, .pool = scratch.pool} {
    fill_pool(c_, context, barred, scratch);
    finds_.begin(s.bundle.candidates);
    scratch_.taken.reset(c_.size());
  }

  // What each source that reads the whole catalogue makes of it.
  void scan() {
    offer_personal();
    offer_match();
    offer_followed();
    offer_trending();
    offer_champions();
    offer_fresh();
  }

  // Personal retrieval where there are too many videos to score them all.
  void probe() {
    if (context_.liked().videos().empty() || !s_.towers.has_lists()) return;
    s_.towers.probe(context_.query(), [&](uint32_t video, float score) {
      if (score >= finds_.coarse.bound() && pool_.contains(video))
        finds_.coarse.offer(score, video);
    });
  }

  void take_found() {
    for (const auto& coarse : finds_.coarse.best()) {
      finds_.personal.offer(s_.towers.score(context_.query(), coarse.index), coarse.index);
    }
    take_all(finds_.personal, log::v1::SOURCE_PERSONAL);
    take_all(finds_.match, log::v1::SOURCE_MATCH);
    take_all(finds_.followed, log::v1::SOURCE_FOLLOWED);
    take_liked_by_followed();
    take_of_sounds();
    take_co_watched();
    take_trending_in_region();
    take_all(finds_.trending_spoken, log::v1::SOURCE_TRENDING);
    take_all(finds_.trending, log::v1::SOURCE_TRENDING);
    take_all(finds_.fresh, log::v1::SOURCE_FRESH);
    for (const auto& best : finds_.champions.best()) {
      const bool met = c_.met().contains(best.index);
      take(best.index, met ? log::v1::SOURCE_TRENDING : log::v1::SOURCE_FRESH);
    }
  }

  void take_at_random(size_t count, base::Rng& rng) {
    const size_t size = pool_.count();
    if (size <= out_.candidates.size() + count) {
      for (size_t w = 0; w < pool_.words().size(); ++w) {
        // Ascending.
        for (uint64_t word = pool_.words()[w]; word != 0; word &= word - 1) {
          take(static_cast<uint32_t>(w * VideoSet::kWord) +
                   static_cast<uint32_t>(std::countr_zero(word)),
               log::v1::SOURCE_EXPLORATION);
        }
      }
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      take(pool_.nth(rng.below(size)), log::v1::SOURCE_EXPLORATION);
    }
  }

  CandidateSet finish() { return std::move(out_); }

 private:
  static constexpr size_t kBlockWords = 16;
  static constexpr size_t kBlock = kBlockWords * VideoSet::kWord;

  // Visits the videos of `among` with a key of at least bound(), as it was when their block began.
  // keys(from, size): those of `size` videos, from that one on.
  template <typename Keys, typename Bound, typename Visit>
  void for_each_that_reaches(std::span<const uint64_t> among, Keys keys, Bound bound,
                             Visit visit) const {
    std::array<uint64_t, kBlockWords> reach;
    for (size_t block = (among.size() + kBlockWords - 1) / kBlockWords; block-- > 0;) {
      const size_t first = block * kBlockWords;
      const size_t words = std::min(kBlockWords, among.size() - first);
      const size_t from = first * VideoSet::kWord;
      kernels::at_least(keys(from, std::min(kBlock, c_.size() - from)), bound(),
                        std::span(reach).first(words));
      for (size_t w = words; w-- > 0;) {
        features::for_each_of_word(first + w, reach[w] & among[first + w], visit);
      }
    }
  }

  void offer_personal() {
    if (context_.liked().videos().empty() || s_.towers.has_lists()) return;
    scratch_.scores.resize(c_.size());
    s_.towers.scan(context_.query(), scratch_.scores);
    const std::span<const float> scores(scratch_.scores);
    for_each_that_reaches(
        pool_.words(), [&](size_t from, size_t size) { return scores.subspan(from, size); },
        [&] { return finds_.coarse.bound(); },
        [&](uint32_t v) { finds_.coarse.offer(scores[v], v); });
  }

  void offer_match() {
    const Spread::Values leaning = leanings(context_, s_.bundle.value);
    if (leaning.empty() && context_.authors().empty()) return;
    const Spread by_topic(scratch_.by_topic, leaning, c_.topics().size(), 1);
    const Spread by_author(scratch_.by_author, context_.authors(), c_.authors().size(),
                           s_.bundle.value.author_affinity);
    const float network =
        c_.network_rate(features::Event::kFinish, s_.bundle.head(Head::kFinish).prior);
    std::array<float, kBlock> keys;
    auto key_block = [&](size_t from, size_t size) {
      const std::span<float> block = std::span(keys).first(size);
      std::fill(block.begin(), block.end(), 0.0f);
      kernels::add_looked_up(by_author.values(), c_.author_indices().subspan(from, size), block);
      kernels::add_looked_up(by_topic.values(), c_.main_topics().subspan(from, size), block);
      const auto quality = c_.quality().subspan(from, size);
      for (size_t i = 0; i < size; ++i) {
        const float affinity = block[i];
        const float key = affinity + kQualityWeight * (quality[i] - network);
        block[i] = affinity > 0 ? key : kNever;
      }
      return std::span<const float>(block);
    };
    for_each_that_reaches(
        pool_.words(), key_block, [&] { return finds_.match.bound(); },
        [&](uint32_t v) { finds_.match.offer(keys[v % kBlock], v); });
  }

  void offer_followed() {
    if (context_.viewer() == nullptr || context_.viewer()->follows.empty()) return;
    const auto authors = c_.author_indices();
    const auto published = c_.published_us();
    for_each(pool_, [&](uint32_t v) {
      if (context_.follows(authors[v])) finds_.followed.offer(published[v], v);
    });
  }

  // Of the network, and of those whose language the viewer knows.
  void offer_trending() {
    const auto trend = c_.trend_keys();
    for_each_that_reaches(
        c_.met().words(), [&](size_t from, size_t size) { return trend.subspan(from, size); },
        [&] { return std::min(finds_.trending.bound(), finds_.trending_spoken.bound()); },
        [&](uint32_t v) {
          if (!pool_.contains(v)) return;
          finds_.trending.offer(trend[v], v);
          if (trend[v] >= finds_.trending_spoken.bound() && speaks(c_.video(v), context_)) {
            finds_.trending_spoken.offer(trend[v], v);
          }
        });
  }

  // Of each topic.
  void offer_champions() {
    struct Champion {
      double trend = std::numeric_limits<double>::lowest();
      uint32_t video = kNoIndex;
    };
    std::vector<Champion> champions(c_.topics().size());
    const auto topics = c_.main_topics();
    const auto trend = c_.trend_keys();
    for_each(pool_, [&](uint32_t v) {
      if (topics[v] == kNoIndex) return;
      Champion& so_far = champions[topics[v]];
      // The last of equals has the smallest index.
      if (trend[v] >= so_far.trend) so_far = {trend[v], v};
    });
    for (const Champion& of_topic : champions) {
      if (of_topic.video != kNoIndex) finds_.champions.offer(of_topic.trend, of_topic.video);
    }
  }

  void offer_fresh() {
    const auto pool = pool_.words();
    const auto fresh = c_.fresh().words();
    const auto published = c_.published_us();
    for (size_t w = pool.size(); w-- > 0;) {
      features::for_each_of_word(w, pool[w] & fresh[w],
                                 [&](uint32_t v) { finds_.fresh.offer(published[v], v); });
    }
  }

  void take_co_watched() {
    for (const auto& [video, strength] : s_.co_watch.neighbours_of(context_.liked())) {
      if (pool_.contains(video)) finds_.co_watched.offer(strength, video);
    }
    take_all(finds_.co_watched, log::v1::SOURCE_CO_WATCH);
  }

  void take_liked_by_followed() {
    uint32_t room = s_.bundle.candidates.liked_by_followed;
    for (const auto& liked : request_.liked_by_followed()) {
      if (room == 0) return;
      const auto video = c_.find_video(liked.video_id());
      if (!video || !pool_.contains(*video)) continue;
      take(*video, log::v1::SOURCE_LIKED_BY_FOLLOWED);
      --room;
    }
  }

  // The more of the latest likes have the sound the better, then by quality.
  void take_of_sounds() {
    std::vector<std::pair<uint64_t, uint32_t>> sounds;  // with how many likes have it
    const auto likes = context_.liked().videos();
    for (uint32_t video : likes.last(std::min(likes.size(), kSoundLikesMax))) {
      const uint64_t sound = c_.video(video).sound_id;
      if (sound == 0) continue;
      auto at = std::find_if(sounds.begin(), sounds.end(),
                             [sound](const auto& known) { return known.first == sound; });
      if (at == sounds.end()) at = sounds.insert(at, {sound, 0});
      ++at->second;
    }
    for (const auto& [sound, count] : sounds) {
      const auto videos = s_.sounds.videos_of(sound);
      for (uint32_t video : videos.last(std::min(videos.size(), kSoundVideosMax))) {
        if (!pool_.contains(video)) continue;
        finds_.sound.offer(static_cast<float>(count) + c_.quality()[video], video);
      }
    }
    take_all(finds_.sound, log::v1::SOURCE_SOUND);
  }

  void take_trending_in_region() {
    for (const auto& trend : s_.regional_trends.of(region_of(request_.region()))) {
      if (trend.finishes < RegionalTrends::kFinishesMin) continue;
      if (!pool_.contains(trend.video)) continue;
      finds_.trending_region.offer(trend.key, trend.video);
    }
    take_all(finds_.trending_region, log::v1::SOURCE_TRENDING_REGION);
  }

  void take(uint32_t video, log::v1::Source source) {
    if (scratch_.taken.contains(video)) return;
    scratch_.taken.insert(video);
    out_.candidates.push_back({video, source});
  }
  template <typename Key>
  void take_all(TopK<Key>& found, log::v1::Source source) {
    for (const auto& best : found.best()) take(best.index, source);
  }

  const View& s_;
  const Catalogue& c_;
  const features::ViewerContext& context_;
  const log::v1::FeedRequest& request_;
  Scratch& scratch_;
  const VideoSet& pool_;
  Finds& finds_;
  CandidateSet out_;
};

}  // namespace

void Finds::begin(const Bundle::Candidates& limits) {
  coarse.begin(2 * limits.personal);
  personal.begin(limits.personal);
  match.begin(limits.match);
  followed.begin(limits.followed);
  sound.begin(limits.sound);
  co_watched.begin(limits.co_watch);
  trending_region.begin(limits.trending_region);
  trending_spoken.begin(limits.trending / 2);
  trending.begin(limits.trending - limits.trending / 2);
  fresh.begin(limits.fresh);
  champions.begin(limits.topic_champions);
}

bool is_servable(const View& s, const features::ViewerContext& context, uint32_t video) {
  if (!s.catalogue.eligible().contains(video)) return false;
  const features::Viewer* viewer = context.viewer();
  if (viewer == nullptr) return true;
  if (viewer->seen.contains(s.catalogue.original(video))) return false;
  const auto& v = s.catalogue.video(video);
  const auto& authors = viewer->blocked_authors;
  if (std::find(authors.begin(), authors.end(), v.author) != authors.end()) return false;
  Wanted wanted(viewer);
  if (!wanted.all() && !wanted.passes(s.catalogue, video)) return false;
  auto topics = v.topic_list();
  return std::none_of(topics.begin(), topics.end(),
                      [&](uint32_t t) { return context.asked_level(t) == -1.0f; });
}

CandidateSet gather(const View& s, const features::ViewerContext& context,
                    const log::v1::FeedRequest& request, std::span<const uint32_t> barred,
                    base::Rng& rng, Scratch& scratch) {
  Gathering gathering(s, context, request, barred, scratch);
  gathering.scan();
  gathering.probe();
  gathering.take_found();
  gathering.take_at_random(s.bundle.candidates.exploration, rng);
  return gathering.finish();
}

}  // namespace rondo::recommender::retrieval
