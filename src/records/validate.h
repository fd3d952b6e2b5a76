// The bounds that every record keeps. Checked twice: before a record is appended, and by whoever
// folds bytes that others wrote. A record that passes has a size far below an envelope's limit.
// Free functions without state: thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "rondo/log/v1/record.pb.h"

namespace rondo::records {

inline constexpr size_t kTopicsMax = 8;
inline constexpr size_t kTopicBytesMax = 64;
inline constexpr size_t kLanguageBytesMax = 8;  // BCP 47 primary subtag
inline constexpr size_t kNameBytesMax = 64;     // versions, codes, names of terms and reasons
inline constexpr size_t kEventIdBytesMax = 16;
inline constexpr uint32_t kPageSlotsMax = 32;
inline constexpr size_t kHeldMax = 64;
inline constexpr size_t kExcludeMax = 64;
inline constexpr size_t kLikedByFollowedMax = 32;
inline constexpr size_t kTermsMax = 32;    // a slot
inline constexpr size_t kReasonsMax = 16;  // a slot
inline constexpr size_t kLearnedMax = 32;  // a page
inline constexpr uint32_t kDurationMsMax = 24 * 3'600'000;
inline constexpr uint32_t kWatchMsMax = 24 * 3'600'000;
inline constexpr uint32_t kLoopsMax = 100'000;
inline constexpr size_t kVideoWordsMax = 128;
inline constexpr size_t kTopicLevelsMax = 64;  // a viewer
inline constexpr int32_t kLevelMax = 100;
inline constexpr int32_t kLevelNever = -100;  // hides the topic
inline constexpr size_t kMutedMax = 64;       // phrases a viewer
inline constexpr size_t kMutedBytesMax = 64;
inline constexpr size_t kMutedWordsMax = 16;  // a phrase
inline constexpr uint32_t kPartitionsMax = 64;
inline constexpr size_t kDeltasPerTickMax = 4;
inline constexpr size_t kDeltaBytesMax = 1000 << 10;  // of a body: within an envelope's limit

// 1..64 bytes of UTF-8 without ASCII capitals, blanks, control characters or '#': what catalogue's
// normalisation of a hashtag gives.
bool is_normalised_topic(std::string_view topic);
// 1..64 bytes of such words, a blank between two: what catalogue's normalisation of a muted phrase
// gives.
bool is_normalised_phrase(std::string_view text);
// "" (unknown), or 2..8 of a-z.
bool is_language(std::string_view language);

// invalid, with the field that is to blame in field() and the value beside its limit.
Result<void> validate(const log::v1::Record& record);
// The same for a request that is about to be ranked.
Result<void> validate(const log::v1::FeedRequest& request);

}  // namespace rondo::records
