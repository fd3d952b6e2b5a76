#include "records/page_id.h"

#include <limits>

#include "base/bytes.h"

namespace rondo::records {

namespace {

constexpr size_t kBytes = sizeof(uint32_t) + 2 * sizeof(uint64_t);

}  // namespace

std::string to_text(const PageId& id) {
  RD_ASSERT(id.partition.value() <= std::numeric_limits<uint32_t>::max());
  std::string bytes;
  base::ByteWriter writer(bytes);
  writer.put(static_cast<uint32_t>(id.partition.value()));
  writer.put(id.offset.value());
  writer.put(id.nonce);
  return base::to_base64url(bytes);
}

Result<PageId> parse_page_id(std::string_view text) {
  if (text.size() != kPageIdCharacters) {
    return base::invalid("a page id has " + std::to_string(kPageIdCharacters) +
                         " characters; this one has " + std::to_string(text.size()) +
                         ": take the page_id of a feed's answer")
        .with_field("page_id");
  }
  auto bytes = base::from_base64(text);
  // Encoded again it must be the same, so that a page has one id: base64 leaves two bits unused,
  // and the decoder also takes the other alphabet and padding.
  if (!bytes.ok() || bytes->size() != kBytes || base::to_base64url(*bytes) != text) {
    return base::invalid("this is not a page id: it must be base64url as a feed gave it")
        .with_field("page_id");
  }
  base::ByteReader reader(*bytes);
  RD_TRY(uint32_t partition, reader.get<uint32_t>());
  RD_TRY(uint64_t offset, reader.get<uint64_t>());
  RD_TRY(uint64_t nonce, reader.get<uint64_t>());
  return PageId{PartitionId(partition), Offset(offset), nonce};
}

}  // namespace rondo::records
