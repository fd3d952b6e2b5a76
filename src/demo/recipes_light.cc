// Gradients and light: soft pastels without an edge, very slow; a warm chord.
#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "light";

// Three smooth expressions for red, green and blue (0..1), drawn tiny with 12 bits and blown up.
std::string glow(std::string_view r, std::string_view g, std::string_view b,
                 std::string_view before = "") {
  return kit::fill(
      "nullsrc=s=36x64:r=15,format=gbrp12,geq=r='{3}4095*clip({0},0,1)':g='{3}4095*clip({1},0,1)':"
      "b='{3}4095*clip({2},0,1)',{4}",
      {std::string(r), std::string(g), std::string(b), std::string(before),
       kit::canvas("bicubic")});
}

std::string warmth(std::initializer_list<int> left, std::initializer_list<int> right,
                   double breath_s, int duration_ms) {
  return kit::track(kit::pad(left, breath_s), kit::pad(right, breath_s * 0.8), 1.2, duration_ms,
                    "lowpass=f=1400,chorus=0.7:0.9:55|68:0.3|0.25:0.25|0.4:2|1.3,aecho=0.8:0.8:151|"
                    "263:0.35|0.25");
}

}  // namespace

std::vector<Recipe> light() {
  return {
      {.topic = kTopic,
       .creator = "soft.focus.fay",
       .caption = "What the curtains do at seven in the morning",
       .hashtags = {kTopic, "gradient", "calm"},
       .duration_ms = 8000,
       .video_graph = glow("1-0.1*ld(1)-0.45*ld(2)", "0.80-0.52*ld(0)-0.22*ld(2)+0.06*ld(1)",
                           "0.56+0.1*ld(1)-0.3*ld(0)+0.34*ld(2)",
                           "st(0,pow(0.5+0.5*sin(X/12+1.4*sin(Y/18+2*PI*T/8)+2*PI*T/8),1.5));"
                           "st(1,0.5+0.5*sin(Y/13-1.5*sin(X/15-2*PI*T/8)));"
                           "st(2,pow(0.5+0.5*sin((X-Y)/19+1.8*sin(2*PI*T/8)+0.6*ld(0)+2),2));"),
       .audio_graph = warmth({53, 60, 64, 67}, {57, 64, 72}, 4, 8000)},
  };
}

}  // namespace rondo::demo::topics
