// What another partition's engine is said to have learned, from a params log that nobody vouches
// for: a body whose hash is right. Whatever is admitted must leave a state that is sound.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "recommender/checkpoint.h"
#include "recommender/fold.h"
#include "recommender/string_io.h"

namespace {

using namespace rondo::recommender;
using rondo::log::v1::Record;

constexpr uint64_t kNowUs = 1'750'000'000'000'000;

std::unique_ptr<State> state_of(const Bundle& bundle) {
  auto s = std::make_unique<State>(bundle, rondo::PartitionId(0));
  Record activated;
  activated.mutable_engine_activated()->set_engine_version(std::string(kEngineVersion));
  activated.mutable_engine_activated()->set_partitions(2);
  RD_ASSERT(fold(*s, Bundles(s->bundle), kNowUs, activated, {}).ok());
  for (uint64_t video = 1001; video <= 1004; ++video) {
    Record record;
    auto& published = *record.mutable_video_published();
    published.set_video_id(video);
    published.set_author_id(501 + video % 2);
    published.set_duration_ms(9000);
    published.add_topics("t" + std::to_string(video % 3));
    RD_ASSERT(fold(*s, Bundles(s->bundle), kNowUs, record, {}).ok());
  }
  return s;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Bundle kBundle = Bundle::defaults();
  const std::vector<std::string> bodies{std::string(reinterpret_cast<const char*>(data), size)};
  auto s = state_of(kBundle);
  Record tick;
  tick.mutable_tick()->set_epoch(kNowUs / 1'000'000);
  tick.mutable_tick()->set_cut(true);
  auto& ref = *tick.mutable_tick()->add_deltas();
  ref.set_partition(1);
  ref.set_sha256(std::string(rondo::base::as_bytes(rondo::base::sha256(bodies[0]))));
  if (!fold(*s, Bundles(s->bundle), kNowUs, tick, bodies).ok()) return 0;
  StringSink sink;
  save_state(*s, sink);
  StringSource source(sink.text);
  auto loaded = load_state(source, Bundles(kBundle), rondo::PartitionId(0));
  RD_ASSERT(loaded.ok());
  RD_ASSERT(state_digest(**loaded) == state_digest(*s));
  return 0;
}
