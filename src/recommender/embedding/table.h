// A collisionless embedding table: every admitted id has a row of its own, which holds its vector,
// its biases, and the state of its optimizer (row-wise Adagrad).
//
// - Entry filter: an id is counted from its first occurrence and gets a vector at its nth.
// - Expiry: an id that has not occurred for the time to live is forgotten, vector and count, by a
//   call to `expire`, which forgets so many at most, those that have not occurred for longest
//   first. At the limit of rows, the one that has not occurred for longest goes (ties: the smaller
//   id). All are functions of what has been recorded, not of the layout: two tables with the same
//   history of calls to `occur`, `expire` and `erase` agree, however they came to be (also through
//   load).
// - Bounded work: no call rehashes the table or copies its rows. An insert may split one segment of
//   the index (index.h); each id that is noted or forgotten costs one walk in a heap
//   (expiry_order.h).
// - Touched ids: from the first `clear_touched` on, which ids have changed since the last one, for
//   checkpoints by difference.
//
// Bytes an id, with d dimensions and b biases (s = 1 state, 2 when b > 0):
//
//   record        20 + 4 (d + b + s)   id, count, last occurrence, turn; then the numbers
//                 20                   for an id that is not admitted yet
//   index         7.1 to 14.2          5.33 a slot, segments between 3/8 and 3/4 full
//   order         4
//   mark          0.125
//
// Not thread safe. Pointers and spans into the table are valid until the id is erased or expires.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "recommender/bundle.h"
#include "recommender/embedding/expiry_order.h"
#include "recommender/embedding/index.h"
#include "recommender/embedding/records.h"

namespace rondo::recommender::embedding {

struct TableOptions {
  uint32_t dimensions;
  uint32_t biases = kHeads;  // one a head; 0 for rows that are vectors only
  float init_scale;
  float adagrad_initial;
  uint64_t salt;  // rows of different tables start different
  uint32_t admit_after;
  uint32_t ttl_seconds;
  uint32_t rows_max;  // ids, admitted or not; less than 2^31
};

struct Row {
  std::span<float> vector;
  std::span<float> bias;
  float* vector_state;  // Adagrad: mean squared gradient summed over the steps
  float* bias_state;    // null without biases
};
struct ConstRow {
  std::span<const float> vector;
  std::span<const float> bias;
};

class Table {
 public:
  static constexpr size_t kExpiredPerCall = 64;
  // Changes since the last mark beyond which a difference is not worth keeping.
  static constexpr size_t kTouchedMax = size_t{1} << 20;

  explicit Table(const TableOptions& options);

  // The row of an admitted id, or none: dimensions floats, then the biases.
  const float* find(uint64_t id) const;
  // rows[i] is find(ids[i]). For many ids much faster than one by one: they wait for memory
  // together. Requires equal sizes.
  void find_many(std::span<const uint64_t> ids, std::span<const float*> rows) const;
  ConstRow view(const float* row) const;

  // Notes one more occurrence of `id` at `now_s` (which never falls from call to call); true when
  // the id has a row (from now on).
  bool occur(uint64_t id, uint32_t now_s);
  // Of an id that occur has admitted. Counts as a change.
  Row row(uint64_t id);
  // The row becomes `values` (stride() numbers) by `share` of the way, 0..1; one that is not there
  // is admitted first, without an occurrence of its own. Counts as a change at `now_s`.
  void blend(uint64_t id, float share, std::span<const float> values, uint32_t now_s);
  // How often the id has occurred here.
  uint32_t occurrences(uint64_t id) const;

  // Forgets what has not occurred for the time to live, kExpiredPerCall ids at most; how many.
  size_t expire(uint32_t now_s);
  void erase(uint64_t id);

  size_t ids() const { return order_.size(); }
  size_t rows_admitted() const { return admitted_; }

  // The ids, ascending, that have come, gone or changed (count, time, numbers) since the last
  // clear_touched; those that `entry` no longer knows are gone. None (nullopt) before the first
  // clear_touched and after more than kTouchedMax changes: then the whole table is the difference.
  std::optional<std::vector<uint64_t>> touched() const;
  void clear_touched();

  // For checkpoints: the ids in ascending order, and each one's state as plain values.
  struct Entry {
    uint64_t id;
    uint32_t count;
    uint32_t last_s;
    const float* values;  // stride() floats, or null when not admitted
  };
  std::vector<uint64_t> sorted_ids() const;
  bool contains(uint64_t id) const { return index_.find(records_, id) != kNoHandle; }
  Entry entry(uint64_t id) const;  // requires contains(id)
  // Adds an entry as it was; `values` empty or stride() floats. False when the id is there already
  // or a table with these options cannot hold it.
  bool restore(uint64_t id, uint32_t count, uint32_t last_s, std::span<const float> values);
  // vector, biases, then the optimizer's states.
  size_t stride() const { return stride_; }
  uint32_t rows_max() const { return options_.rows_max; }
  // How many of them, at the end.
  size_t states() const { return stride_ - options_.dimensions - options_.biases; }

  // Index entries that growth has moved so far, for tests of its bound.
  uint64_t growth_steps() const { return index_.steps(); }

 private:
  Handle find_or_add(uint64_t id, uint32_t now_s);
  Handle add(uint64_t id, uint32_t count, uint32_t last_s);
  Handle admit(Handle candidate);
  void start(uint64_t id, float* values) const;
  void forget(Handle handle);
  void touch(Handle handle);
  Handle oldest_neighbour(uint64_t id) const;

  const TableOptions options_;
  const size_t stride_;
  Records records_;
  Index index_;
  ExpiryOrder order_;
  size_t admitted_ = 0;
  bool tracking_ = false;
  // An id that goes and comes again is here twice.
  std::vector<uint64_t> touched_;
};

}  // namespace rondo::recommender::embedding
