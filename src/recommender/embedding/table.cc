#include "recommender/embedding/table.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "base/result.h"

namespace rondo::recommender::embedding {

Table::Table(const TableOptions& options)
    : options_(options), stride_(options.dimensions + kHeads + 2), index_(64, 0) {}

size_t Table::home(uint64_t id) const { return base::mix64(id) & (index_.size() - 1); }

uint32_t Table::lookup(uint64_t id) const {
  for (size_t at = home(id); index_[at] != 0; at = (at + 1) & (index_.size() - 1)) {
    uint32_t meta = index_[at] - 1;
    if (metas_[meta].id == id) return meta;
  }
  return kNone;
}

const float* Table::find(uint64_t id) const {
  uint32_t meta = lookup(id);
  if (meta == kNone || metas_[meta].values == kNone) return nullptr;
  return values_at(metas_[meta].values);
}

ConstRow Table::view(const float* row) const {
  return {{row, options_.dimensions}, {row + options_.dimensions, kHeads}};
}

bool Table::occur(uint64_t id, uint32_t now_s) {
  uint32_t meta = lookup(id);
  if (meta == kNone) {
    if (live_ >= options_.rows_max) forget(oldest());
    meta = insert(id, 0, now_s);
  }
  Meta& m = metas_[meta];
  if (m.count < UINT32_MAX) ++m.count;
  m.last_s = now_s;
  if (m.values == kNone && m.count >= options_.admit_after) admit(meta);
  return m.values != kNone;
}

Row Table::row(uint64_t id) {
  uint32_t meta = lookup(id);
  RD_ASSERT(meta != kNone && metas_[meta].values != kNone);
  float* values = values_at(metas_[meta].values);
  return {{values, options_.dimensions},
          {values + options_.dimensions, kHeads},
          values + options_.dimensions + kHeads,
          values + options_.dimensions + kHeads + 1};
}

void Table::admit(uint32_t meta) {
  uint32_t slot = allocate_values();
  metas_[meta].values = slot;
  ++admitted_;
  float* values = values_at(slot);
  uint64_t state = metas_[meta].id ^ options_.salt;
  for (uint32_t i = 0; i < options_.dimensions; ++i) {
    state = base::mix64(state + 0x9E3779B97F4A7C15u);
    float unit = static_cast<float>(state >> 40) * 0x1p-23f - 1.0f;  // [-1, 1)
    values[i] = unit * options_.init_scale;
  }
  std::fill_n(values + options_.dimensions, kHeads, 0.0f);
  std::fill_n(values + options_.dimensions + kHeads, 2, options_.adagrad_initial);
}

void Table::expire(uint32_t now_s) {
  if (now_s < options_.ttl_seconds) return;
  uint32_t horizon = now_s - options_.ttl_seconds;
  while (!timers_.empty() && timers_.front().last_s <= horizon) {
    Timer timer = pop_timer();
    Meta& m = metas_[timer.meta];
    if (!m.live) {
      free_metas_.push_back(timer.meta);
    } else if (m.last_s > horizon) {
      push_timer({m.last_s, timer.meta});
    } else {
      forget(timer.meta);
      free_metas_.push_back(timer.meta);
    }
  }
}

void Table::erase(uint64_t id) {
  uint32_t meta = lookup(id);
  if (meta != kNone) forget(meta);
}

uint32_t Table::oldest() {
  while (true) {
    RD_ASSERT(!timers_.empty());
    Timer top = timers_.front();
    const Meta& m = metas_[top.meta];
    if (m.live && m.last_s == top.last_s) return top.meta;
    pop_timer();
    if (m.live) {
      push_timer({m.last_s, top.meta});
    } else {
      free_metas_.push_back(top.meta);
    }
  }
}

// Out of the index, its numbers freed. The meta itself is reused once its timer has come up: until
// then the timer names it.
void Table::forget(uint32_t meta) {
  Meta& m = metas_[meta];
  size_t mask = index_.size() - 1;
  size_t hole = home(m.id);
  while (index_[hole] != meta + 1) hole = (hole + 1) & mask;
  // Backward shift: whatever probed past the hole moves into it.
  for (size_t at = (hole + 1) & mask; index_[at] != 0; at = (at + 1) & mask) {
    size_t want = home(metas_[index_[at] - 1].id);
    if (((at - want) & mask) >= ((at - hole) & mask)) {
      index_[hole] = index_[at];
      hole = at;
    }
  }
  index_[hole] = 0;
  if (m.values != kNone) {
    // What is erased must not be found in memory later.
    std::fill_n(values_at(m.values), stride_, 0.0f);
    free_values_.push_back(m.values);
    m.values = kNone;
    --admitted_;
  }
  m.live = false;
  --live_;
}

uint32_t Table::insert(uint64_t id, uint32_t count, uint32_t last_s) {
  if ((live_ + 1) * 2 > index_.size()) grow_index();
  uint32_t meta;
  if (!free_metas_.empty()) {
    meta = free_metas_.back();
    free_metas_.pop_back();
  } else {
    meta = static_cast<uint32_t>(metas_.size());
    metas_.emplace_back();
  }
  metas_[meta] = {id, count, last_s, kNone, true};
  size_t at = home(id);
  while (index_[at] != 0) at = (at + 1) & (index_.size() - 1);
  index_[at] = meta + 1;
  ++live_;
  push_timer({last_s, meta});
  return meta;
}

void Table::grow_index() {
  std::vector<uint32_t> before(index_.size() * 2, 0);
  before.swap(index_);
  for (uint32_t entry : before) {
    if (entry == 0) continue;
    size_t at = home(metas_[entry - 1].id);
    while (index_[at] != 0) at = (at + 1) & (index_.size() - 1);
    index_[at] = entry;
  }
}

float* Table::values_at(uint32_t index) const {
  return blocks_[index / kBlockRows].get() + (index % kBlockRows) * stride_;
}

uint32_t Table::allocate_values() {
  if (!free_values_.empty()) {
    uint32_t index = free_values_.back();
    free_values_.pop_back();
    return index;
  }
  if (values_used_ % kBlockRows == 0) {
    blocks_.push_back(std::make_unique<float[]>(kBlockRows * stride_));
  }
  return values_used_++;
}

bool Table::timer_before(const Timer& a, const Timer& b) const {
  if (a.last_s != b.last_s) return a.last_s < b.last_s;
  return metas_[a.meta].id < metas_[b.meta].id;
}

void Table::push_timer(Timer timer) {
  timers_.push_back(timer);
  std::push_heap(timers_.begin(), timers_.end(),
                 [this](const Timer& a, const Timer& b) { return timer_before(b, a); });
}

Table::Timer Table::pop_timer() {
  std::pop_heap(timers_.begin(), timers_.end(),
                [this](const Timer& a, const Timer& b) { return timer_before(b, a); });
  Timer timer = timers_.back();
  timers_.pop_back();
  return timer;
}

std::vector<uint64_t> Table::sorted_ids() const {
  std::vector<uint64_t> ids;
  ids.reserve(live_);
  for (const Meta& m : metas_) {
    if (m.live) ids.push_back(m.id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Table::Entry Table::entry(uint64_t id) const {
  uint32_t meta = lookup(id);
  RD_ASSERT(meta != kNone);
  const Meta& m = metas_[meta];
  return {id, m.count, m.last_s, m.values == kNone ? nullptr : values_at(m.values)};
}

bool Table::restore(uint64_t id, uint32_t count, uint32_t last_s, std::span<const float> values) {
  if (lookup(id) != kNone) return false;
  uint32_t meta = insert(id, count, last_s);
  if (!values.empty()) {
    RD_ASSERT(values.size() == stride_);
    metas_[meta].values = allocate_values();
    ++admitted_;
    std::copy(values.begin(), values.end(), values_at(metas_[meta].values));
  }
  return true;
}

}  // namespace rondo::recommender::embedding
