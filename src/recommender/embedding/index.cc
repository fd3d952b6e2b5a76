#include "recommender/embedding/index.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <new>

#include "base/hash.h"
#include "base/result.h"

namespace rondo::recommender::embedding {

Index::Index(uint32_t depth_max) : depth_max_(depth_max) { directory_.push_back(new_segment()); }

Index::Segment* Index::new_segment() {
  size_t number = segments_++;
  if (number < kFirstSegments) {
    blocks_.push_back(allocate(sizeof(Segment)));
    return new (blocks_.back().get()) Segment();
  }
  size_t place = (number - kFirstSegments) % kBlockSegments;
  if (place == 0) blocks_.push_back(allocate(size_t{2} << 20));
  return new (blocks_.back().get() + place * sizeof(Segment)) Segment();
}

uint32_t Index::matches(const Bucket& bucket, uint8_t tag) {
  __m128i head = _mm_load_si128(reinterpret_cast<const __m128i*>(&bucket));
  __m128i same = _mm_cmpeq_epi8(head, _mm_set1_epi8(static_cast<char>(tag)));
  return static_cast<uint32_t>(_mm_movemask_epi8(same)) & ((1u << kBucketIds) - 1);
}

Handle Index::find_in(const Records& records, uint64_t id, uint64_t hash,
                      const Segment& segment) const {
  uint32_t at = home(hash);
  for (uint32_t probes = 0; probes < kBuckets; ++probes) {
    const Bucket& bucket = segment.buckets[at];
    for (uint32_t bits = matches(bucket, tag(hash)); bits != 0; bits &= bits - 1) {
      Handle handle = bucket.handles[static_cast<size_t>(std::countr_zero(bits))];
      if (records.meta(handle).id() == id) return handle;
    }
    if (bucket.passed == 0) return kNoHandle;
    at = (at + 1) % kBuckets;
  }
  return kNoHandle;
}

Handle Index::find(const Records& records, uint64_t id) const {
  uint64_t hash = base::mix64(id);
  return find_in(records, id, hash, segment(hash));
}

void Index::find_many(const Records& records, std::span<const uint64_t> ids,
                      std::span<Handle> found) const {
  RD_ASSERT(found.size() == ids.size());
  // As many lines as a core can have on their way, and a few more.
  constexpr size_t kAtOnce = 32;
  std::array<uint64_t, kAtOnce> hashes;
  std::array<const Segment*, kAtOnce> segments;
  for (size_t start = 0; start < ids.size(); start += kAtOnce) {
    size_t count = std::min(kAtOnce, ids.size() - start);
    for (size_t i = 0; i < count; ++i) {
      hashes[i] = base::mix64(ids[start + i]);
      segments[i] = &segment(hashes[i]);
      __builtin_prefetch(&segments[i]->buckets[home(hashes[i])]);
    }
    for (size_t i = 0; i < count; ++i) {
      const Bucket& bucket = segments[i]->buckets[home(hashes[i])];
      uint32_t bits = matches(bucket, tag(hashes[i]));
      if (bits == 0) continue;
      const auto* record = reinterpret_cast<const std::byte*>(
          &records.meta(bucket.handles[static_cast<size_t>(std::countr_zero(bits))]));
      __builtin_prefetch(record);
      __builtin_prefetch(record + 64);
      __builtin_prefetch(record + records.row_bytes() - 1);
    }
    for (size_t i = 0; i < count; ++i) {
      found[start + i] = find_in(records, ids[start + i], hashes[i], *segments[i]);
    }
  }
}

void Index::put(Segment& segment, uint64_t hash, Handle handle) {
  uint32_t at = home(hash);
  while (true) {
    Bucket& bucket = segment.buckets[at];
    uint32_t empty = matches(bucket, 0);
    if (empty != 0) {
      auto slot = static_cast<size_t>(std::countr_zero(empty));
      bucket.tags[slot] = tag(hash);
      bucket.handles[slot] = handle;
      ++segment.used;
      return;
    }
    if (bucket.passed < 255) ++bucket.passed;
    at = (at + 1) % kBuckets;
  }
}

bool Index::make_room(const Records& records, uint64_t id) {
  uint64_t hash = base::mix64(id);
  while (segment(hash).used >= kSegmentIdsMax) {
    if (segment(hash).depth >= depth_max_) return false;
    split(records, hash);
  }
  return true;
}

void Index::insert(uint64_t id, Handle handle) {
  uint64_t hash = base::mix64(id);
  Segment& into = segment(hash);
  RD_ASSERT(into.used < kSegmentIdsMax);
  put(into, hash, handle);
}

void Index::erase(uint64_t id, Handle handle) {
  uint64_t hash = base::mix64(id);
  Segment& from = segment(hash);
  uint32_t at = home(hash);
  for (uint32_t probes = 0; probes < kBuckets; ++probes) {
    Bucket& bucket = from.buckets[at];
    for (uint32_t bits = matches(bucket, tag(hash)); bits != 0; bits &= bits - 1) {
      auto slot = static_cast<size_t>(std::countr_zero(bits));
      if (bucket.handles[slot] != handle) continue;
      bucket.tags[slot] = 0;
      --from.used;
      // A bucket that has counted to its limit no longer knows how many are beyond it.
      for (uint32_t passed = home(hash); passed != at; passed = (passed + 1) % kBuckets) {
        if (from.buckets[passed].passed < 255) --from.buckets[passed].passed;
      }
      return;
    }
    at = (at + 1) % kBuckets;
  }
  RD_ASSERT(false);
}

void Index::replace(uint64_t id, Handle before, Handle after) {
  uint64_t hash = base::mix64(id);
  Segment& in = segment(hash);
  uint32_t at = home(hash);
  for (uint32_t probes = 0; probes < kBuckets; ++probes) {
    Bucket& bucket = in.buckets[at];
    for (uint32_t bits = matches(bucket, tag(hash)); bits != 0; bits &= bits - 1) {
      auto slot = static_cast<size_t>(std::countr_zero(bits));
      if (bucket.handles[slot] != before) continue;
      bucket.handles[slot] = after;
      return;
    }
    at = (at + 1) % kBuckets;
  }
  RD_ASSERT(false);
}

std::vector<Handle> Index::handles(const Segment& segment) {
  std::vector<Handle> out;
  out.reserve(segment.used);
  for (const Bucket& bucket : segment.buckets) {
    for (uint32_t i = 0; i < kBucketIds; ++i) {
      if (bucket.tags[i] != 0) out.push_back(bucket.handles[i]);
    }
  }
  return out;
}

void Index::split(const Records& records, uint64_t hash) {
  Segment& lower = segment(hash);
  if (lower.depth == depth_) {
    std::vector<Segment*> doubled(directory_.size() * 2);
    for (size_t i = 0; i < doubled.size(); ++i) doubled[i] = directory_[i / 2];
    directory_ = std::move(doubled);
    ++depth_;
  }
  std::vector<Handle> all = handles(lower);
  for (Handle handle : all) __builtin_prefetch(&records.meta(handle));
  Segment& upper = *new_segment();
  // The directory's entries of the old segment are a run; its second half goes to the new one.
  size_t run = size_t{1} << (depth_ - lower.depth);
  size_t start = ((hash >> 1) >> (63 - depth_)) / run * run;
  std::fill_n(directory_.begin() + static_cast<ptrdiff_t>(start + run / 2), run / 2, &upper);
  upper.depth = lower.depth + 1;
  lower = Segment{.buckets = {}, .used = 0, .depth = upper.depth};
  for (Handle handle : all) {
    uint64_t of = base::mix64(records.meta(handle).id());
    put(segment(of), of, handle);
  }
  steps_ += all.size();
}

}  // namespace rondo::recommender::embedding
