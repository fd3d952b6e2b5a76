// What the first step left for the second: bytes that are taken come out the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "media/traces.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto traces = rondo::media::unpack_traces(bytes);
  if (traces.ok() && rondo::media::pack(*traces) != bytes) std::abort();
  return 0;
}
