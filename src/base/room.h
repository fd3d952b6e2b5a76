// Room for one more in a vector of which there are very many: it grows by a quarter, and to no more
// than it may ever hold, where push_back alone would double it. Iterators as after reserve.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rondo::base {

template <typename T>
void make_room(std::vector<T>& list, size_t size_max = SIZE_MAX) {
  if (list.size() < list.capacity()) return;
  const size_t more = list.size() + list.size() / 4 + 4;
  list.reserve(std::max(list.size() + 1, std::min(more, size_max)));
}

}  // namespace rondo::base
