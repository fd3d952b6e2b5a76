#include "recommender/embedding/expiry_order.h"

#include <algorithm>

namespace rondo::recommender::embedding {

void ExpiryOrder::insert(const Records& records, Handle handle) {
  if (size_ == blocks_.size() * kBlock) {
    blocks_.push_back(allocate(kBlock * sizeof(Handle)));
  }
  rise(records, handle, size_++);
}

void ExpiryOrder::erase(const Records& records, Handle handle) {
  uint32_t turn = records.meta(handle).turn;
  Handle last = (*this)[--size_];
  if (last == handle) return;
  // The last one fills the hole, and may belong above or below it.
  if (before(records.meta(last), records.meta(handle))) {
    rise(records, last, turn);
  } else {
    sink(records, last, turn);
  }
}

void ExpiryOrder::rise(const Records& records, Handle handle, uint32_t turn) {
  const Meta& meta = records.meta(handle);
  while (turn > 0) {
    uint32_t parent = (turn - 1) / kChildren;
    Handle above = (*this)[parent];
    if (!before(meta, records.meta(above))) break;
    place(records, turn, above);
    turn = parent;
  }
  place(records, turn, handle);
}

void ExpiryOrder::sink(const Records& records, Handle handle, uint32_t turn) {
  const Meta& meta = records.meta(handle);
  while (uint64_t{turn} * kChildren + 1 < size_) {
    uint32_t child = turn * kChildren + 1;
    uint32_t end = std::min(child + kChildren, size_);
    uint32_t least = child;
    for (uint32_t i = child + 1; i < end; ++i) {
      if (before(records.meta((*this)[i]), records.meta((*this)[least]))) least = i;
    }
    Handle below = (*this)[least];
    if (!before(records.meta(below), meta)) break;
    place(records, turn, below);
    turn = least;
  }
  place(records, turn, handle);
}

}  // namespace rondo::recommender::embedding
