// Names a served page: where its Served record stands, and the record's nonce, so that page ids
// cannot be guessed. In text: 27 characters of base64url over 20 bytes (docs/formats/log.md).
// Plain values: thread safe.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace rondo::records {

struct PageId {
  PartitionId partition;  // below 2^32
  Offset offset;
  uint64_t nonce = 0;

  auto operator<=>(const PageId&) const = default;
};

inline constexpr size_t kPageIdCharacters = 27;

std::string to_text(const PageId& id);
// invalid unless `text` is exactly what to_text gives for some id.
Result<PageId> parse_page_id(std::string_view text);

}  // namespace rondo::records
