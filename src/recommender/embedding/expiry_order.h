// The ids of a table by their last occurrence, the longest ago first (ties: the smaller id): a heap
// of four children a node, whose entries know their place, so that an id can be moved or taken out.
// Exact at all times: no call does more than one walk along the height of the heap (12 levels at 16
// million ids), and what comes first depends on the ids and times alone.
//
// To occur again moves an id towards the leaves, where three of four already are: most touches end
// at the first look. Handles are 4 bytes and lie in blocks, so that growth copies nothing.
// The records are the table's, given to each call. Not thread safe.
#pragma once

#include <vector>

#include "recommender/embedding/records.h"

namespace rondo::recommender::embedding {

class ExpiryOrder {
 public:
  uint32_t size() const { return size_; }
  Handle operator[](uint32_t turn) const { return *at(turn); }
  // Requires size() > 0.
  Handle first() const { return (*this)[0]; }

  void insert(const Records& records, Handle handle);
  void erase(const Records& records, Handle handle);
  // After its time has grown.
  void later(const Records& records, Handle handle) {
    sink(records, handle, records.meta(handle).turn);
  }
  // After a record has moved: `handle` has the turn of the one that it stands for now.
  void replace(const Records& records, Handle handle) { set(records.meta(handle).turn, handle); }

 private:
  static constexpr uint32_t kBlock = 1 << 16;
  static constexpr uint32_t kChildren = 4;

  static bool before(const Meta& a, const Meta& b) {
    return a.last_s != b.last_s ? a.last_s < b.last_s : a.id() < b.id();
  }
  Handle* at(uint32_t turn) const {
    return reinterpret_cast<Handle*>(blocks_[turn / kBlock].get()) + turn % kBlock;
  }
  void set(uint32_t turn, Handle handle) { *at(turn) = handle; }
  void place(const Records& records, uint32_t turn, Handle handle) {
    set(turn, handle);
    records.meta(handle).turn = turn;
  }
  // From the hole at `turn`, towards the root or the leaves.
  void rise(const Records& records, Handle handle, uint32_t turn);
  void sink(const Records& records, Handle handle, uint32_t turn);

  std::vector<Memory> blocks_;
  uint32_t size_ = 0;
};

}  // namespace rondo::recommender::embedding
