#include "stream/embedded/log_format.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "stream/stream.h"

namespace rondo::stream {

namespace {

constexpr char kMessage = 'm';
constexpr char kEnd = 'e';
constexpr char kFirst = 'f';
constexpr size_t kMessageKeyBytes = 1 + 2 * sizeof(uint64_t);

std::string partition_key(char kind, PartitionId partition) {
  std::string key(1, kind);
  base::append_be64(key, partition.value());
  return key;
}

}  // namespace

std::string message_key(PartitionId partition, Offset offset) {
  std::string key = partition_key(kMessage, partition);
  base::append_be64(key, offset.value());
  return key;
}
std::string end_key(PartitionId partition) { return partition_key(kEnd, partition); }
std::string first_key(PartitionId partition) { return partition_key(kFirst, partition); }

Result<Offset> offset_of_key(PartitionId partition, std::string_view key) {
  if (key.size() != kMessageKeyBytes || !key.starts_with(partition_key(kMessage, partition))) {
    return base::corrupt("a key of the log is not a message's");
  }
  return Offset(base::read_be64(key.data() + 1 + sizeof(uint64_t)));
}

std::string encode_message(std::string_view key, const MessageValue& value) {
  std::string body;
  body.reserve(sizeof(uint64_t) + sizeof(uint32_t) + value.id.size() + value.payload.size());
  base::ByteWriter writer(body);
  writer.put(value.appended_us);
  writer.put_string(value.id);
  writer.put_bytes(value.payload);
  std::string bytes;
  bytes.reserve(sizeof(uint32_t) + body.size());
  base::ByteWriter(bytes).put(base::crc32c(body, base::crc32c(key, 0)));
  return bytes += body;
}

Result<MessageValue> decode_message(std::string_view key, std::string_view bytes) {
  base::ByteReader reader(bytes);
  RD_TRY(uint32_t checksum, reader.get<uint32_t>());
  if (checksum != base::crc32c(reader.rest(), base::crc32c(key, 0))) {
    return base::corrupt("a message of the log does not match its checksum");
  }
  MessageValue value;
  RD_TRY(value.appended_us, reader.get<uint64_t>());
  RD_TRY(value.id, reader.get_string(kMessageIdBytesMax));
  value.payload = reader.rest();
  return value;
}

std::string encode_mark(const Mark& mark) {
  std::string bytes;
  base::ByteWriter writer(bytes);
  writer.put(mark.offset.value());
  writer.put(mark.bytes_before);
  return bytes;
}

Result<Mark> decode_mark(std::string_view bytes) {
  base::ByteReader reader(bytes);
  RD_TRY(uint64_t offset, reader.get<uint64_t>());
  RD_TRY(uint64_t bytes_before, reader.get<uint64_t>());
  if (!reader.empty()) return base::corrupt("a mark of the log is longer than a mark");
  return Mark{Offset(offset), bytes_before};
}

}  // namespace rondo::stream
