// Clocks and machines: brass, cream and oxblood, turning exactly; ticks and a wall clock's chime.
#include <cmath>
#include <numbers>

#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "clocks";

// A toothed wheel, drawn once, on nothing: brightness and transparency by geq, one flat hue.
std::string gear(int size, int teeth, double radius, std::uint32_t rgb) {
  const auto [light, blue, red] = kit::to_yuv(rgb);
  const std::string shape = kit::fill(
      "st(0,hypot(X-W/2,Y-H/2));st(1,atan2(Y-H/2,X-W/2));"
      // Inside the rounded teeth, outside the five holes, outside the axle.
      "st(2,{0}+5.5*clip(2.2*sin({1}*ld(1)),-1,1)-ld(0));st(3,mod(ld(1)+9*PI,2*PI/5)-PI/5);"
      "st(3,hypot(ld(0)*cos(ld(3))-{2},ld(0)*sin(ld(3)))-{3});st(4,ld(0)-{4});",
      {kit::num(radius), kit::num(teeth), kit::num(radius * 0.56), kit::num(radius * 0.235),
       kit::num(radius * 0.09)});
  return kit::fill(
      "nullsrc=s={0}x{0}:r=30,trim=end_frame=1,format=yuva444p,geq=lum='{1}{2}*(0.82"
      "+0.14*clip((ld(0)-{3})/2,-1,1)+0.12*gt(ld(0),{4}))':cb={5}:cr={6}:"
      "a='{1}255*clip(min(ld(2),min(ld(3),ld(4)))+0.5,0,1)',{7}",
      {kit::num(size), shape, kit::num(light), kit::num(radius * 0.2), kit::num(radius * 0.86),
       kit::num(blue), kit::num(red), kit::hold()});
}

std::string ticking(double tick_s, std::vector<int> chime, int duration_ms) {
  const std::string tick = kit::fill(
      "0.5*sin(2*PI*(1900+500*lt(mod(t,{1}),{0}))*mod(t,{0}))*exp(-mod(t,{0})*130)"
      "+0.3*(random(5)-0.5)*exp(-mod(t,{0})*220)",
      {kit::num(tick_s), kit::num(2 * tick_s)});
  return kit::track(
      tick + "+0.5*" + kit::tune({chime, tick_s * 4, 1.5, kit::tone::glass}),
      "0.7*(" + tick + ")+0.7*" + kit::tune({chime, tick_s * 4, 1.5, kit::tone::glass}), 0.7,
      duration_ms);
}

struct Wheel {
  int teeth;
  double angle;  // where it sits, seen from the wheel before
  std::uint32_t rgb;
};

// Meshing wheels: each one turns the other way and by the ratio of teeth, and a tooth always meets
// a gap. `turns` teeth of every wheel pass in `seconds`, so the picture comes round.
std::string train(std::initializer_list<Wheel> wheels, double x, double y, double tooth,
                  int teeth_a_loop, double seconds, std::string_view ground) {
  std::string graph =
      kit::fill("color=c={0}:s=360x640:r=30,format=yuv444p[b0];", {std::string(ground)});
  double radius = 0, start = 0;
  int teeth = 0, i = 0;
  for (const Wheel& wheel : wheels) {
    const double next_radius = wheel.teeth * tooth;
    if (i > 0) {
      x += (radius + next_radius) * std::cos(wheel.angle);
      y += (radius + next_radius) * std::sin(wheel.angle);
      start = wheel.angle + std::numbers::pi + teeth * (wheel.angle - start) / wheel.teeth;
    }
    radius = next_radius;
    teeth = wheel.teeth;
    const int size = 2 * static_cast<int>(radius + 10);
    graph += gear(size, teeth, radius, wheel.rgb) +
             kit::fill(
                 ",rotate=a='{0}+{1}*2*PI*t':c=none[g{2}];"
                 "[b{2}][g{2}]overlay=format=yuv444:x={3}:y={4}[b{5}];",
                 {kit::num(start), kit::num((i % 2 ? -1 : 1) * teeth_a_loop / seconds / teeth),
                  kit::num(i), kit::num(std::round(x - size / 2.0)),
                  kit::num(std::round(y - size / 2.0)), kit::num(i + 1)});
    ++i;
  }
  return graph + kit::fill("[b{0}]", {kit::num(i)}) + kit::canvas("lanczos");
}

}  // namespace

std::vector<Recipe> clocks() {
  return {
      {.topic = kTopic,
       .creator = "brass.bruno",
       .caption = "Grandfather's spare parts, finally talking to each other",
       .hashtags = {kTopic, "gears"},
       .duration_ms = 6000,
       .video_graph = train({{22, 0, 0xC9963B},
                             {12, 1.25, 0x9E3A2E},
                             {28, 2.2, 0xE0B458},
                             {16, 0.35, 0x6F7F73},
                             {20, 1.9, 0xB56A3A}},
                            125, 105, 4.8, 6, 6, "0x231A16"),
       .audio_graph = ticking(0.25, {67, 0, 64, 0, 65, 0, 60, 0}, 6000)},
  };
}

}  // namespace rondo::demo::topics
