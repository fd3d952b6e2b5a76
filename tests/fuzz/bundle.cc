// The text of a bundle and its weights: whoever runs a network may be given one.
//
// The first byte says which of the two the rest is.
#include "recommender/bundle.h"

#include <cstdint>
#include <string_view>

#include "recommender/weights.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rondo::recommender;
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const Bundle kDefaults = Bundle::defaults();
  if (data[0] % 2 == 0) {
    if (auto bundle = Bundle::parse(rest);
        bundle.ok() && !Bundle::parse(bundle->canonical()).ok()) {
      __builtin_trap();
    }
  } else if (auto weights = Weights::parse(rest, kDefaults); weights.ok()) {
    if (!Weights::parse(weights->safetensors(), kDefaults).ok()) __builtin_trap();
  }
  return 0;
}
