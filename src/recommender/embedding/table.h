// A collisionless embedding table: every admitted id has a row of its own, which holds its vector,
// a bias for each head, and the state of its optimizer (row-wise Adagrad).
//
// - Entry filter: an id is counted from its first occurrence and gets a vector at its nth.
// - Expiry: an id that has not occurred for the time to live is forgotten, vector and count. At the
//   limit of rows, the one that has not occurred for longest goes (ties: the smaller id). Both are
//   functions of what has been recorded, not of the layout: two tables with the same history of
//   calls to `occur`, `expire` and `erase` agree, however they came to be (also through load).
//
// Open addressing with linear probing over 32-bit indices; vectors in blocks that never move, so
// growth copies indices only. Not thread safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "recommender/bundle.h"

namespace rondo::recommender::embedding {

struct TableOptions {
  uint32_t dimensions;
  float init_scale;
  float adagrad_initial;
  uint64_t salt;  // rows of different tables start different
  uint32_t admit_after;
  uint32_t ttl_seconds;
  uint32_t rows_max;
};

// A row's numbers; spans into the table, valid until the id is erased or expires.
struct Row {
  std::span<float> vector;
  std::span<float> bias;  // one a head
  float* vector_state;    // Adagrad: mean squared gradient summed over the steps
  float* bias_state;
};
struct ConstRow {
  std::span<const float> vector;
  std::span<const float> bias;
};

class Table {
 public:
  explicit Table(const TableOptions& options);

  // The row of an admitted id, or none.
  const float* find(uint64_t id) const;  // dimensions floats, then kHeads floats
  ConstRow view(const float* row) const;

  // Notes one more occurrence of `id` at `now_s` (which never falls from call to call); true when
  // the id has a row (from now on).
  bool occur(uint64_t id, uint32_t now_s);
  // Of an id that occur has just admitted.
  Row row(uint64_t id);

  // Forgets what has not occurred for the time to live.
  void expire(uint32_t now_s);
  void erase(uint64_t id);

  size_t ids() const { return live_; }
  size_t rows_admitted() const { return admitted_; }

  // For checkpoints: the ids in ascending order, and each one's state as plain values.
  struct Entry {
    uint64_t id;
    uint32_t count;
    uint32_t last_s;
    const float* values;  // stride() floats, or null when not admitted
  };
  std::vector<uint64_t> sorted_ids() const;
  Entry entry(uint64_t id) const;
  // Adds an entry as it was; `values` empty or stride() floats. False when the id is there already.
  bool restore(uint64_t id, uint32_t count, uint32_t last_s, std::span<const float> values);
  // vector, biases, then the two optimizer states.
  size_t stride() const { return stride_; }

 private:
  struct Meta {
    uint64_t id;
    uint32_t count;
    uint32_t last_s;
    uint32_t values;  // index of the vector, kNone when not admitted
    bool live;
  };
  struct Timer {
    uint32_t last_s;  // as it was when the timer was set: the real one may be later
    uint32_t meta;
  };
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kBlockRows = 1024;

  uint32_t lookup(uint64_t id) const;
  size_t home(uint64_t id) const;
  uint32_t insert(uint64_t id, uint32_t count, uint32_t last_s);
  void grow_index();
  void admit(uint32_t meta);
  void forget(uint32_t meta);
  float* values_at(uint32_t index) const;
  uint32_t allocate_values();
  bool timer_before(const Timer& a, const Timer& b) const;
  void push_timer(Timer timer);
  Timer pop_timer();
  uint32_t oldest();  // the meta that has not occurred for longest; its timer is at the top

  const TableOptions options_;
  const size_t stride_;
  std::vector<uint32_t> index_;  // meta + 1; 0 is empty. Size a power of two.
  std::vector<Meta> metas_;
  std::vector<uint32_t> free_metas_;
  std::vector<std::unique_ptr<float[]>> blocks_;
  std::vector<uint32_t> free_values_;
  uint32_t values_used_ = 0;
  std::vector<Timer> timers_;  // a heap, one for each live meta and for each erased one
  size_t live_ = 0;
  size_t admitted_ = 0;
};

}  // namespace rondo::recommender::embedding
