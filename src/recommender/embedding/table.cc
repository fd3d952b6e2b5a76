#include "recommender/embedding/table.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/result.h"

namespace rondo::recommender::embedding {

namespace {

// Segments that are an eighth full when the table is: with spread ids no segment ever needs that.
uint32_t depth_max(uint32_t rows_max) {
  uint32_t depth = 3;
  while ((uint64_t{Index::kSegmentIdsMax} << (depth - 3)) < rows_max) ++depth;
  return depth;
}

}  // namespace

Table::Table(const TableOptions& options)
    : options_(options),
      stride_(options.dimensions + options.biases + (options.biases > 0 ? 2 : 1)),
      records_(stride_),
      index_(depth_max(options.rows_max)) {
  RD_ASSERT(options.rows_max > 0 && options.rows_max < uint32_t{1} << 31);
}

const float* Table::find(uint64_t id) const {
  Handle handle = index_.find(records_, id);
  if (handle == kNoHandle || !Records::is_row(handle)) return nullptr;
  return records_.values(handle);
}

void Table::find_many(std::span<const uint64_t> ids, std::span<const float*> rows) const {
  RD_ASSERT(ids.size() == rows.size());
  std::array<Handle, 256> found;
  for (size_t start = 0; start < ids.size(); start += found.size()) {
    size_t count = std::min(found.size(), ids.size() - start);
    index_.find_many(records_, ids.subspan(start, count), std::span(found).first(count));
    for (size_t i = 0; i < count; ++i) {
      bool has_row = found[i] != kNoHandle && Records::is_row(found[i]);
      rows[start + i] = has_row ? records_.values(found[i]) : nullptr;
    }
  }
}

ConstRow Table::view(const float* row) const {
  return {{row, options_.dimensions}, {row + options_.dimensions, options_.biases}};
}

// The id, known and last seen now.
Handle Table::find_or_add(uint64_t id, uint32_t now_s) {
  Handle handle = index_.find(records_, id);
  if (handle == kNoHandle) {
    if (ids() >= options_.rows_max) forget(order_.first());
    while (!index_.make_room(records_, id)) forget(oldest_neighbour(id));
    handle = add(id, 0, now_s);
  }
  Meta& meta = records_.meta(handle);
  if (meta.last_s < now_s) {
    meta.last_s = now_s;
    order_.later(records_, handle);
  }
  touch(handle);
  return handle;
}

bool Table::occur(uint64_t id, uint32_t now_s) {
  Handle handle = find_or_add(id, now_s);
  Meta& meta = records_.meta(handle);
  if (meta.count < UINT32_MAX) ++meta.count;
  if (!Records::is_row(handle) && meta.count >= options_.admit_after) handle = admit(handle);
  return Records::is_row(handle);
}

Row Table::row(uint64_t id) {
  Handle handle = index_.find(records_, id);
  RD_ASSERT(handle != kNoHandle && Records::is_row(handle));
  touch(handle);
  float* values = records_.values(handle);
  float* states = values + options_.dimensions + options_.biases;
  return {{values, options_.dimensions},
          {values + options_.dimensions, options_.biases},
          states,
          options_.biases > 0 ? states + 1 : nullptr};
}

void Table::blend(uint64_t id, float share, std::span<const float> values, uint32_t now_s) {
  RD_ASSERT(values.size() == stride_);
  Handle handle = find_or_add(id, now_s);
  if (!Records::is_row(handle)) handle = admit(handle);
  float* own = records_.values(handle);
  for (size_t i = 0; i < stride_; ++i) own[i] += share * (values[i] - own[i]);
}

uint32_t Table::occurrences(uint64_t id) const {
  Handle handle = index_.find(records_, id);
  return handle == kNoHandle ? 0 : records_.meta(handle).count;
}

Handle Table::add(uint64_t id, uint32_t count, uint32_t last_s) {
  Handle handle = records_.take_candidate();
  Meta& meta = records_.meta(handle);
  meta = Meta{.id_halves = {}, .count = count, .last_s = last_s, .turn = 0};
  meta.set_id(id);
  index_.insert(id, handle);
  order_.insert(records_, handle);
  return handle;
}

// The record moves from the candidates to the rows, and what names it follows.
Handle Table::admit(Handle candidate) {
  Handle row = records_.take_row();
  records_.meta(row) = records_.meta(candidate);
  if (records_.marked(candidate)) records_.mark(row);
  index_.replace(records_.meta(row).id(), candidate, row);
  order_.replace(records_, row);
  records_.give_back(candidate);
  start(records_.meta(row).id(), records_.values(row));
  ++admitted_;
  return row;
}

// From the id and the table's salt alone, so that a row starts the same wherever it lies.
void Table::start(uint64_t id, float* values) const {
  uint64_t state = id ^ options_.salt;
  for (uint32_t i = 0; i < options_.dimensions; ++i) {
    state = base::mix64(state + 0x9E3779B97F4A7C15u);
    float unit = static_cast<float>(state >> 40) * 0x1p-23f - 1.0f;  // [-1, 1)
    values[i] = unit * options_.init_scale;
  }
  float* rest = std::fill_n(values + options_.dimensions, options_.biases, 0.0f);
  std::fill(rest, values + stride_, options_.adagrad_initial);
}

size_t Table::expire(uint32_t now_s) {
  if (now_s < options_.ttl_seconds) return 0;
  uint32_t horizon = now_s - options_.ttl_seconds;
  size_t forgotten = 0;
  while (forgotten < kExpiredPerCall && ids() > 0 &&
         records_.meta(order_.first()).last_s <= horizon) {
    forget(order_.first());
    ++forgotten;
  }
  return forgotten;
}

void Table::erase(uint64_t id) {
  Handle handle = index_.find(records_, id);
  if (handle != kNoHandle) forget(handle);
}

void Table::forget(Handle handle) {
  touch(handle);
  order_.erase(records_, handle);
  index_.erase(records_.meta(handle).id(), handle);
  if (Records::is_row(handle)) --admitted_;
  records_.give_back(handle);
}

Handle Table::oldest_neighbour(uint64_t id) const {
  std::vector<Handle> all = index_.neighbours(id);
  return *std::min_element(all.begin(), all.end(), [this](Handle a, Handle b) {
    const Meta& x = records_.meta(a);
    const Meta& y = records_.meta(b);
    return x.last_s != y.last_s ? x.last_s < y.last_s : x.id() < y.id();
  });
}

void Table::touch(Handle handle) {
  if (!tracking_ || records_.marked(handle)) return;
  if (touched_.size() >= kTouchedMax) {
    tracking_ = false;
    touched_ = {};
    return;
  }
  records_.mark(handle);
  touched_.push_back(records_.meta(handle).id());
}

std::optional<std::vector<uint64_t>> Table::touched() const {
  if (!tracking_) return std::nullopt;
  std::vector<uint64_t> ids = touched_;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

void Table::clear_touched() {
  tracking_ = true;
  touched_.clear();
  records_.unmark_all();
}

std::vector<uint64_t> Table::sorted_ids() const {
  std::vector<uint64_t> ids;
  ids.reserve(order_.size());
  for (uint32_t i = 0; i < order_.size(); ++i) ids.push_back(records_.meta(order_[i]).id());
  std::sort(ids.begin(), ids.end());
  return ids;
}

Table::Entry Table::entry(uint64_t id) const {
  Handle handle = index_.find(records_, id);
  RD_ASSERT(handle != kNoHandle);
  const Meta& meta = records_.meta(handle);
  return {id, meta.count, meta.last_s, Records::is_row(handle) ? records_.values(handle) : nullptr};
}

bool Table::restore(uint64_t id, uint32_t count, uint32_t last_s, std::span<const float> values) {
  if (ids() >= options_.rows_max || contains(id)) return false;
  if (!index_.make_room(records_, id)) return false;
  Handle handle = add(id, count, last_s);
  touch(handle);
  if (!values.empty()) {
    RD_ASSERT(values.size() == stride_);
    handle = admit(handle);
    std::copy(values.begin(), values.end(), records_.values(handle));
  }
  return true;
}

}  // namespace rondo::recommender::embedding
