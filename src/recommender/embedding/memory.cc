#include "recommender/embedding/memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace rondo::recommender::embedding {

void FreeMemory::operator()(std::byte* memory) const { std::free(memory); }

Memory allocate(size_t bytes, Pages pages) {
  constexpr size_t kHugePage = size_t{2} << 20;
  size_t unit = pages == Pages::kHuge ? kHugePage : 64;
  size_t rounded = (bytes + unit - 1) / unit * unit;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(unit, rounded));
  if (memory == nullptr) throw std::bad_alloc();
  // The pages that are full of it; a refusal costs speed only.
  if (pages == Pages::kHuge) (void)::madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
  return Memory(memory);
}

}  // namespace rondo::recommender::embedding
