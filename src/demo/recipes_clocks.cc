// Clocks and machines: brass, cream and oxblood, turning exactly; ticks and a wall clock's chime.
#include <algorithm>
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

// A part of a clock drawn once at the centre of a square: opaque where `inside` (pixels from the
// edge, positive within) is.
std::string part(int size, std::string_view inside, std::uint32_t rgb) {
  const auto [light, blue, red] = kit::to_yuv(rgb);
  return kit::fill(
      "nullsrc=s={0}x{0}:r=30,trim=end_frame=1,format=yuva444p,geq=lum={1}:cb={2}:cr={3}:"
      "a='255*clip({4}+0.5,0,1)',{5}",
      {kit::num(size), kit::num(light), kit::num(blue), kit::num(red), std::string(inside),
       kit::hold()});
}

// A hand: `length` up from the axle, `tail` down, `width` wide.
std::string hand(double length, double tail, double width) {
  return kit::fill("min({2}-abs(X-W/2),min(Y-H/2+{0},{1}-Y+H/2))",
                   {kit::num(length), kit::num(tail), kit::num(width / 2)});
}

// Layers parts, each turning by its own expression of t, around one point of the sheet.
struct Turning {
  std::string part;
  std::string angle;
  int size;
};
// `name` sets the labels of one use of this apart from those of another.
std::string around(const std::string& ground, int x, int y, const std::string& name,
                   const std::vector<Turning>& parts) {
  std::string graph = ground + "[" + name + "0];";
  int i = 0;
  for (const Turning& turning : parts) {
    graph += turning.part + kit::fill(
                                ",rotate=a='{0}':c=none[{5}t{1}];"
                                "[{5}{1}][{5}t{1}]overlay=format=yuv444:x={2}:y={3}[{5}{4}];",
                                {turning.angle, kit::num(i), kit::num(x - turning.size / 2),
                                 kit::num(y - turning.size / 2), kit::num(i + 1), name});
    ++i;
  }
  return graph + "[" + name + kit::num(i) + "]";
}

// A kitchen clock on which half a day passes in the clip; the second hand ticks and shivers.
std::string wall_clock(double seconds) {
  constexpr std::string_view kDisc = "W/2-3-hypot(X-W/2,Y-H/2)";
  const std::string marks =
      "st(0,hypot(X-W/2,Y-H/2));st(1,mod(atan2(Y-H/2,X-W/2)+9*PI,PI/6));"
      "st(1,ld(0)*min(ld(1),PI/6-ld(1)));min(min(ld(0)-118,140-ld(0)),3-ld(1))";
  const std::string face =
      around(
          "color=c=0x6E1F22:s=360x640:r=30,drawgrid=x=-9:w=36:h=2000:t=18:c=0x7B272A,"
          "format=yuv444p",
          180, 320, "face",
          {{part(336, kDisc, 0x2A1512), "0", 336},
           {part(316, kDisc, 0xC9963B), "0", 316},
           {part(304, kDisc, 0xF5EBD3), "0", 304},
           {part(304, marks, 0x2A1512), "0", 304}}) +
      "trim=end_frame=1," + kit::hold();
  return around(face, 180, 320, "hand",
                {{part(200, hand(72, 14, 12), 0x2A1512),
                  kit::fill("2*PI*(10/12+t/{0})", {kit::num(seconds)}), 200},
                 {part(280, hand(112, 18, 8), 0x2A1512),
                  kit::fill("2*PI*(10/60+12*t/{0})", {kit::num(seconds)}), 280},
                 {part(300, hand(128, 34, 4), 0xD8432B),
                  "2*PI/12*(floor(t*4)+1-exp(-30*mod(t,0.25))*cos(40*mod(t,0.25)))", 300},
                 {part(40, "10-hypot(X-W/2,Y-H/2)", 0xC9963B), "0", 40}}) +
         kit::canvas("lanczos");
}

// Rings of an astrolabe, pierced and slotted, each at its own pace and every other one backwards.
// They do not overlap, so they can be grey: the level says which brass.
std::string astrolabe(double seconds) {
  struct Ring {
    int outer, inner, holes, turns, level;
  };
  constexpr Ring kRings[] = {{334, 282, 48, 1, 150}, {276, 226, 24, -2, 204},
                             {220, 174, 36, 3, 51},  {168, 126, 12, -4, 255},
                             {120, 82, 18, 5, 102},  {76, 40, 6, -6, 204}};
  std::string graph = "color=c=black:s=360x640:r=30,format=gray,lutyuv=y=0[a0];";
  int i = 0;
  for (const Ring& ring : kRings) {
    const double middle = (ring.outer + ring.inner) / 2.0, width = ring.outer - ring.inner;
    graph += kit::still(
        2 * ring.outer + 4, 2 * ring.outer + 4,
        kit::fill("st(0,hypot(X-W/2,Y-H/2));st(1,atan2(Y-H/2,X-W/2));"
                  "st(2,mod(ld(1)+9*PI,2*PI/{2})-PI/{2});{6}*clip(0.5+min(min({0}-ld(0),ld(0)-{1}),"
                  "min(hypot(ld(0)-{3},ld(2)*ld(0))-{4},max(abs(ld(1))*{3}-{5},abs(ld(0)-{3})-{4}))"
                  "),0,1)",
                  {kit::num(ring.outer), kit::num(ring.inner), kit::num(ring.holes),
                   kit::num(middle), kit::num(std::min(width * 0.22, 1.9 * middle / ring.holes)),
                   kit::num(middle * 0.42), kit::num(ring.level)}));
    graph += kit::fill(
        ",rotate=a='2*PI*t*{0}/{1}+{0}':ow=360:oh=640[r{2}];"
        "[a{2}][r{2}]blend=all_mode=lighten[a{3}];",
        {kit::num(ring.turns), kit::num(seconds * 6), kit::num(i), kit::num(i + 1)});
    ++i;
  }
  return graph + kit::fill("[a{0}]", {kit::num(i)}) +
         kit::ramp({0x1E1612, 0x8E2F2A, 0x6F7F73, 0xB56A3A, 0xC9963B, 0xE8C46E}) + "," +
         kit::canvas("lanczos");
}

// Fifteen pendulums, each a swing faster than the one below: they part, tangle and meet again.
std::string pendulums(double seconds) {
  constexpr int kCount = 15, kSize = 76;
  std::string graph = "color=c=0xF2E6CE:s=720x1280:r=30,drawbox=358:0:4:1280:0xD9C6A0:fill[p0];";
  for (int i = 0; i < kCount; ++i) {
    const double mix = static_cast<double>(i) / (kCount - 1);
    const auto blend = [&](int from, int to) {
      return static_cast<std::uint32_t>(from + mix * (to - from));
    };
    const std::uint32_t rgb = blend(0x7A, 0xE0) << 16 | blend(0x1F, 0xA8) << 8 | blend(0x24, 0x40);
    graph +=
        part(kSize, "36-hypot(X-W/2,Y-H/2)", rgb) +
        kit::fill(
            ",format=yuva420p[d{0}];[p{0}][d{0}]overlay=x='322+250*cos(2*PI*{1}*(t+0.4)/{2})':y={3}"
            "[p{4}];",
            {kit::num(i), kit::num(2 + i), kit::num(seconds * 2), kit::num(42 + 80 * i),
             kit::num(i + 1)});
  }
  return graph + kit::fill("[p{0}]", {kit::num(kCount)}) + kit::canvas();
}

// Four wheels of numbers behind four windows, each a turn when the one below has made ten.
std::string counter() {
  constexpr std::string_view kInk = "0x231A16", kPaper[] = {"0xF5EBD3", "0xE0B458"};
  constexpr std::string_view kFont = "/usr/share/fonts/opentype/bebas-neue/BebasNeue-Bold.otf";
  std::string graph = "color=c=0x6E1F22:s=720x1280:r=30[k0];";
  for (int i = 0; i < 4; ++i) {
    graph += kit::fill("color=c={0}:s=310x6160:r=30,trim=end_frame=1",
                       {std::string(kPaper[(i + i / 2) % 2])});
    for (int digit = 0; digit <= 10; ++digit) {
      graph += kit::fill(
          ",drawtext=fontfile={0}:fontsize=560:fontcolor={1}:text='{2}':"
          "x=(w-tw)/2:y={3}-th/2,drawbox=0:{4}:310:4:{1}@0.25:fill",
          {std::string(kFont), std::string(kInk), kit::num(digit % 10), kit::num(digit * 560 + 280),
           kit::num(digit * 560)});
    }
    // The lowest wheel steps five times a second; a step is a quick turn and a rest.
    const double each = i == 3 ? 5 : i == 2 ? 0.5 : i == 1 ? 1.0 / 6 : 1.0 / 12;
    const int start = i == 3 ? 2 : i == 2 ? 4 : i == 1 ? 9 : 1;
    const double turn = i == 3 ? 0.7 : i == 2 ? 0.16 : 0.05;
    graph += kit::fill(
        ",{0},crop=310:560:0:'560*mod({1}+floor(t*{2})+pow(max(0,(mod(t*{2},1)-1+{3})/{3}),2),10)'"
        "[n{4}];[k{4}][n{4}]overlay=x={5}:y={6}[k{7}];",
        {kit::hold(), kit::num(start), kit::num(each), kit::num(turn), kit::num(i),
         kit::num(40 + 330 * (i % 2)), kit::num(70 + 580 * (i / 2)), kit::num(i + 1)});
  }
  return graph + "[k4]" + kit::canvas();
}

// A wall of little clocks; what looks like a wave is only that each runs a moment behind.
std::string clock_wall(double seconds) {
  constexpr int kColumns = 4, kRows = 7, kSize = 90;
  std::string graph =
      kit::still(kSize, kSize,
                 "st(0,hypot(X-W/2,Y-H/2));st(1,min(2.6-abs(X-W/2),min(36-abs(Y-H/2+17),1000)));"
                 "max(255*clip(min(2.6-abs(X-W/2),min(2-Y+H/2,Y-H/2+36))+0.5,0,1),"
                 "max(255*clip(min(2.6-abs(Y-H/2),min(X-W/2+2,28-X+W/2))+0.5,0,1),"
                 "max(60*clip(43-ld(0),0,1),130*clip(1.6-abs(ld(0)-41)+0.5,0,1))))");
  graph += kit::fill(",split={0}", {kit::num(kColumns * kRows)});
  for (int i = 0; i < kColumns * kRows; ++i) graph += kit::fill("[c{0}]", {kit::num(i)});
  graph += ";";
  std::string all, layout;
  for (int i = 0; i < kColumns * kRows; ++i) {
    const int column = i % kColumns, row = i / kColumns;
    graph += kit::fill("[c{0}]rotate=a='{2}+2*PI*t/{1}+1.6*sin(2*PI*t/{1}-{3})'[r{0}];",
                       {kit::num(i), kit::num(seconds), kit::num((column + row) % 2 ? 3.14159 : 0),
                        kit::num(0.55 * column + 0.42 * row)});
    all += kit::fill("[r{0}]", {kit::num(i)});
    layout +=
        kit::fill("{0}{1}_{2}", {i ? "|" : "", kit::num(column * kSize), kit::num(row * kSize)});
  }
  return graph + all +
         kit::fill("xstack=inputs={0}:layout={1},pad=360:640:0:5,",
                   {kit::num(kColumns * kRows), layout}) +
         kit::ramp({0x231A16, 0x6E1F22, 0xC9963B, 0xE0B458, 0xF5EBD3}) + "," +
         kit::canvas("lanczos");
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

}  // namespace

std::vector<Recipe> clocks() {
  return {
      {.topic = kTopic,
       .creator = "brass.bruno",
       .caption = "Grandfather's spare parts, finally talking to each other",
       .hashtags = {kTopic, "gears"},
       .duration_ms = 5000,
       .video_graph = train({{22, 0, 0xC9963B},
                             {12, 1.25, 0x9E3A2E},
                             {28, 2.2, 0xE0B458},
                             {16, 0.35, 0x6F7F73},
                             {20, 1.9, 0xB56A3A}},
                            125, 105, 4.8, 5, 5, "0x231A16"),
       .audio_graph = ticking(0.25, {67, 0, 64, 0, 65, 0, 60, 0}, 5000)},
      {.topic = kTopic,
       .creator = "quarter.past.kit",
       .caption = "Sunday, as seen by the kitchen clock",
       .hashtags = {kTopic, "timelapse"},
       .duration_ms = 8000,
       .video_graph = wall_clock(8),
       .audio_graph = ticking(0.25, {60, 0, 0, 0, 64, 0, 62, 0}, 8000)},
      {.topic = kTopic,
       .creator = "brass.bruno",
       .caption = "Fifteen pendulums walk into a bar and leave in step",
       .hashtags = {kTopic, "pendulum", "physics"},
       .duration_ms = 8000,
       .video_graph = pendulums(8),
       .audio_graph = ticking(0.5, {55, 59, 62, 67}, 8000)},
      {.topic = kTopic,
       .creator = "brass.bruno",
       .caption = "The gas meter of a perfectly normal house",
       .hashtags = {kTopic, "counter", "numbers"},
       .duration_ms = 6000,
       .video_graph = counter(),
       .audio_graph = ticking(0.2, {57, 0, 60, 0, 64, 0}, 6000)},
      {.topic = kTopic,
       .creator = "quarter.past.kit",
       .caption = "Twenty-eight clocks and still nobody is on time",
       .hashtags = {kTopic, "wave"},
       .duration_ms = 6000,
       .video_graph = clock_wall(6),
       .audio_graph = ticking(0.375, {62, 65, 69, 72}, 6000)},
      {.topic = kTopic,
       .creator = "brass.bruno",
       .caption = "It tells you where the planets were, if you forgive it a little",
       .hashtags = {kTopic, "astrolabe", "brass"},
       .duration_ms = 5000,
       .video_graph = astrolabe(5),
       .audio_graph = ticking(0.25, {52, 59, 57, 0, 64, 62, 59, 55}, 5000)},
  };
}

}  // namespace rondo::demo::topics
