// Kaleidoscopes: jewel colours, everything mirrored; a music box.
#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "kaleidoscopes";

// Looks at a moving 512x512 grey picture, labelled [glass], through `mirrors` mirrors: every pixel
// of the sheet is sent to one wedge of the picture by two maps drawn once.
std::string mirrored(int mirrors, double turn, std::string_view colors, double reach = 0.72) {
  const std::string wedge = kit::fill(
      "st(0,hypot(X-W/2,Y-H/2)*{2});st(1,mod(atan2(Y-H/2,X-W/2)+{1}+20*PI,2*PI/{0}));"
      "st(1,min(ld(1),2*PI/{0}-ld(1)));",
      {kit::num(mirrors), kit::num(turn), kit::num(reach)});
  const auto map = [&](std::string_view axis) {
    return kit::fill(
        "nullsrc=s=360x640:r=30,trim=end_frame=1,format=gray16le,"
        "geq=lum='{0}128+ld(0)*{1}(ld(1))',{2}",
        {wedge, std::string(axis), kit::hold()});
  };
  return map("cos") + "[mx];" + map("sin") + "[my];[glass][mx][my]remap," + std::string(colors) +
         "," + kit::canvas("lanczos");
}

std::string jewels() {
  return kit::ramp(
      {0x1B0B3B, 0x5B1FA6, 0xE0218A, 0xFF6F61, 0xFFD23F, 0x2EC4B6, 0x0A6FB8, 0x1B0B3B});
}

std::string music_box(std::vector<int> notes, std::vector<int> low, double step_s,
                      int duration_ms) {
  return kit::track(kit::tune({std::move(notes), step_s, 6, kit::tone::glass}),
                    kit::tune({std::move(low), step_s * 2, 3, kit::tone::glass}), 0.5, duration_ms);
}

}  // namespace

std::vector<Recipe> kaleidoscopes() {
  // Petals and beads on a cloth that repeats, drawn past the mirrors on a slant.
  const std::string cloth =
      kit::still(512, 512,
                 "st(0,X*PI/128);st(1,Y*PI/128);"
                 "clip(128+58*sin(ld(0)+1.7*sin(ld(1)))+46*cos(2*ld(1)-1.3*cos(ld(0)))"
                 "+30*sin(3*(ld(0)+ld(1)))+24*cos(5*ld(0)-4*ld(1)),0,255)") +
      ",scroll=h=0.0016667:v=0.0033333[glass];";
  return {
      {.topic = kTopic,
       .creator = "lena.folds",
       .caption = "Eight mirrors, one sweet wrapper",
       .hashtags = {kTopic, "symmetry", "color"},
       .duration_ms = 6000,
       .video_graph = cloth + mirrored(8, 0, jewels()),
       .audio_graph = music_box({76, 79, 83, 86, 83, 79, 81, 84}, {52, 0, 59, 57}, 0.25, 6000)},
  };
}

}  // namespace rondo::demo::topics
