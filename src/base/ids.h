// Strong ids: 64-bit integers that do not mix. Random ones are made by base::SecureRandom; in text
// (URLs, JSON) an id is 13 characters of Crockford base32, lower case.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rondo {

template <typename Tag>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(uint64_t value) : value_(value) {}
  constexpr uint64_t value() const { return value_; }
  constexpr bool is_zero() const { return value_ == 0; }
  constexpr auto operator<=>(const StrongId&) const = default;

 private:
  uint64_t value_ = 0;
};

using AccountId = StrongId<struct AccountTag>;
// Who watches, as the log and the engine know them: random, unlinked to the account but by the
// accounts database. Authors are named by the same kind of id.
using EngineId = StrongId<struct EngineTag>;
using VideoId = StrongId<struct VideoTag>;
using UploadId = StrongId<struct UploadTag>;
using JobId = StrongId<struct JobTag>;
// Position of a record in its partition, from 0 without gaps.
using Offset = StrongId<struct OffsetTag>;
using PartitionId = StrongId<struct PartitionTag>;

namespace base {

// 13 characters of Crockford base32 (0-9, a-z without i, l, o, u), most significant first.
std::string id_to_text(uint64_t value);
// invalid when `text` is not exactly such a text. Upper case is accepted.
Result<uint64_t> id_from_text(std::string_view text);

}  // namespace base

template <typename Tag>
std::string to_text(StrongId<Tag> id) {
  return base::id_to_text(id.value());
}
template <typename Id>
Result<Id> id_from_text(std::string_view text) {
  RD_TRY(uint64_t value, base::id_from_text(text));
  return Id(value);
}

}  // namespace rondo

template <typename Tag>
struct std::hash<rondo::StrongId<Tag>> {
  size_t operator()(rondo::StrongId<Tag> id) const noexcept {
    uint64_t x = id.value() * 0x9E3779B97F4A7C15u;
    return static_cast<size_t>(x ^ (x >> 32));
  }
};
