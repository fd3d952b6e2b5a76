// The best few of a stream, by key, ties to the smaller index: the order of the stream does not
// matter. Up to twice as many are kept before the worse half goes, so an offer costs a comparison,
// and now and then its part of a selection. Not thread safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace rondo::recommender::retrieval {

template <typename Key>
class TopK {
 public:
  TopK() = default;
  explicit TopK(size_t count_max) { begin(count_max); }

  // Starts anew, in the memory that there is.
  void begin(size_t count_max) {
    count_max_ = count_max;
    kept_.clear();
    kept_.reserve(2 * count_max);
    bound_ = kLowest;
  }

  // An offer of a smaller key is not taken: for a costly test after a cheap one.
  Key bound() const { return bound_; }

  void offer(Key key, uint32_t index) {
    if (key < bound_ || count_max_ == 0) return;
    kept_.push_back({key, index});
    if (kept_.size() == 2 * count_max_) drop_worse();
  }

  struct Entry {
    Key key;
    uint32_t index;
  };
  // Best first.
  std::span<const Entry> best() {
    if (kept_.size() > count_max_) drop_worse();
    std::sort(kept_.begin(), kept_.end(), Better{});
    return kept_;
  }

 private:
  [[gnu::noinline]] void drop_worse() {
    auto last = kept_.begin() + static_cast<ptrdiff_t>(count_max_) - 1;
    std::nth_element(kept_.begin(), last, kept_.end(), Better{});
    bound_ = last->key;
    kept_.resize(count_max_);
  }
  // A type, so that it is inlined; without a branch, which would be a guess.
  struct Better {
    bool operator()(const Entry& a, const Entry& b) const {
      return static_cast<bool>(int{a.key > b.key} | (int{a.key == b.key} & int{a.index < b.index}));
    }
  };

  static constexpr Key kLowest = std::numeric_limits<Key>::lowest();

  size_t count_max_ = 0;
  std::vector<Entry> kept_;
  Key bound_ = kLowest;  // of the worst of the best, when last known
};

}  // namespace rondo::recommender::retrieval
