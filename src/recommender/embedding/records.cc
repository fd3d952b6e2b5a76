#include "recommender/embedding/records.h"

#include <algorithm>

namespace rondo::recommender::embedding {

uint32_t RecordPool::take() {
  if (free_ != kNone) {
    uint32_t number = free_;
    std::memcpy(&free_, at(number), sizeof free_);
    return number;
  }
  if (used_ % kBlockRecords == 0) {
    // Not zeroed: a block's pages are touched as its records are, not all in one insert.
    blocks_.push_back(allocate(kBlockRecords * record_bytes_));
    marks_.resize(marks_.size() + kBlockRecords / 64, 0);
  }
  return used_++;
}

void RecordPool::give_back(uint32_t number) {
  unmark(number);
  std::memset(at(number), 0, record_bytes_);
  std::memcpy(at(number), &free_, sizeof free_);
  free_ = number;
}

void RecordPool::unmark_all() { std::fill(marks_.begin(), marks_.end(), 0); }

void Records::give_back(Handle handle) {
  if (is_row(handle)) {
    rows_.give_back(handle);
  } else {
    candidates_.give_back(handle & ~kCandidate);
  }
}

bool Records::marked(Handle handle) const {
  return is_row(handle) ? rows_.marked(handle) : candidates_.marked(handle & ~kCandidate);
}

void Records::mark(Handle handle) {
  if (is_row(handle)) {
    rows_.mark(handle);
  } else {
    candidates_.mark(handle & ~kCandidate);
  }
}

void Records::unmark_all() {
  candidates_.unmark_all();
  rows_.unmark_all();
}

}  // namespace rondo::recommender::embedding
