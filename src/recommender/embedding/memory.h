// Memory for what is looked up at random, aligned to a cache line. Nothing is touched or zeroed.
#pragma once

#include <cstddef>
#include <memory>

namespace rondo::recommender::embedding {

struct FreeMemory {
  void operator()(std::byte* memory) const;
};
using Memory = std::unique_ptr<std::byte[], FreeMemory>;

Memory allocate(size_t bytes);

}  // namespace rondo::recommender::embedding
