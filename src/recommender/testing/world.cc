#include "recommender/testing/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "recommender/string_io.h"

namespace rondo::recommender::testing {

using log::v1::Record;

std::unique_ptr<Engine> make_engine(const Bundle& bundle,
                                    std::shared_ptr<const BundleSource> bundles) {
  auto engine = Engine::create(bundle, PartitionId(0), std::move(bundles));
  RD_ASSERT(engine.ok());
  return std::move(engine).value();
}

World::World(const WorldOptions& o, const Bundle& bundle,
             std::shared_ptr<const BundleSource> bundles)
    : engine(make_engine(bundle, std::move(bundles))), rng(o.seed), options(o) {}

void World::publish_all() {
  for (uint32_t i = 0; i < options.videos; ++i) {
    publish(1001 + i, 501 + i % options.authors, {"t" + std::to_string(i % options.topics)});
  }
}

void World::publish(uint64_t video, uint64_t author, const std::vector<std::string>& topics,
                    uint32_t duration_ms, const std::vector<uint32_t>& words) {
  Record record;
  auto& r = *record.mutable_video_published();
  r.set_video_id(video);
  r.set_author_id(author);
  r.set_duration_ms(duration_ms);
  for (const auto& topic : topics) r.add_topics(topic);
  r.set_language("en");
  r.set_published_us(now_us);
  for (uint32_t word : words) r.add_words(word);
  author_of_[video] = author;
  topic_of_[video] = topics.empty() ? "" : topics[0];
  ASSERT_TRUE(apply(record).ok());
}

Result<void> World::apply(const Record& record, std::vector<std::string> deltas) {
  RD_CHECK(engine->apply(engine->next_offset(), now_us, record, deltas));
  log.push_back({now_us, record, std::move(deltas)});
  return {};
}

void World::tick() {
  Record record;
  record.mutable_tick()->set_epoch(now_us / kSecondUs);
  ASSERT_TRUE(apply(record).ok());
}

log::v1::FeedRequest World::request(uint64_t viewer, uint32_t limit,
                                    const std::vector<Place>& held) const {
  log::v1::FeedRequest r;
  r.set_viewer_id(viewer);
  r.set_surface(log::v1::SURFACE_FOR_YOU);
  r.set_language("en");
  r.set_limit(limit);
  r.set_anonymous(true);
  for (const Place& place : held) {
    auto& ref = *r.add_held();
    ref.set_page_offset(place.page_offset);
    ref.set_slot(place.slot);
  }
  return r;
}

Page World::serve(const log::v1::FeedRequest& r) {
  auto ranked = engine->rank(r);
  RD_ASSERT(ranked.ok());
  Page page{engine->next_offset().value(), *ranked};
  Record record;
  *record.mutable_served() = page.served;
  EXPECT_TRUE(apply(record).ok());
  return page;
}

void World::show(uint64_t viewer, const Place& place) {
  Record record;
  auto& r = *record.mutable_impression();
  r.set_viewer_id(viewer);
  r.set_video_id(place.video);
  r.set_from_page(true);
  r.set_page_offset(place.page_offset);
  r.set_slot(place.slot);
  r.set_event_id("e" + std::to_string(next_event_++));
  ASSERT_TRUE(apply(record).ok());
}

log::v1::Engagement World::engagement(uint64_t viewer, const Place& place) {
  log::v1::Engagement r;
  r.set_viewer_id(viewer);
  r.set_video_id(place.video);
  r.set_from_page(true);
  r.set_page_offset(place.page_offset);
  r.set_slot(place.slot);
  r.set_event_id("e" + std::to_string(next_event_++));
  return r;
}

void World::engage(const log::v1::Engagement& engagement) {
  Record record;
  *record.mutable_engagement() = engagement;
  now_us += kSecondUs;
  ASSERT_TRUE(apply(record).ok());
}

void World::watch(uint64_t viewer, const Place& place, uint32_t watch_ms, uint32_t loops,
                  bool skipped) {
  auto e = engagement(viewer, place);
  e.mutable_watch()->set_watch_ms(watch_ms);
  e.mutable_watch()->set_loops(loops);
  e.mutable_watch()->set_skipped(skipped);
  engage(e);
}

void World::finish(uint64_t viewer, const Place& place) { watch(viewer, place, 10'500, 1, false); }
void World::skip(uint64_t viewer, const Place& place) { watch(viewer, place, 800, 0, true); }

void World::like(uint64_t viewer, const Place& place, bool liked) {
  auto e = engagement(viewer, place);
  e.set_like(liked);
  engage(e);
}

void World::not_interested(uint64_t viewer, const Place& place, log::v1::NotInterestedScope scope) {
  auto e = engagement(viewer, place);
  e.mutable_not_interested()->set_scope(scope);
  engage(e);
}

World::Session World::start(uint64_t viewer, uint32_t limit) {
  Session s{viewer, {}, serve(viewer, limit)};
  for (int i = 0; i < std::min(2, s.latest.served.slots_size()); ++i) {
    s.committed.push_back(s.latest.place(static_cast<size_t>(i)));
  }
  return s;
}

Place World::swipe(Session& s, uint32_t limit,
                   const std::function<bool(const std::string& topic)>& wants) {
  Place current = s.committed.front();
  show(s.viewer, current);
  if (wants(topic(current.video))) {
    finish(s.viewer, current);
  } else {
    skip(s.viewer, current);
  }
  s.committed.erase(s.committed.begin());
  s.latest = serve(s.viewer, limit, s.committed);
  if (s.latest.served.slots_size() > 0) s.committed.push_back(s.latest.place(0));
  return current;
}

void World::train(uint32_t count, uint32_t pages) {
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t viewer = 100'000 + i;
    uint64_t fond = rng.below(options.topics);
    uint64_t also = rng.below(options.topics);
    for (uint32_t p = 0; p < pages; ++p) {
      Page page = serve(viewer, 6);
      for (int slot = 0; slot < page.served.slots_size(); ++slot) {
        Place place = page.place(static_cast<size_t>(slot));
        const std::string& t = topic(place.video);
        bool wanted = t == "t" + std::to_string(fond) || t == "t" + std::to_string(also);
        show(viewer, place);
        // Nobody is consistent.
        if (rng.uniform() < (wanted ? 0.9f : 0.15f)) {
          finish(viewer, place);
          if (wanted && rng.uniform() < 0.2f) like(viewer, place);
        } else {
          skip(viewer, place);
        }
      }
      tick();
    }
  }
}

double World::share(const log::v1::Served& page, const std::string& t) const {
  if (page.slots_size() == 0) return 0;
  double count = 0;
  for (const auto& slot : page.slots()) count += topic(slot.video_id()) == t ? 1 : 0;
  return count / page.slots_size();
}

void expect_resumes(const World& world, const Bundle& first,
                    const std::shared_ptr<const BundleSource>& bundles,
                    const std::vector<size_t>& cuts) {
  auto straight = make_engine(first, bundles);
  std::vector<std::unique_ptr<Engine>> resumed;
  for (size_t i = 0; i < world.log.size(); ++i) {
    if (std::find(cuts.begin(), cuts.end(), i) != cuts.end()) {
      const std::string bytes = saved(*straight);
      StringSource source(bytes);
      auto engine = Engine::load(source, bundles, PartitionId(0));
      ASSERT_TRUE(engine.ok()) << i << ": " << engine.error().describe();
      ASSERT_EQ((*engine)->digest(), straight->digest()) << i;
      resumed.push_back(std::move(engine).value());
    }
    const auto& [time_us, record, deltas] = world.log[i];
    if (record.has_served() && i % 5 == 0) {
      for (auto& engine : resumed) {
        ASSERT_EQ(engine->rank(record.served().request())->SerializeAsString(),
                  record.served().SerializeAsString());
      }
    }
    ASSERT_TRUE(straight->apply(Offset(i), time_us, record, deltas).ok());
    for (auto& engine : resumed) {
      ASSERT_TRUE(engine->apply(Offset(i), time_us, record, deltas).ok());
    }
  }
  ASSERT_FALSE(resumed.empty());
  EXPECT_EQ(straight->digest(), world.engine->digest());
  for (auto& engine : resumed) EXPECT_EQ(engine->digest(), world.engine->digest());
}

}  // namespace rondo::recommender::testing
