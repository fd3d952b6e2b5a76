// An envelope of foreign bytes: opens, is judged, and survives being sealed again; or an error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "records/envelope.h"
#include "records/routing.h"
#include "records/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rondo;
  auto opened = records::open({reinterpret_cast<const char*>(data), size});
  if (!opened.ok()) {
    if (opened.error().message().empty()) std::abort();
    return 0;
  }
  auto valid = records::validate(opened->record);
  if (!valid.ok()) {
    if (valid.error().field().empty()) std::abort();
    return 0;
  }
  // What is valid can be appended again, and comes back the same.
  const std::string sealed = records::seal(opened->record, opened->time_us);
  auto again = records::open(sealed);
  if (!again.ok() || records::seal(again->record, again->time_us) != sealed) std::abort();
  if (records::destination_of(opened->record) != records::Destination::kOwn &&
      records::partitions_of(opened->record, 7).empty()) {
    std::abort();
  }
  return 0;
}
