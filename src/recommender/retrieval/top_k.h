// The best few of a stream, by key, ties to the smaller index: the order of the stream does not
// matter. Not thread safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace rondo::recommender::retrieval {

template <typename Key>
class TopK {
 public:
  explicit TopK(size_t count_max) : count_max_(count_max) { heap_.reserve(count_max); }

  // Most offers of a long stream are refused at once: that much is inline.
  void offer(Key key, uint32_t index) {
    if (heap_.size() == count_max_ && (count_max_ == 0 || key < heap_.front().key)) return;
    insert({key, index});
  }

  // Whether an offer would be taken.
  bool wants(Key key, uint32_t index) const {
    if (heap_.size() < count_max_) return true;
    return count_max_ > 0 && better({key, index}, heap_.front());
  }

  // Best first; leaves nothing.
  std::vector<uint32_t> take() {
    std::sort(heap_.begin(), heap_.end(), better);
    std::vector<uint32_t> out;
    out.reserve(heap_.size());
    for (const Entry& entry : heap_) out.push_back(entry.index);
    heap_.clear();
    return out;
  }

 private:
  struct Entry {
    Key key;
    uint32_t index;
  };
  [[gnu::noinline]] void insert(Entry entry) {
    if (heap_.size() == count_max_) {
      if (!better(entry, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.back() = entry;
    } else {
      heap_.push_back(entry);
    }
    std::push_heap(heap_.begin(), heap_.end(), better);
  }
  static bool better(const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key > b.key : a.index < b.index;
  }

  size_t count_max_;
  std::vector<Entry> heap_;  // the worst of the best in front
};

}  // namespace rondo::recommender::retrieval
