#include "recommender/embedding/memory.h"

#include <cstdlib>
#include <new>

namespace rondo::recommender::embedding {

void FreeMemory::operator()(std::byte* memory) const { std::free(memory); }

Memory allocate(size_t bytes) {
  constexpr size_t kLine = 64;
  size_t rounded = (bytes + kLine - 1) / kLine * kLine;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(kLine, rounded));
  if (memory == nullptr) throw std::bad_alloc();
  return Memory(memory);
}

}  // namespace rondo::recommender::embedding
