// Keys and values of the embedded log inside RocksDB, as docs/formats/log.md describes them.
//
// Stored bytes are foreign bytes: decoding checks everything, and answers corrupt.
// Free functions: thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace rondo::stream {

std::string message_key(PartitionId partition, Offset offset);
std::string end_key(PartitionId partition);
std::string first_key(PartitionId partition);

// The offset in a message's key, of this partition; corrupt when it is no such key.
Result<Offset> offset_of_key(PartitionId partition, std::string_view key);

struct MessageValue {
  uint64_t appended_us = 0;
  std::string_view id;
  std::string_view payload;
};

// The checksum covers the key too, so that a value in a wrong place is found.
std::string encode_message(std::string_view key, const MessageValue& value);
// The views are into `bytes`.
Result<MessageValue> decode_message(std::string_view key, std::string_view bytes);

// An offset and the payload bytes before it, summed since the partition began. Two of them, at the
// first and the end, give the bytes kept.
struct Mark {
  Offset offset;
  uint64_t bytes_before = 0;
};
std::string encode_mark(const Mark& mark);
Result<Mark> decode_mark(std::string_view bytes);

}  // namespace rondo::stream
