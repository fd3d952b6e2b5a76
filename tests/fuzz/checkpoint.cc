// A checkpoint from a disk that nobody vouches for. A fuzzer does not guess checksums: the input
// says what is changed in the sections of a true checkpoint, whose checksums and digest are then
// made to fit. Whatever is loaded must be what its bytes say, save the same again, rank and fold.
//
//   input: edits of 8 bytes: section u8, kind u8, place u16 (in 65,536ths of the section), value
//   u32
#include "recommender/checkpoint.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "recommender/archive.h"
#include "recommender/string_io.h"
#include "recommender/testing/world.h"

namespace {

using namespace rondo::recommender;
using rondo::log::v1::Record;

struct Section {
  uint32_t tag;
  std::string payload;
  std::string block;  // of the payload as it was; empty: to be made
};

// Small, so that many are loaded in a second.
Bundle bundle() {
  Bundle b = Bundle::defaults();
  b.model.hidden_1 = b.model.hidden_2 = 16;
  b.towers.dimensions = 16;
  b.co_watch.neighbours_max = b.co_watch.neighbours_solved = 4;
  return b;
}

// Of people who have swiped, liked, followed, muted, turned down and wait for what comes next.
std::string true_checkpoint() {
  testing::World world({.videos = 8, .topics = 3, .authors = 4}, bundle());
  world.publish_all();
  for (uint64_t viewer = 1; viewer <= 3; ++viewer) {
    auto session = world.start(viewer, 2);
    for (int i = 0; i < 3; ++i) {
      world.swipe(session, 2, [](const std::string& topic) { return topic == "t1"; });
    }
    world.like(viewer, session.committed.front());
    world.not_interested(viewer, session.committed.back(), rondo::log::v1::NOT_INTERESTED_SOUND);
    Record wish;
    auto& wanted = *wish.mutable_preference_changed();
    wanted.set_viewer_id(viewer);
    wanted.add_topics()->set_topic("t2");
    wanted.mutable_topics(0)->set_level(50);
    auto& muted = *wanted.add_mute();
    muted.set_text("word");
    muted.add_words(7);
    RD_ASSERT(world.apply(wish).ok());
    Record follow;
    follow.mutable_follow_changed()->set_viewer_id(viewer);
    follow.mutable_follow_changed()->set_author_id(501);
    follow.mutable_follow_changed()->set_following(true);
    RD_ASSERT(world.apply(follow).ok());
  }
  world.tick();
  return saved(*world.engine);
}

// Without the digest at the end.
std::vector<Section> sections_of(std::string_view checkpoint) {
  std::vector<Section> out;
  rondo::base::ByteReader reader(checkpoint);
  while (!reader.empty()) {
    const std::string_view begin = reader.rest();
    const uint32_t tag = *reader.get<uint32_t>();
    const uint32_t size = *reader.get<uint32_t>();
    (void)reader.get<uint32_t>();
    const auto payload = *reader.get_bytes(size);
    out.push_back({tag, std::string(payload),
                   std::string(begin.substr(0, begin.size() - reader.rest().size()))});
  }
  RD_ASSERT(out.back().tag == section_tag("DIGE"));
  out.pop_back();
  return out;
}

std::string checkpoint_of(const std::vector<Section>& sections) {
  StringSink sink;
  rondo::base::Sha256 hash;
  auto add = [&sink](uint32_t tag, std::string_view payload) {
    ArchiveWriter block(&sink);
    block.begin(tag);
    for (char byte : payload) block(byte);
    block.end();
  };
  for (const Section& section : sections) {
    std::string tag;
    rondo::base::ByteWriter(tag).put(section.tag);
    hash.update(tag);
    hash.update(section.payload);
    if (section.block.empty()) {
      add(section.tag, section.payload);
    } else {
      sink.write(section.block);
    }
  }
  add(section_tag("DIGE"), rondo::base::as_bytes(hash.finish()));
  return std::move(sink.text);
}

void edit(std::string& payload, uint8_t kind, uint16_t place, uint32_t value) {
  const size_t at = size_t{place} * payload.size() / 65'536;
  const size_t some = std::min<size_t>(value % 64 + 1, payload.size() - at);
  auto put = [&](auto number) {
    std::memcpy(payload.data() + at, &number, std::min(sizeof number, payload.size() - at));
  };
  switch (kind % 6) {
    case 0:
      put(static_cast<uint8_t>(value));
      break;
    case 1:
      put(value);
      break;
    case 2:
      put(static_cast<int64_t>(static_cast<int32_t>(value)));
      break;
    case 3:
      payload.insert(at, value % 64 + 1, static_cast<char>(value >> 8));
      break;
    case 4:
      payload.erase(at, some);
      break;
    case 5:
      payload.insert(at, payload.substr(at, some));
      break;
  }
}

// What a host would do next.
void go_on(Engine& engine) {
  uint64_t now_us = testing::kStartUs + 100 * testing::kSecondUs;
  auto apply = [&](const Record& record) {
    now_us += testing::kSecondUs;
    (void)engine.apply(engine.next_offset(), now_us, record);
  };
  for (uint64_t viewer = 1; viewer <= 4; ++viewer) {
    rondo::log::v1::FeedRequest request;
    request.set_viewer_id(viewer);
    request.set_surface(rondo::log::v1::SURFACE_FOR_YOU);
    request.set_language("en");
    request.set_region("IE");
    request.set_limit(3);
    const uint64_t page = engine.next_offset().value();
    auto served = engine.rank(request);
    if (!served.ok() || served->slots_size() == 0) continue;
    const uint64_t video = served->slots(0).video_id();
    Record record;
    *record.mutable_served() = std::move(*served);
    apply(record);
    auto set_where = [&](auto& message) {
      message.set_viewer_id(viewer);
      message.set_video_id(video);
      message.set_from_page(true);
      message.set_page_offset(page);
      message.set_slot(0);
    };
    record.Clear();
    set_where(*record.mutable_impression());
    apply(record);
    record.Clear();
    set_where(*record.mutable_engagement());
    record.mutable_engagement()->mutable_watch()->set_watch_ms(9'000);
    apply(record);
    record.mutable_engagement()->set_like(true);
    apply(record);
  }
  for (const uint64_t hours : {1, 24, 24 * 40}) {
    now_us += hours * 3600 * testing::kSecondUs;
    Record tick;
    tick.mutable_tick()->set_epoch(now_us / testing::kSecondUs);
    apply(tick);
  }
  (void)engine.digest();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string kTrue = true_checkpoint();
  static const std::vector<Section> kSections = sections_of(kTrue);
  static const Bundles kBundles(bundle());
  RD_ASSERT(size > 0 || checkpoint_of(kSections) == kTrue);
  auto sections = kSections;
  for (; size >= 8; data += 8, size -= 8) {
    uint16_t place = 0;
    uint32_t value = 0;
    std::memcpy(&place, data + 2, sizeof place);
    std::memcpy(&value, data + 4, sizeof value);
    Section& section = sections[data[0] % sections.size()];
    section.block.clear();
    edit(section.payload, data[1], place, value);
  }
  const std::string changed = checkpoint_of(sections);
  StringSource source(changed);
  auto loaded = load_state(source, kBundles, rondo::PartitionId(0));
  if (!loaded.ok()) return 0;
  StringSink again;
  save_state(**loaded, again);
  RD_ASSERT(again.text == changed);
  StringSource once_more(changed);
  static const auto kSource = std::make_shared<Bundles>(bundle());
  auto engine = Engine::load(once_more, kSource, rondo::PartitionId(0));
  RD_ASSERT(engine.ok());
  go_on(**engine);
  return 0;
}
