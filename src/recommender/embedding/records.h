// The memory of an embedding table: one record of fixed size for each id, in blocks that never
// move, so that growth copies nothing and a pointer into a record lasts as long as its id.
//
// Two pools: candidates (ids that are counted, without numbers yet) and rows (ids with numbers,
// which lie right behind what is known of the id, so that one lookup reads one place). A handle
// names a record; its top bit tells the pool.
//
// Each record has a mark, kept apart from it: one bit, so that clearing all of them is a short pass
// over 128 KB a million. Not thread safe. Misuse (a handle that was given back) is a bug of the
// caller and is not looked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "recommender/embedding/memory.h"

namespace rondo::recommender::embedding {

using Handle = uint32_t;
inline constexpr Handle kNoHandle = UINT32_MAX;

// What is known of an id, in 20 bytes. The id is in two halves so that nothing is padded.
struct Meta {
  uint32_t id_halves[2];
  uint32_t count;
  uint32_t last_s;
  uint32_t turn;  // its place in the order of expiry

  uint64_t id() const {
    uint64_t id;
    std::memcpy(&id, id_halves, sizeof id);
    return id;
  }
  void set_id(uint64_t id) { std::memcpy(id_halves, &id, sizeof id); }
};
static_assert(sizeof(Meta) == 20 && alignof(Meta) == 4);

class RecordPool {
 public:
  explicit RecordPool(size_t record_bytes) : record_bytes_(record_bytes) {}

  size_t record_bytes() const { return record_bytes_; }
  std::byte* at(uint32_t number) const {
    return blocks_[number / kBlockRecords].get() + (number % kBlockRecords) * record_bytes_;
  }
  // The contents of a new record are whatever was there.
  uint32_t take();
  // Zeroes it: what is erased must not be found in memory later.
  void give_back(uint32_t number);

  bool marked(uint32_t number) const { return (marks_[number / 64] >> (number % 64) & 1) != 0; }
  void mark(uint32_t number) { marks_[number / 64] |= uint64_t{1} << (number % 64); }
  void unmark(uint32_t number) { marks_[number / 64] &= ~(uint64_t{1} << (number % 64)); }
  void unmark_all();

 private:
  // A block takes memory page by page, as it fills.
  static constexpr uint32_t kBlockRecords = 1 << 17;
  static constexpr uint32_t kNone = UINT32_MAX;

  size_t record_bytes_;
  std::vector<Memory> blocks_;
  std::vector<uint64_t> marks_;
  uint32_t used_ = 0;
  uint32_t free_ = kNone;  // the first of a chain through the free records
};

class Records {
 public:
  explicit Records(size_t stride)
      : candidates_(sizeof(Meta)), rows_(sizeof(Meta) + stride * sizeof(float)) {}

  size_t row_bytes() const { return rows_.record_bytes(); }
  static bool is_row(Handle handle) { return (handle & kCandidate) == 0; }
  Meta& meta(Handle handle) const {
    std::byte* at = is_row(handle) ? rows_.at(handle) : candidates_.at(handle & ~kCandidate);
    return *reinterpret_cast<Meta*>(at);
  }
  // Of a row: its numbers, uninitialised at first.
  float* values(Handle row) const { return reinterpret_cast<float*>(rows_.at(row) + sizeof(Meta)); }

  Handle take_candidate() { return candidates_.take() | kCandidate; }
  Handle take_row() { return rows_.take(); }
  void give_back(Handle handle);

  bool marked(Handle handle) const;
  void mark(Handle handle);
  void unmark_all();

 private:
  static constexpr Handle kCandidate = Handle{1} << 31;
  RecordPool candidates_;
  RecordPool rows_;
};

}  // namespace rondo::recommender::embedding
