// From an id to the handle of its record: extendible hashing over segments that are small hash
// tables of their own. (R. Fagin et al., "Extendible hashing", ACM TODS 1979.)
//
// - Growth: a segment that is full splits in two; no call moves more than a segment's entries
//   (kSegmentIdsMax) for each bit that its ids share, and with spread ids that is once. There is no
//   old index beside a new one, so a lookup reads one place whether the table is growing or not.
//   The directory of segments (8 bytes for about 3,500 ids) is copied when it doubles.
// - Lookup: a bucket is one cache line with 12 handles and a byte of each one's hash. Open
//   addressing: what finds its bucket full goes to the next one, and the buckets it passed count
//   it, so that a lookup knows when to stop and erasure leaves no tombstones.
// - Limit: ids that agree in more than `depth_max` leading bits of their hash cannot be split any
//   further. With spread ids it does not happen; with chosen ones it bounds the directory.
//
// The records are the table's, given to each call. Not thread safe.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/hash.h"
#include "recommender/embedding/memory.h"
#include "recommender/embedding/records.h"

namespace rondo::recommender::embedding {

class Index {
 public:
  static constexpr uint32_t kBuckets = 512;
  static constexpr uint32_t kBucketIds = 12;
  static constexpr uint32_t kSegmentIdsMax = kBuckets * kBucketIds * 3 / 4;

  explicit Index(uint32_t depth_max);

  // kNoHandle when it is not there.
  Handle find(const Records& records, uint64_t id) const;
  // found[i] is the handle of ids[i]: the memory of some is fetched while others are looked at.
  void find_many(const Records& records, std::span<const uint64_t> ids,
                 std::span<Handle> found) const;

  // Makes room for `id`. False when its segment is full and cannot be split.
  bool make_room(const Records& records, uint64_t id);
  // All handles that share the segment of `id`.
  std::vector<Handle> neighbours(uint64_t id) const { return handles(segment(base::mix64(id))); }
  // Requires that make_room has said so, and that the id is not there.
  void insert(uint64_t id, Handle handle);
  // Require that `id` is there with that handle.
  void erase(uint64_t id, Handle handle);
  void replace(uint64_t id, Handle before, Handle after);

  // Entries that splits have moved so far: what growth costs, in steps.
  uint64_t steps() const { return steps_; }

 private:
  struct alignas(64) Bucket {
    std::array<uint8_t, kBucketIds> tags;  // 0: empty
    uint8_t passed;                        // entries that went on from here; 255: some, forever
    std::array<uint8_t, 3> unused;         // a load of 16 bytes covers tags, passed and these
    std::array<Handle, kBucketIds> handles;
  };
  static_assert(sizeof(Bucket) == 64);
  struct Segment {
    std::array<Bucket, kBuckets> buckets;
    uint32_t used;
    uint32_t depth;  // how many leading bits of the hash its ids share
  };

  static uint8_t tag(uint64_t hash) { return static_cast<uint8_t>((hash & 0xFF) % 255 + 1); }
  static uint32_t home(uint64_t hash) { return static_cast<uint32_t>(hash >> 8) % kBuckets; }
  // Which of the bucket's entries have this tag, as bits.
  static uint32_t matches(const Bucket& bucket, uint8_t tag);
  static std::vector<Handle> handles(const Segment& segment);
  static void put(Segment& segment, uint64_t hash, Handle handle);

  Segment& segment(uint64_t hash) const { return *directory_[(hash >> 1) >> (63 - depth_)]; }
  Handle find_in(const Records& records, uint64_t id, uint64_t hash, const Segment& segment) const;
  void split(const Records& records, uint64_t hash);

  const uint32_t depth_max_;
  uint32_t depth_ = 0;  // the directory has 2^depth_ entries
  std::vector<Segment*> directory_;
  // Segments lie together in blocks of 2 MiB, but for the first few, which small tables have alone.
  static constexpr size_t kFirstSegments = 16;
  static constexpr size_t kBlockSegments = (size_t{2} << 20) / sizeof(Segment);
  Segment* new_segment();
  std::vector<Memory> blocks_;
  size_t segments_ = 0;
  uint64_t steps_ = 0;
};

}  // namespace rondo::recommender::embedding
