#include <fmt/format.h>

#include "simulator/scenario.h"

namespace rondo::simulator {
namespace {

using recommender::Bundle;

// Few candidates, a short history and a small network: for runs of many swipes.
Bundle small_bundle() {
  Bundle b = Bundle::defaults();
  b.model.history_attended = 8;
  b.model.hidden_1 = 16;
  b.model.hidden_2 = 16;
  b.towers.dimensions = 16;
  b.towers.negatives = 8;
  b.co_watch.neighbours_max = 16;
  b.co_watch.neighbours_solved = 8;
  b.co_watch.solve_per_tick = 2;
  b.candidates = {.personal = 16,
                  .match = 16,
                  .followed = 4,
                  .liked_by_followed = 4,
                  .sound = 4,
                  .co_watch = 8,
                  .trending_region = 4,
                  .trending = 8,
                  .fresh = 6,
                  .exploration = 4,
                  .topic_champions = 8};
  b.limits.viewers_max = 100'000;
  b.limits.videos_max = 10'000;
  b.limits.authors_max = 10'000;
  b.limits.topics_max = 1'000;
  b.limits.pending_slots_max = 100'000;
  b.limits.viewer_history_max = 32;
  b.limits.viewer_reserved_max = 32;
  return b;
}

}  // namespace

Result<Preset> preset(std::string_view name) {
  if (name == "default") {
    return Preset{.name = "default",
                  .about = "the built-in bundle; 400 viewers, 2,000 videos",
                  .viewers = 400,
                  .videos = 2000,
                  .authors = 400,
                  .swipes = 60'000,
                  .page_slots = 6,
                  .swipes_second_bar = 2500,
                  .bundle = Bundle::defaults()};
  }
  if (name == "small") {
    return Preset{.name = "small",
                  .about =
                      "about 60 candidates, a network of 16 and 16 units, histories of 32; "
                      "2,000 viewers, 400 videos, pages of 2",
                  .viewers = 2000,
                  .videos = 400,
                  .authors = 100,
                  .swipes = 100'000,
                  .page_slots = 2,
                  .swipes_second_bar = 20'000,
                  .bundle = small_bundle()};
  }
  return invalid(fmt::format("there is no preset \"{}\"; there are default and small", name))
      .with_field("preset");
}

}  // namespace rondo::simulator
