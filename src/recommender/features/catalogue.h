// What can be ranked: videos with their authors and topics, each with its decayed counters, named
// by dense indices in the order of first appearance (logical state: the log decides it).
//
// Beside the records stand flat arrays of what a scan over all videos reads. Bounded by the
// bundle's limits. Not thread safe.
//
// Bytes a video: the record 224 (counters 104, topics 32), its vector and biases in the ranker
// 4 x (dimensions + heads) = 104, the flat arrays 33, the indices of ids and looks ~80: 441. Its
// words are 8, and 4 each (~56 for a caption of twelve). Beside it a row of the ranker (40 + 4 x
// (dimensions + heads + 2) = 152), one of the towers with vector and code (343, towers.h), co-watch
// (540, co_watch.h): 1,476 in all with the built-in bundle, and its share of its author's and
// topics' (112 and ~150 each, with rows of their own).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "recommender/bundle.h"
#include "recommender/features/decayed_counters.h"
#include "recommender/features/video_set.h"
#include "recommender/features/wishes.h"
#include "recommender/features/word_lists.h"

namespace rondo::recommender::features {

inline constexpr size_t kTopicsPerVideoMax = 8;
inline constexpr size_t kLanguageBytesMax = 8;
inline constexpr uint32_t kNoIndex = UINT32_MAX;

struct Video {
  uint64_t id = 0;
  uint32_t author = 0;  // index
  uint32_t duration_ms = 0;
  std::array<uint32_t, kTopicsPerVideoMax> topics{};  // indices, the main one first
  uint8_t topic_count = 0;
  bool eligible = false;
  uint8_t stage = 0;                               // of exploration; 3 when done
  std::array<char, kLanguageBytesMax> language{};  // zero padded
  uint64_t sound_id = 0;
  uint64_t look_id = 0;  // near duplicates share one; 0: its own
  uint64_t published_us = 0;
  uint32_t impressions = 0;  // ever, for the exploration budget
  uint32_t outcomes = 0;     // ever
  uint32_t finishes = 0;     // ever
  DecayedCounters counters;

  std::span<const uint32_t> topic_list() const { return {topics.data(), topic_count}; }
  uint32_t main_topic() const { return topic_count == 0 ? kNoIndex : topics[0]; }
};

struct Author {
  uint64_t id = 0;
  DecayedCounters counters;
};

struct Topic {
  std::string name;
  uint64_t id = 0;  // of its rows: the start of the name's SHA-256, the same in every log
  DecayedCounters counters;
};

class Catalogue {
 public:
  explicit Catalogue(const Bundle& bundle) : bundle_(bundle) {}

  // As VideoPublished says; a later one for the same id wins, its counts and its look stay (what a
  // viewer has seen is named by it). False when a limit
  // is reached (a video whose topics do not fit any more is taken without them).
  struct Publication {
    uint64_t video_id;
    uint64_t author_id;
    uint32_t duration_ms;
    std::span<const std::string> topics;
    std::string_view language;
    uint64_t sound_id;
    uint64_t look_id = 0;
    uint64_t published_us;
    std::span<const uint32_t> words = {};  // hashes, ascending; what does not ascend counts as none
  };
  std::optional<uint32_t> publish(const Publication& publication, uint64_t now_us);

  std::optional<uint32_t> find_video(uint64_t id) const;
  std::optional<uint32_t> find_author(uint64_t id) const;
  std::optional<uint32_t> find_topic(std::string_view name) const;
  // The index of an author who may not have published yet; none at the limit.
  std::optional<uint32_t> intern_author(uint64_t id);

  size_t size() const { return contents_.videos.size(); }
  const Video& video(uint32_t index) const { return contents_.videos[index]; }
  const std::vector<Video>& videos() const { return contents_.videos; }
  const std::vector<Author>& authors() const { return contents_.authors; }
  const std::vector<Topic>& topics() const { return contents_.topics; }
  const DecayedCounters& network() const { return contents_.network; }

  // The first video that looks like this one; itself when nothing does. It never changes: to have
  // seen a video is to have seen its original.
  uint32_t original(uint32_t index) const { return originals_[index]; }
  // The videos that are not their own originals, ascending.
  std::span<const uint32_t> duplicates() const { return duplicates_; }

  void set_eligible(uint32_t index, bool eligible);
  // Counts `event` for the video, its author, its topics and the network.
  void count(uint32_t index, Event event, uint64_t now_us);
  // The same for events in another partition, in the order of Event, that happened about `at_us`.
  void add_counts(uint32_t index, const std::array<uint32_t, kEvents>& events, uint64_t at_us,
                  uint64_t now_us);
  // Whether a new video rests: its budget lasts, but this partition's share of it does not. Not in
  // a checkpoint: follows from what is.
  void set_resting(uint32_t index, bool resting);
  // What is left of the impressions of the video's stage; none when it is no longer new.
  std::optional<uint32_t> budget_left(uint32_t index) const;

  // The network's smoothed rate of an event among outcomes; `prior` while little is known.
  float network_rate(Event event, float prior) const;

  // What a scan reads, one entry a video.
  std::span<const uint32_t> main_topics() const { return main_topics_; }
  std::span<const uint32_t> author_indices() const { return author_indices_; }
  // Comparable between videos at any time: log2 of the fading merit, plus when it was that, in
  // half-lives (forward decay: Cormode et al., ICDE 2009).
  std::span<const double> trend_keys() const { return trend_keys_; }
  std::span<const float> quality() const { return quality_; }  // smoothed finish rate
  std::span<const uint64_t> published_us() const { return published_us_; }
  const VideoSet& eligible() const { return eligible_; }
  const VideoSet& fresh() const { return fresh_; }  // within its exploration budget, not resting
  const VideoSet& met() const { return met_; }      // has had an outcome
  // Hashes of what its caption and hashtags say, ascending.
  std::span<const uint32_t> words(uint32_t index) const { return contents_.words.of(index); }
  // All that is not derived, in order of index: what a checkpoint holds.
  struct Contents {
    std::vector<Video> videos;
    WordLists words;  // by video
    std::vector<Author> authors;
    std::vector<Topic> topics;
    DecayedCounters network;
  };
  const Contents& contents() const { return contents_; }
  // corrupt when an index or an id in it does not fit.
  Result<void> restore(Contents contents);
  // What is derived, again: after the bundle has changed.
  void rederive();

 private:
  std::optional<uint32_t> intern_topic(std::string_view name);
  void refresh(uint32_t index);
  void append_derived();
  void index_look(uint32_t index);
  void update_stage(Video& video);

  const Bundle& bundle_;
  Contents contents_;
  // Derived from the above.
  std::unordered_map<uint64_t, uint32_t> video_by_id_;
  std::unordered_map<uint64_t, uint32_t> author_by_id_;
  std::unordered_map<std::string, uint32_t> topic_by_name_;
  std::unordered_map<uint64_t, uint32_t> original_by_look_;
  std::vector<uint32_t> originals_;
  std::vector<uint32_t> duplicates_;
  std::vector<uint32_t> main_topics_;
  std::vector<uint32_t> author_indices_;
  std::vector<double> trend_keys_;
  std::vector<float> quality_;
  std::vector<uint64_t> published_us_;
  VideoSet eligible_;
  VideoSet fresh_;
  VideoSet met_;
  VideoSet resting_;
};

}  // namespace rondo::recommender::features
