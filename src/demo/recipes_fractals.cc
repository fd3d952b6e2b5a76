// Fractals: night indigo through magenta to gold, turning slowly; a choir that never arrives.
#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "fractals";

// The ends meet, so that levels can flow round; level 0 (inside the set) is the night.
std::string ember() {
  return kit::ramp({0x0B0620, 0x2A0C5A, 0x6A1B8A, 0xC2267A, 0xF2603E, 0xFFC24A, 0xFFF1C0, 0xF59A5A,
                    0xA8327E, 0x4A1670, 0x12082E});
}

// How fast z -> z^2 + c leaves from every point: `x` and `y` place the pixel in the plane (as z for
// a Julia set, as c for a Mandelbrot set), `cx` and `cy` are c.
std::string escape(std::string_view start, std::string_view next, double bands) {
  return kit::fill(
      "{0};st(2,0);while(lt(ld(0)*ld(0)+ld(1)*ld(1),40)*lt(ld(2),110),{1};st(2,ld(2)+1));"
      "if(gte(ld(2),110),0,1+mod({2}*(ld(2)-log(log(ld(0)*ld(0)+ld(1)*ld(1)))/0.6931),255))",
      {std::string(start), std::string(next), kit::num(bands)});
}

std::string flowing(const std::string& set, double levels_per_frame) {
  return kit::still(360, 640, set) + "[map];" +
         kit::pulse(360, 640, kit::fill("mod({0}*N,255)", {kit::num(levels_per_frame)})) +
         "[time];" + kit::flow("map", "time", "levels") + ";[levels]" + ember() + "," +
         kit::canvas("lanczos");
}

std::string choir(std::initializer_list<int> low, std::initializer_list<int> high, double breath_s,
                  int duration_ms) {
  return kit::track(kit::pad(low, breath_s), kit::pad(high, breath_s * 1.37), 2.6, duration_ms,
                    "lowpass=f=1800,aphaser=type=t:speed=0.3:decay=0.3,"
                    "aecho=0.8:0.8:91|163|257:0.4|0.3|0.2");
}

}  // namespace

std::vector<Recipe> fractals() {
  const std::string julia_start = "st(0,(Y-H/2)/H*3.3);st(1,(X-W/2)/H*3.3)";
  const auto julia = [](double cx, double cy) {
    return kit::fill("st(3,ld(0)*ld(0)-ld(1)*ld(1)+({0}));st(1,2*ld(0)*ld(1)+({1}));st(0,ld(3))",
                     {kit::num(cx), kit::num(cy)});
  };
  return {
      {.topic = kTopic,
       .creator = "okafor.zooms",
       .caption = "One number wide of the edge, and it turns into dragons",
       .hashtags = {kTopic, "julia", "math"},
       .duration_ms = 6000,
       .video_graph = flowing(escape(julia_start, julia(-0.79, 0.155), 7), 1.4167),
       .audio_graph = choir({38, 50, 57}, {62, 65, 69}, 3, 6000)},
  };
}

}  // namespace rondo::demo::topics
