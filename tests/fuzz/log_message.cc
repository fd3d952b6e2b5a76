// A stored message and a stored mark of foreign bytes: what decodes encodes to the same bytes.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"
#include "stream/embedded/log_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rondo;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string key = stream::message_key(PartitionId(1), Offset(2));
  auto value = stream::decode_message(key, bytes);
  if (value.ok() && stream::encode_message(key, *value) != bytes) std::abort();
  // Behind a checksum that fits, which chance does not find.
  std::string checked;
  base::ByteWriter(checked).put(base::crc32c(bytes, base::crc32c(key, 0)));
  checked += bytes;
  auto inner = stream::decode_message(key, checked);
  if (inner.ok() && stream::encode_message(key, *inner) != checked) std::abort();
  auto mark = stream::decode_mark(bytes);
  if (mark.ok() && stream::encode_mark(*mark) != bytes) std::abort();
  auto offset = stream::offset_of_key(PartitionId(1), bytes);
  if (offset.ok() && stream::message_key(PartitionId(1), *offset) != bytes) std::abort();
  return 0;
}
