// A file that may carry a C2PA manifest: any bytes are answered, from a bounded number of reads.

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "media/content_credentials.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  rondo::media::carries_credentials(in);
  return 0;
}
