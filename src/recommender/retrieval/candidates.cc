#include "recommender/retrieval/candidates.h"

#include <algorithm>
#include <limits>

namespace rondo::recommender::retrieval {
namespace {

using features::Catalogue;
using features::kNoIndex;

constexpr uint8_t kBarred = 1;
constexpr uint8_t kTaken = 2;        // in `Filter::videos`: a candidate already
constexpr uint8_t kRepresented = 4;  // of an original: one of its duplicates stands for it
// Tells equals of one topic apart in personal retrieval; too small to outweigh an affinity.
constexpr float kQualityWeight = 0.1f;
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

// What keeps a video out of the pool, one byte a video, topic and author.
struct Filter {
  std::vector<uint8_t>& videos;
  std::vector<uint8_t> topics;   // empty when none is turned down
  std::vector<uint8_t> authors;  // the same
  Wanted wanted;

  Filter(const Catalogue& catalogue, const features::ViewerContext& context,
         std::span<const uint32_t> barred, std::vector<uint8_t>& scratch)
      : videos(scratch), wanted(context.viewer()) {
    videos.assign(catalogue.size(), 0);
    for (uint32_t video : barred) {
      videos[video] |= kBarred;
      videos[catalogue.original(video)] |= kBarred;
    }
    if (context.viewer() != nullptr) read(catalogue, context);
    leave_one_of_each_look(catalogue);
  }

  void read(const Catalogue& catalogue, const features::ViewerContext& context) {
    const features::Viewer& viewer = *context.viewer();
    viewer.seen.mark(videos, kBarred);
    for (const auto& [topic, level] : context.asked()) {
      if (level != -1.0f) continue;
      if (topics.empty()) topics.assign(catalogue.topics().size(), 0);
      topics[topic] = 1;
    }
    if (!viewer.blocked_authors.empty()) authors.assign(catalogue.authors().size(), 0);
    for (uint32_t author : viewer.blocked_authors) authors[author] = 1;
  }

  // The original, or where that cannot be served, the first of its duplicates that can. None when
  // the original is barred: what is seen or held is named by it.
  void leave_one_of_each_look(const Catalogue& catalogue) {
    for (uint32_t duplicate : catalogue.duplicates()) {
      const uint32_t original = catalogue.original(duplicate);
      const bool stood_for =
          (videos[original] & (kBarred | kRepresented)) != 0 || can_serve(catalogue, original);
      if (stood_for) {
        videos[duplicate] |= kBarred;
      } else if (can_serve(catalogue, duplicate)) {
        videos[original] |= kRepresented;
      }
    }
  }

  bool can_serve(const Catalogue& catalogue, uint32_t video) const {
    return (catalogue.flags()[video] & Catalogue::kEligible) != 0 && passes(catalogue, video);
  }

  bool passes(const Catalogue& catalogue, uint32_t video) const {
    if ((videos[video] & kBarred) != 0) return false;
    if (!authors.empty() && authors[catalogue.author_indices()[video]] != 0) return false;
    if (!wanted.all() && !wanted.passes(catalogue, video)) return false;
    if (topics.empty()) return true;
    auto list = catalogue.video(video).topic_list();
    return std::none_of(list.begin(), list.end(), [this](uint32_t t) { return topics[t] != 0; });
  }
};

// Few values by index, laid out densely for a scan; all 0 again when it ends.
class Spread {
 public:
  using Values = std::vector<std::pair<uint32_t, float>>;
  Spread(std::vector<float>& dense, const Values& values, size_t size, float weight)
      : dense_(dense), values_(values) {
    if (dense_.size() < size) dense_.resize(size, 0.0f);
    for (const auto& [index, value] : values_) dense_[index] = weight * value;
  }
  ~Spread() {
    for (const auto& [index, value] : values_) dense_[index] = 0;
  }
  Spread(const Spread&) = delete;
  Spread& operator=(const Spread&) = delete;
  float operator[](size_t index) const { return dense_[index]; }

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

// The catalogue as one viewer may meet it, and the sources that read it.
class Gathering {
 public:
  Gathering(const View& s, const features::ViewerContext& context,
            const log::v1::FeedRequest& request, std::span<const uint32_t> barred, Scratch& scratch)
      : s_(s),
        c_(s.catalogue),
        context_(context),
        request_(request),
        scratch_(scratch),
        filter_(s.catalogue, context, barred, scratch.videos),
        finds_(scratch.finds) {
    finds_.begin(s.bundle.candidates);
  }

  // One pass over the catalogue: what may be served, and what each source makes of it. Newest
  // first, about: videos are known in the order of their publication, and offered oldest first each
  // would displace the one before.
  void scan() {
    const bool scans = !context_.liked().videos().empty() && !s_.towers.has_lists();
    if (scans) {
      scratch_.scores.resize(c_.size());
      s_.towers.scan(context_.query(), scratch_.scores);
    }
    const Spread::Values leaning = leanings(context_, s_.bundle.value);
    const bool has_affinities = !leaning.empty() || !context_.authors().empty();
    const Spread by_topic(scratch_.by_topic, leaning, c_.topics().size(), 1);
    const Spread by_author(scratch_.by_author, context_.authors(), c_.authors().size(),
                           s_.bundle.value.author_affinity);
    const float network =
        c_.network_rate(features::Event::kFinish, s_.bundle.head(Head::kFinish).prior);
    const bool has_follows = context_.viewer() != nullptr && !context_.viewer()->follows.empty();
    const auto flags = c_.flags();
    const auto topics = c_.main_topics();
    const auto authors = c_.author_indices();
    const auto quality = c_.quality();
    const auto trend = c_.trend_keys();
    const auto published = c_.published_us();
    struct Champion {
      double trend;
      uint32_t video = kNoIndex;
    };
    std::vector<Champion> champions(c_.topics().size());

    scratch_.pool.resize(c_.size());
    size_t first = c_.size();
    for (auto v = static_cast<uint32_t>(c_.size()); v-- > 0;) {
      const uint8_t flag = flags[v];
      if (!allowed(flag, v)) continue;
      scratch_.pool[--first] = v;
      if (scans) finds_.coarse.offer(scratch_.scores[v], v);
      const uint32_t topic = topics[v];
      const uint32_t author = authors[v];
      if (has_affinities) {
        const float affinity = by_author[author] + (topic == kNoIndex ? 0.0f : by_topic[topic]);
        if (affinity > 0) {
          finds_.match.offer(affinity + kQualityWeight * (quality[v] - network), v);
        }
      }
      if (has_follows && context_.follows(author)) finds_.followed.offer(published[v], v);
      if ((flag & Catalogue::kMet) != 0) {
        finds_.trending.offer(trend[v], v);
        if (finds_.trending_spoken.wants(trend[v]) && speaks(c_.video(v), context_)) {
          finds_.trending_spoken.offer(trend[v], v);
        }
      }
      if ((flag & Catalogue::kNew) != 0) finds_.fresh.offer(published[v], v);
      if (topic == kNoIndex) continue;
      Champion& so_far = champions[topic];
      // The last of equals has the smallest index.
      if (so_far.video == kNoIndex || trend[v] >= so_far.trend) so_far = {trend[v], v};
    }
    out_.pool = std::span<const uint32_t>(scratch_.pool).subspan(first);
    for (const Champion& of_topic : champions) {
      if (of_topic.video != kNoIndex) finds_.champions.offer(of_topic.trend, of_topic.video);
    }
  }

  // Personal retrieval where there are too many videos to score them all.
  void probe() {
    if (context_.liked().videos().empty() || !s_.towers.has_lists()) return;
    const auto flags = c_.flags();
    s_.towers.probe(context_.query(), [&](uint32_t video, float score) {
      if (finds_.coarse.wants(score) && allowed(flags[video], video)) {
        finds_.coarse.offer(score, video);
      }
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
      bool met = (c_.flags()[best.index] & Catalogue::kMet) != 0;
      take(best.index, met ? log::v1::SOURCE_TRENDING : log::v1::SOURCE_FRESH);
    }
  }

  void take_at_random(size_t count, base::Rng& rng) {
    if (out_.pool.size() <= out_.candidates.size() + count) {
      for (uint32_t v : out_.pool) take(v, log::v1::SOURCE_EXPLORATION);
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      take(out_.pool[rng.below(out_.pool.size())], log::v1::SOURCE_EXPLORATION);
    }
  }

  CandidateSet finish() { return std::move(out_); }

 private:
  bool allowed(uint8_t flags, uint32_t video) const {
    return (flags & Catalogue::kEligible) != 0 && filter_.passes(c_, video);
  }

  void take_co_watched() {
    const auto flags = c_.flags();
    for (const auto& [video, strength] : s_.co_watch.neighbours_of(context_.liked())) {
      if (allowed(flags[video], video)) finds_.co_watched.offer(strength, video);
    }
    take_all(finds_.co_watched, log::v1::SOURCE_CO_WATCH);
  }

  void take_liked_by_followed() {
    uint32_t room = s_.bundle.candidates.liked_by_followed;
    for (const auto& liked : request_.liked_by_followed()) {
      if (room == 0) return;
      const auto video = c_.find_video(liked.video_id());
      if (!video || !allowed(c_.flags()[*video], *video)) continue;
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
        if (!allowed(c_.flags()[video], video)) continue;
        finds_.sound.offer(static_cast<float>(count) + c_.quality()[video], video);
      }
    }
    take_all(finds_.sound, log::v1::SOURCE_SOUND);
  }

  void take_trending_in_region() {
    for (const auto& trend : s_.regional_trends.of(region_of(request_.region()))) {
      if (trend.finishes < RegionalTrends::kFinishesMin) continue;
      if (!allowed(c_.flags()[trend.video], trend.video)) continue;
      finds_.trending_region.offer(trend.key, trend.video);
    }
    take_all(finds_.trending_region, log::v1::SOURCE_TRENDING_REGION);
  }

  void take(uint32_t video, log::v1::Source source) {
    if ((filter_.videos[video] & kTaken) != 0) return;
    filter_.videos[video] |= kTaken;
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
  Filter filter_;
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
  if ((s.catalogue.flags()[video] & Catalogue::kEligible) == 0) return false;
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
