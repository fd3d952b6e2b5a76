// What a viewer has asked for in so many words: levels of topics, muted phrases, sounds turned
// down. Unlike an affinity it does not fade and is not learned: it holds until the viewer changes
// it.
//
// Plain data, bounded: entries beyond a limit are not taken, except that a topic turned down from a
// video displaces the oldest level. Oldest first. Bytes: 40 a level and 56 a phrase, beside texts
// of more than 15 bytes and 4 a word; nothing for who has not asked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::recommender::features {

inline constexpr size_t kTopicBytesMax = 100;
inline constexpr size_t kTopicLevelsMax = 64;
inline constexpr size_t kMutedMax = 64;
inline constexpr size_t kMutedBytesMax = 64;
inline constexpr size_t kMutedWordsMax = 16;  // a phrase
inline constexpr int8_t kLevelNever = -100;   // hides the topic
inline constexpr int8_t kLevelMax = 100;

// By name: a topic may be asked about before any video has it, and takes no room in the catalogue.
struct TopicLevel {
  std::string topic;
  int8_t level = 0;  // -100..100, never 0
};

struct MutedPhrase {
  std::string text;             // as the viewer reads it
  std::vector<uint32_t> words;  // hashes, ascending, at least one
};

struct Wishes {
  std::vector<TopicLevel> levels;
  std::vector<MutedPhrase> muted;

  // 0 takes the level away. False, and nothing changed, when there is no room or the level is none.
  bool set_level(std::string_view topic, int32_t level);
  // Level "never"; the oldest level makes room.
  void turn_down(std::string_view topic);
  // The topics at level "never" may come again.
  void forgive();
  // False when there is no room, or the words are none (over a limit, not ascending).
  bool mute(std::string_view text, std::span<const uint32_t> words);
  void unmute(std::string_view text);
};

// Muted phrases, made ready to be held against many videos. Refers to the phrases.
class Mute {
 public:
  explicit Mute(std::span<const MutedPhrase> phrases);

  bool empty() const { return phrases_.empty(); }
  // Whether `words`, ascending, hold every word of a phrase.
  bool hides(std::span<const uint32_t> words) const;

 private:
  static uint64_t bit(uint32_t word) { return uint64_t{1} << (word & 63); }

  std::span<const MutedPhrase> phrases_;
  uint64_t firsts_ = 0;  // bits of the phrases' smallest words: most videos have none of them
};

}  // namespace rondo::recommender::features
