// Cellular life: square, glowing green on a dark dish; quick wooden plinks.
#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "cells";

std::string life(std::string_view rule, double ratio, int seed, int skip, int fps) {
  return kit::fill(
      "life=s=90x160:r={4}:rule={0}:ratio={1}:seed={2}:mold=14:life_color=white:"
      "mold_color=0x000000:death_color=0xC0C0C0,trim=start_frame={3},setpts=PTS-STARTPTS,format="
      "gray",
      {std::string(rule), kit::num(ratio), kit::num(seed), kit::num(skip), kit::num(fps)});
}

std::string dish() {
  return kit::ramp({0x04140F, 0x06291E, 0x0B4A34, 0x117A4C, 0x2FB35A, 0x9BE84F, 0xF4FFD0});
}

std::string plinks(std::vector<int> notes, std::vector<int> others, double step_s,
                   int duration_ms) {
  return kit::track(kit::tune({std::move(notes), step_s, 14, kit::tone::wood}),
                    kit::tune({std::move(others), step_s * 1.5, 10, kit::tone::wood}), 0.6,
                    duration_ms, "aecho=0.8:0.6:120|240|375:0.4|0.25|0.15");
}

}  // namespace

std::vector<Recipe> cells() {
  return {
      {.topic = kTopic,
       .creator = "petri.pia",
       .caption = "Day one in the dish. Nobody told them to make gliders",
       .hashtags = {kTopic, "gameoflife"},
       .duration_ms = 7000,
       .video_graph =
           life("B3/S23", 0.35, 11, 20, 15) + "," + dish() + "," + kit::canvas("neighbor"),
       .audio_graph = plinks({69, 72, 76, 0, 79, 76, 0, 81}, {57, 0, 64, 60, 0, 64}, 0.125, 7000)},
  };
}

}  // namespace rondo::demo::topics
