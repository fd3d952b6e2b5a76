// Memory for what is looked up at random: in pages of 2 MiB where the system gives them, since with
// pages of 4 KiB each lookup in a large table first misses the processor's page table cache.
//
// Advice only: without such pages everything works the same, slower. Nothing is touched or zeroed.
#pragma once

#include <cstddef>
#include <memory>

namespace rondo::recommender::embedding {

struct FreeMemory {
  void operator()(std::byte* memory) const;
};
using Memory = std::unique_ptr<std::byte[], FreeMemory>;

enum class Pages { kSmall, kHuge };

// `bytes` aligned to 64, or to 2 MiB when huge.
Memory allocate(size_t bytes, Pages pages);

}  // namespace rondo::recommender::embedding
