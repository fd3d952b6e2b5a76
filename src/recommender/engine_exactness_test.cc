// The engine against a simple model of it, against itself, and against recorded numbers.
#include <gtest/gtest.h>
#include <xmmintrin.h>

#include <map>
#include <set>

#include "base/bytes.h"
#include "base/random.h"
#include "recommender/engine.h"
#include "recommender/string_io.h"
#include "recommender/testing/world.h"

namespace rondo::recommender::testing {
namespace {

using log::v1::Record;

std::string hex(const Digest& digest) { return base::to_hex(base::as_bytes(digest)); }

// Reservations and the seen set against a model: a page holds exactly what the model says is left.
TEST(EngineModel, SeenAndReservationsAgreeWithAModel) {
  struct Reserved {
    Place place;
    uint64_t served_us;
  };
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    World world(WorldOptions{.seed = seed});
    world.publish_all();
    base::Rng rng(seed * 77);
    std::map<uint64_t, std::set<uint64_t>> seen;         // by viewer
    std::map<uint64_t, std::vector<Reserved>> reserved;  // by viewer
    std::map<uint64_t, std::vector<Place>> released;     // shown late all the same
    for (int step = 0; step < 400; ++step) {
      uint64_t viewer = 1 + rng.below(4);
      auto& mine = reserved[viewer];
      if (rng.below(3) == 0) {
        std::vector<Place> held;
        std::vector<Reserved> kept;
        std::erase_if(mine, [&](const Reserved& r) {
          return r.served_us + 30 * 60 * kSecondUs <= world.engine->state_time_us();
        });
        for (const Reserved& r : mine) {
          if (rng.below(3) != 0) {
            released[viewer].push_back(r.place);
          } else {
            held.push_back(r.place);
            kept.push_back(r);
          }
        }
        auto limit = static_cast<uint32_t>(1 + rng.below(12));
        Page page = world.serve(viewer, limit, held);
        std::set<uint64_t> gone = seen[viewer];
        for (const Place& p : held) gone.insert(p.video);
        size_t left = 48 - gone.size();
        ASSERT_EQ(page.served.slots_size(), static_cast<int>(std::min<size_t>(left, limit)));
        ASSERT_EQ(page.served.exhausted(), left < limit);
        mine = kept;
        for (int i = 0; i < page.served.slots_size(); ++i) {
          Place place = page.place(static_cast<size_t>(i));
          ASSERT_TRUE(gone.insert(place.video).second) << "came twice";
          mine.push_back({place, world.engine->state_time_us()});
        }
      } else if (rng.below(4) == 0 && !released[viewer].empty()) {
        Place late = released[viewer].back();
        released[viewer].pop_back();
        world.show(viewer, late);
        seen[viewer].insert(late.video);
      } else if (!mine.empty()) {
        size_t pick = rng.below(mine.size());
        Place place = mine[pick].place;
        mine.erase(mine.begin() + static_cast<ptrdiff_t>(pick));
        rng.below(2) == 0 ? world.show(viewer, place) : world.skip(viewer, place);
        seen[viewer].insert(place.video);
      }
      world.advance(rng.below(8) == 0 ? 20 * 60 * kSecondUs : kSecondUs);
    }
  }
}

// Two engines, the same records: the same bytes of every page and the same state.
TEST(EngineReplay, TheSameRecordsGiveTheSamePages) {
  World world(WorldOptions{.seed = 3});
  world.publish_all();
  world.train(40, 3);
  auto session = world.start(7, 8);
  for (int i = 0; i < 20; ++i) {
    world.swipe(session, 8, [](const std::string& t) { return t == "t2" || t == "t5"; });
  }
  // In another floating-point mode, as a host's library might leave behind.
  unsigned mode = _mm_getcsr();
  _mm_setcsr(mode | 0x8040 | 0x4000);
  auto replayed = make_engine();
  for (const auto& [time_us, record, deltas] : world.log) {
    if (record.has_served()) {
      auto page = replayed->rank(record.served().request());
      ASSERT_TRUE(page.ok());
      ASSERT_EQ(page->SerializeAsString(), record.served().SerializeAsString());
    }
    ASSERT_TRUE(replayed->apply(replayed->next_offset(), time_us, record, deltas).ok());
  }
  _mm_setcsr(mode);
  EXPECT_EQ(replayed->digest(), world.engine->digest());
}

// Recorded numbers: whatever changes them changes the pages of every log, and needs a new
// kEngineVersion.
TEST(EngineGolden, FixedScenario) {
  World world(WorldOptions{.seed = 9});
  world.publish_all();
  world.train(25, 3);
  auto session = world.start(7, 8);
  for (int i = 0; i < 12; ++i) {
    world.swipe(session, 8, [](const std::string& t) { return t == "t4"; });
  }
  EXPECT_EQ(hex(world.engine->digest()),
            "a684fa8ca13f1c94b5b5f1aa4904911153fc19894465e458ddb12cc45c000a6a");
  EXPECT_EQ(base::to_hex(base::as_bytes(base::sha256(session.latest.served.SerializeAsString()))),
            "bd0494310ae9a75f54d16c600d30310739aeece9df540ec415416e96aba719e7");
}

}  // namespace
}  // namespace rondo::recommender::testing
