// Gradients and light: soft colours without an edge, slow; one warm chord.
#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "light";
// Nothing here has an edge or is in a hurry: fifteen pictures a second look the same as thirty.
constexpr int kRate = 15;

// Three smooth expressions for red, green and blue (0..1), drawn tiny with 12 bits and blown up.
// `before` fills registers; it may use p, the phase of the loop, as ld(9).
std::string glow(std::string_view before, std::string_view r, std::string_view g,
                 std::string_view b, double seconds) {
  const auto channel = [&](std::string_view value) {
    return kit::fill("st(9,2*PI*T/{0});{1}4095*clip({2},0,1)",
                     {kit::num(seconds), std::string(before), std::string(value)});
  };
  return kit::fill("nullsrc=s=36x64:r={0},format=gbrp12,geq=r='{1}':g='{2}':b='{3}',{4}",
                   {kit::num(kRate), channel(r), channel(g), channel(b), kit::canvas()});
}

// Balls of wax that melt into each other: where their fields add up past a level, there is wax.
std::string lamp(double seconds) {
  std::string sum = "st(9,2*PI*T/" + kit::num(seconds) + ");st(0,0";
  struct Ball {
    double x, y, reach, size;
    int pace;
  };
  constexpr Ball kBalls[] = {{0.35, 0.1, 0.55, 95, 1},
                             {0.62, 2.2, 0.5, 130, 1},
                             {0.5, 4.0, 0.62, 70, 1},
                             {0.7, 5.2, 0.45, 60, 2},
                             {0.28, 3.1, 0.48, 80, 1}};
  for (const Ball& ball : kBalls) {
    sum += kit::fill(
        "+{3}/"
        "(6+pow(X-W*({0}+0.07*sin(ld(9)+{1}*2)),2)+pow(Y-H*(0.5+{2}*0.8*sin({4}*ld(9)+{1})),2))",
        {kit::num(ball.x), kit::num(ball.y), kit::num(ball.reach), kit::num(ball.size),
         kit::num(ball.pace)});
  }
  return kit::field(45, 80, sum + "+60/(10+pow(H-Y,2))+40/(10+pow(Y,2)));min(255,72*ld(0)+50*Y/H)",
                    kRate) +
         ",scale=360:640:flags=bicubic," +
         kit::ramp(
             {0x3B1054, 0x6D1A6B, 0xB3306F, 0xFF7A59, 0xFF9E5E, 0xFFC27A, 0xFFDF9E, 0xFFF3CF}) +
         "," + kit::canvas("bicubic");
}

// Street lamps out of focus: three depths of discs that slide past each other.
std::string bokeh(double seconds) {
  std::string graph = kit::still(360, 640, "18+26*Y/H", kRate) + "[k0];";
  for (int depth = 0; depth < 3; ++depth) {
    std::string lum = "0";
    for (int i = 0; i < 9; ++i) {
      const int seed = 37 * i + 101 * depth + 11;
      const double radius = 22 + 17 * depth + (seed * 7) % 13;
      // Wrap round the edges, so that the sheet can slide for ever.
      lum = kit::fill(
          "max({0},0*st(0,hypot(mod(X-{1}+900,360)-180,mod(Y-{2}+1600,640)-320))"
          "+{3}*(0.7+0.3*pow(min(1,ld(0)/{4}),5))*clip(({4}-ld(0))/2,0,1))",
          {lum, kit::num((seed * 53) % 360), kit::num((seed * 91 + i * 67) % 640),
           kit::num(60 + 25 * depth + (seed * 31) % 60), kit::num(radius)});
    }
    graph += kit::still(360, 640, lum, kRate) +
             kit::fill(",scroll=h={0}:v={1}[d{2}];[k{2}][d{2}]blend=all_mode=screen[k{3}];",
                       {kit::num((depth == 1 ? -1 : 1) / seconds / kRate),
                        kit::num(depth == 2 ? -1 / seconds / kRate : 0), kit::num(depth),
                        kit::num(depth + 1)});
  }
  return graph + "[k3]" +
         kit::ramp({0x140A2E, 0x33145C, 0x7A2A7E, 0xD95A6B, 0xFF9E5E, 0xFFD18A, 0xFFF3D6}) + "," +
         kit::canvas("bicubic");
}

std::string warmth(std::initializer_list<int> left, std::initializer_list<int> right,
                   double breath_s, int duration_ms) {
  return kit::track(kit::pad(left, breath_s), kit::pad(right, breath_s * 0.8), 1.2, duration_ms,
                    "lowpass=f=1400,chorus=0.7:0.9:55|68:0.3|0.25:0.25|0.4:2|1.3,"
                    "aecho=0.8:0.8:151|263:0.35|0.25");
}

}  // namespace

std::vector<Recipe> light() {
  return {
      {.topic = kTopic,
       .creator = "soft.focus.fay",
       .caption = "What the curtains do at seven in the morning",
       .hashtags = {kTopic, "gradient", "calm"},
       .duration_ms = 7000,
       .video_graph = glow("st(0,pow(0.5+0.5*sin(X/12+1.4*sin(Y/18+ld(9))+ld(9)),1.5));"
                           "st(1,0.5+0.5*sin(Y/13-1.5*sin(X/15-ld(9))));"
                           "st(2,pow(0.5+0.5*sin((X-Y)/19+1.8*sin(ld(9))+0.6*ld(0)+2),2));",
                           "1-0.1*ld(1)-0.45*ld(2)", "0.80-0.52*ld(0)-0.22*ld(2)+0.06*ld(1)",
                           "0.56+0.1*ld(1)-0.3*ld(0)+0.34*ld(2)", 7),
       .audio_graph = warmth({53, 60, 64, 67}, {57, 64, 72}, 4, 7000)},
      {.topic = kTopic,
       .creator = "salt.and.sine",
       .caption = "The sky practised all night for this",
       .hashtags = {kTopic, "aurora", "night"},
       .duration_ms = 8000,
       .video_graph = glow(
           "st(3,X/W*6+0.9*sin(Y/20+ld(9))+0.5*sin(X/5-ld(9)));"
           "st(0,exp(-pow((Y/H-0.42-0.1*sin(ld(3)+ld(9)))/0.24,2))*(0.55+0.45*sin(ld(3)*2-ld(9))));"
           "st(1,exp(-pow((Y/H-0.24-0.1*sin(ld(3)*0.8-ld(9)))/"
           "0.2,2))*(0.5+0.5*sin(ld(3)*1.5+ld(9)+1)));"
           "st(2,pow(Y/H,3));",
           "0.09+0.12*ld(0)+0.62*ld(1)+0.55*ld(2)", "0.07+0.78*ld(0)+0.14*ld(1)+0.16*ld(2)",
           "0.24+0.42*ld(0)+0.62*ld(1)+0.22*ld(2)", 8),
       .audio_graph = warmth({50, 57, 62, 66}, {54, 61, 69}, 4, 8000)},
      {.topic = kTopic,
       .creator = "soft.focus.fay",
       .caption = "Lamp from the flea market, two euros, best purchase of my life",
       .hashtags = {kTopic, "lavalamp"},
       .duration_ms = 8000,
       .video_graph = lamp(8),
       .audio_graph = warmth({48, 55, 58, 63}, {51, 60, 67}, 4, 8000)},
      {.topic = kTopic,
       .creator = "soft.focus.fay",
       .caption = "Took my glasses off on the way home. Better",
       .hashtags = {kTopic, "bokeh", "night"},
       .duration_ms = 8000,
       .video_graph = bokeh(16),
       .audio_graph = warmth({45, 52, 57, 61}, {49, 56, 64}, 3.2, 8000)},
      {.topic = kTopic,
       .creator = "salt.and.sine",
       .caption = "A door that only lets colour through",
       .hashtags = {kTopic, "space", "calm"},
       .duration_ms = 8000,
       .video_graph = glow("st(3,pow(pow(abs(X-W/2+0.5)/15,6)+pow(abs(Y-H/2+0.5)/27,6),1/6));"
                           "st(0,0.5+0.5*sin(5*ld(3)-ld(9)));st(1,0.5+0.5*sin(3.2*ld(3)-ld(9)+2));"
                           "st(2,exp(-2.2*ld(3)*ld(3)));",
                           "0.95-0.35*ld(0)*(1-ld(2))+0.1*ld(2)",
                           "0.34+0.3*ld(1)*(1-ld(2))+0.42*ld(2)-0.12*ld(0)",
                           "0.55+0.4*ld(0)-0.1*ld(2)-0.1*ld(1)", 8),
       .audio_graph = warmth({55, 62, 66, 69}, {59, 66, 74}, 4, 8000)},
      {.topic = kTopic,
       .creator = "soft.focus.fay",
       .caption = "Dust, window, ten past four",
       .hashtags = {kTopic, "sunbeams"},
       .duration_ms = 8000,
       .video_graph = glow(
           "st(3,atan2(Y+8,X+10));st(4,hypot(X+10,Y+8)/80);"
           "st(0,(0.5+0.5*sin(ld(3)*17+1.2*sin(ld(9))))*(0.6+0.4*sin(ld(3)*9-ld(9))));"
           "st(1,exp(-1.5*ld(4)*ld(4)));",
           "0.30+0.62*ld(0)*(1.15-ld(4)*0.6)+0.5*ld(1)",
           "0.15+0.46*ld(0)*(1.1-ld(4)*0.8)+0.5*ld(1)", "0.30-0.1*ld(4)+0.16*ld(0)+0.26*ld(1)", 8),
       .audio_graph = warmth({52, 59, 63, 68}, {56, 63, 71}, 4, 8000)},
  };
}

}  // namespace rondo::demo::topics
