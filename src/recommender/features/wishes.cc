#include "recommender/features/wishes.h"

#include <algorithm>

#include "recommender/features/word_lists.h"

namespace rondo::recommender::features {

bool Wishes::set_level(std::string_view topic, int32_t level) {
  if (topic.empty() || topic.size() > kTopicBytesMax) return false;
  if (level < kLevelNever || level > kLevelMax) return false;
  auto at = std::find_if(levels.begin(), levels.end(),
                         [topic](const TopicLevel& l) { return l.topic == topic; });
  if (level == 0) {
    if (at != levels.end()) levels.erase(at);
    return true;
  }
  if (at == levels.end()) {
    if (levels.size() >= kTopicLevelsMax) return false;
    at = levels.insert(at, TopicLevel{std::string(topic), 0});
  }
  at->level = static_cast<int8_t>(level);
  return true;
}

void Wishes::turn_down(std::string_view topic) {
  if (set_level(topic, kLevelNever) || levels.empty()) return;
  levels.erase(levels.begin());
  set_level(topic, kLevelNever);
}

void Wishes::forgive() {
  std::erase_if(levels, [](const TopicLevel& l) { return l.level == kLevelNever; });
}

bool Wishes::mute(std::string_view text, std::span<const uint32_t> words) {
  if (text.empty() || text.size() > kMutedBytesMax) return false;
  if (words.empty() || words.size() > kMutedWordsMax || !strictly_ascending(words)) return false;
  bool there = std::any_of(muted.begin(), muted.end(),
                           [text](const MutedPhrase& m) { return m.text == text; });
  if (there) return true;
  if (muted.size() >= kMutedMax) return false;
  muted.push_back({std::string(text), {words.begin(), words.end()}});
  return true;
}

void Wishes::unmute(std::string_view text) {
  std::erase_if(muted, [text](const MutedPhrase& m) { return m.text == text; });
}

Mute::Mute(std::span<const MutedPhrase> phrases) : phrases_(phrases) {
  for (const MutedPhrase& phrase : phrases_) firsts_ |= bit(phrase.words.front());
}

bool Mute::hides(std::span<const uint32_t> words) const {
  for (uint32_t word : words) {
    if ((firsts_ & bit(word)) == 0) continue;
    for (const MutedPhrase& phrase : phrases_) {
      if (phrase.words.front() != word) continue;
      // Both ascend.
      if (std::includes(words.begin(), words.end(), phrase.words.begin(), phrase.words.end())) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace rondo::recommender::features
