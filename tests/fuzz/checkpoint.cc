// A checkpoint from a disk that nobody vouches for. Its blocks carry checksums, which a fuzzer does
// not guess: the input is the payloads, and the blocks around them are made here.
//
//   input: section number (of the list below), size u16, payload; again until the end
#include "recommender/checkpoint.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "recommender/archive.h"
#include "recommender/string_io.h"

namespace {

using namespace rondo::recommender;

constexpr std::array<uint32_t, 14> kSections{
    section_tag("HEAD"), section_tag("CATA"), section_tag("COWA"), section_tag("WATC"),
    section_tag("DENS"), section_tag("TOWE"), section_tag("ROWS"), section_tag("VIEW"),
    section_tag("PEND"), section_tag("TRAI"), section_tag("DIGE"), 0,
    section_tag("EXCH"), section_tag("ITEM")};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Bundle kBundle = Bundle::defaults();
  StringSink sink;
  // A true beginning, so that what follows is reached at all.
  static const std::string kTrue = [] {
    StringSink whole;
    State empty(kBundle, rondo::PartitionId(0));
    save_state(empty, whole);
    return whole.text;
  }();
  const size_t kept = size > 0 ? data[0] * kTrue.size() / 255 : 0;
  sink.text = kTrue.substr(0, kept);
  for (size_t at = 1; at + 3 <= size;) {
    uint32_t section = kSections[data[at] % kSections.size()];
    size_t length = data[at + 1] | data[at + 2] << 8;
    at += 3;
    length = std::min(length, size - at);
    ArchiveWriter block(&sink);
    block.begin(section);
    for (size_t i = 0; i < length; ++i) block(data[at + i]);
    block.end();
    at += length;
  }
  StringSource source(sink.text);
  static const Bundles kBundles(kBundle);
  (void)load_state(source, kBundles, rondo::PartitionId(0));
  return 0;
}
