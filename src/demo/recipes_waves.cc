// Waves and water: deep navy to teal to foam, with one coral sun; surf and a slow low bell.
#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "waves";

std::string surf(std::initializer_list<int> chord, std::vector<int> bell, double swell_s,
                 int duration_ms) {
  return kit::with_noise(
      kit::track(kit::pad(chord, swell_s) + "*0.5",
                 kit::tune({std::move(bell), swell_s / 4, 1.6, kit::tone::soft}), 0.7, duration_ms),
      "pink",
      kit::fill("lowpass=f=900,highpass=f=90,volume='0.42+0.34*sin(2*PI*t/{0}-1)':eval=frame,"
                "afade=t=in:d=0.1,afade=t=out:st={1}:d=0.4",
                {kit::num(swell_s), kit::num(duration_ms / 1000.0 - 0.4)}));
}

// Sheets of cut paper, one behind the other, each sliding at its own speed: a sheet is a grey strip
// as wide as its wave is periodic; the lightest (nearest) wins.
std::string sheets(int duration_ms) {
  constexpr int kSheets = 6;
  std::string graph = kit::still(360, 640, "if(lt(hypot(X-236,Y-196),92),34,2+14*Y/H)") + "[s0];";
  for (int i = 1; i <= kSheets; ++i) {
    const int top = 150 + 68 * i, level = 40 + 32 * i;
    const int hills = 1 + i % 3;
    graph += kit::still(
                 360, 640,
                 kit::fill("st(0,{0}+{1}*sin(2*PI*{2}*X/W+{3})+{4}*sin(2*PI*({2}+1)*X/W+{5}));"
                           "if(gt(Y,ld(0)),{6}+22*exp((ld(0)-Y)/26),0)",
                           {kit::num(top), kit::num(30 - 2 * i), kit::num(hills), kit::num(2.1 * i),
                            kit::num(9), kit::num(1.3 * i), kit::num(level)})) +
             kit::fill(",scroll=h={0}[w{1}];",
                       {kit::num((i % 2 ? 1.0 : -1.0) * 1000.0 / 30 / duration_ms), kit::num(i)}) +
             kit::fill("[s{0}][w{1}]blend=all_mode=lighten[s{1}];", {kit::num(i - 1), kit::num(i)});
  }
  return graph + kit::fill("[s{0}]", {kit::num(kSheets)});
}

}  // namespace

std::vector<Recipe> waves() {
  const std::string sea = kit::ramp(
      {0xFFB88A, 0xFF7A59, 0x0E3B5C, 0x125374, 0x14708C, 0x1B93A2, 0x4FBDB8, 0x9CDDCF, 0xE9F8EE});
  return {
      {.topic = kTopic,
       .creator = "yuki.tides",
       .caption = "Cut from paper, still wet",
       .hashtags = {kTopic, "papercut", "ocean"},
       .duration_ms = 8000,
       .video_graph = sheets(8000) + sea + "," + kit::canvas("lanczos"),
       .audio_graph = surf({38, 45, 54}, {66, 0, 69, 0, 73, 0, 71, 0}, 4, 8000)},
  };
}

}  // namespace rondo::demo::topics
