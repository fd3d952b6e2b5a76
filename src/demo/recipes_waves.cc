// Waves and water: deep navy to teal to foam, with one coral sun; surf and a slow low bell.
#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "waves";

std::string sunset() {
  return kit::ramp(
      {0xFFB88A, 0xFF7A59, 0x0E3B5C, 0x125374, 0x14708C, 0x1B93A2, 0x4FBDB8, 0x9CDDCF, 0xE9F8EE});
}
std::string deep() {
  return kit::ramp({0x061A33, 0x0A3154, 0x0F5377, 0x137F96, 0x35AFB0, 0x9FE0D2, 0xF3FCF4});
}

// Sheets of cut paper, one behind the other, each sliding at its own speed: a sheet is a grey strip
// as wide as its wave is periodic; the lightest (nearest) wins.
std::string sheets(int duration_ms) {
  constexpr int kSheets = 6;
  std::string graph = kit::still(360, 640, "if(lt(hypot(X-236,Y-196),92),34,2+14*Y/H)") + "[s0];";
  for (int i = 1; i <= kSheets; ++i) {
    graph +=
        kit::still(360, 640,
                   kit::fill("st(0,{0}+{1}*sin(2*PI*{2}*X/W+{3})+9*sin(2*PI*({2}+1)*X/W+{4}));"
                             "if(gt(Y,ld(0)),{5}+22*exp((ld(0)-Y)/26),0)",
                             {kit::num(150 + 68 * i), kit::num(30 - 2 * i), kit::num(1 + i % 3),
                              kit::num(2.1 * i), kit::num(1.3 * i), kit::num(40 + 32 * i)}));
    graph += kit::fill(
        ",scroll=h={0}[w{1}];[s{2}][w{1}]blend=all_mode=lighten[s{1}];",
        {kit::num((i % 2 ? 1000.0 : -1000.0) / 30 / duration_ms), kit::num(i), kit::num(i - 1)});
  }
  return graph + kit::fill("[s{0}]", {kit::num(kSheets)});
}

// Rings from two places that pass through each other.
std::string interference(double seconds) {
  return kit::field(80, 142,
                    kit::fill("st(0,hypot(X-W*0.3,Y-H*0.3));st(1,hypot(X-W*0.72,Y-H*0.68));"
                              "clip(112+88*sin(ld(0)/2.3-2*PI*{0}*T)*exp(-ld(0)/90)"
                              "+88*sin(ld(1)/2.3-2*PI*{0}*T)*exp(-ld(1)/90),0,255)",
                              {kit::num(6 / seconds)}));
}

// Drops fall one after the other; each makes a ring that widens and fades.
std::string rain(double seconds) {
  struct Drop {
    double x, y, at;
  };
  constexpr Drop kDrops[] = {
      {0.28, 0.24, 0.1}, {0.7, 0.5, 0.3}, {0.3, 0.78, 0.5}, {0.78, 0.14, 0.7}, {0.6, 0.9, 0.9}};
  std::string lum = "clip(70+70*Y/H";
  for (const Drop& drop : kDrops) {
    lum += kit::fill(
        "+0*st(1,mod(T/{2}+{3},1))+0*st(0,hypot(X-W*{0},Y-H*{1})-ld(1)*84)"
        "+if(lt(abs(ld(0)),14),170*(1-ld(1))*cos(ld(0)/1.7)*pow(1-ld(0)*ld(0)/196,2),0)",
        {kit::num(drop.x), kit::num(drop.y), kit::num(seconds), kit::num(drop.at)});
  }
  return kit::field(64, 114, lum + ",0,255)");
}

// Light on the floor of a pool: where wobbling sheets of it cross, it burns white.
std::string pool(double seconds) {
  return kit::field(
      80, 142,
      kit::fill("st(3,2*PI*T/{0});st(0,X/8+1.3*sin(Y/11+ld(3)));st(1,Y/9+1.4*sin(X/10-ld(3)));"
                "st(2,abs(sin(ld(0)+sin(ld(1)+ld(3)))+sin(ld(1)*0.8+1.2*sin(ld(0)*0.9-ld(3)))));"
                "min(255,34+200*pow(1-min(1,ld(2)/1.55),2.6)+44*pow(1-Y/H,2))",
                {kit::num(seconds)}));
}

// A striped sun and, below the horizon, the same sun shaken by the water.
std::string reflected(double seconds) {
  return kit::still(360, 640,
                    "st(0,hypot(X-W/2,Y-230));if(lt(ld(0),120),if(gt(mod(Y,26),26-(Y-110)/13),150,"
                    "205+50*(1-(Y-110)/240)),if(lt(Y,330),46+112*pow(Y/330,2),20))") +
         ",split[sky][up];[up]crop=360:320:0:10,vflip,lutyuv=y='val*0.86'[glass];" +
         kit::field(45, 80,
                    kit::fill("128+(3+17*Y/H)*sin(40*pow(1.15-Y/H,1.6)*4+X/18+2*PI*{0}*T)"
                              "+6*sin(Y/3-2*PI*{1}*T)",
                              {kit::num(3 / seconds), kit::num(2 / seconds)})) +
         ",scale=360:320:flags=bilinear[dx];" +
         "nullsrc=s=360x320:r=30,format=gray,lutyuv=y=128[dy];"
         "[glass][dx][dy]displace=edge=mirror[water];[sky][water]overlay=0:320:format=auto,"
         "format=gray,";
}

// Level lines pushed up by slow hills that pass under them.
std::string swell(double seconds) {
  return kit::still(360, 640, "255*pow(0.5+0.5*cos(2*PI*Y/26),9)*(0.45+0.55*Y/H)+18") + "[lines];" +
         kit::field(
             45, 80,
             kit::fill("st(3,2*PI*T/{0});128+62*exp(-pow((X-22+9*sin(ld(3)))/9,2))*"
                       "(sin(X/2.3+ld(3)*2+Y/9)+sin(Y/7-ld(3)*3)+0.7*sin(X/1.3-ld(3)+Y/5))/2",
                       {kit::num(seconds)})) +
         ",scale=360:640:flags=bicubic[up];nullsrc=s=360x640:r=30,format=gray,lutyuv=y=128[side];"
         "[lines][side][up]displace=edge=wrap,";
}

std::string surf(std::initializer_list<int> chord, std::vector<int> bell, double swell_s,
                 int duration_ms, int brightness = 900) {
  return kit::with_noise(
      kit::track(kit::pad(chord, swell_s) + "*0.5",
                 kit::tune({std::move(bell), swell_s / 4, 1.6, kit::tone::soft}), 0.7, duration_ms),
      "pink",
      kit::fill("lowpass=f={2},highpass=f=90,volume='0.42+0.34*sin(2*PI*t/{0}-1)':eval=frame,"
                "afade=t=in:d=0.1,afade=t=out:st={1}:d=0.4",
                {kit::num(swell_s), kit::num(duration_ms / 1000.0 - 0.4), kit::num(brightness)}));
}

}  // namespace

std::vector<Recipe> waves() {
  const std::string smooth = "," + kit::canvas("lanczos");
  const std::string large = "scale=360:640:flags=bicubic,";
  return {
      {.topic = kTopic,
       .creator = "yuki.tides",
       .caption = "Cut from paper, still wet",
       .hashtags = {kTopic, "papercut", "ocean"},
       .duration_ms = 8000,
       .video_graph = sheets(8000) + sunset() + smooth,
       .audio_graph = surf({38, 45, 54}, {66, 0, 69, 0, 73, 0, 71, 0}, 4, 8000)},
      {.topic = kTopic,
       .creator = "salt.and.sine",
       .caption = "Two pebbles, one argument",
       .hashtags = {kTopic, "interference", "physics"},
       .duration_ms = 5000,
       .video_graph = interference(5) + "," + large + deep() + smooth,
       .audio_graph = surf({45, 52, 57}, {69, 0, 0, 76, 0, 0, 72, 0}, 3, 5000)},
      {.topic = kTopic,
       .creator = "yuki.tides",
       .caption = "The last ferry took this picture",
       .hashtags = {kTopic, "sunset", "reflection"},
       .duration_ms = 6000,
       .video_graph = reflected(6) +
                      kit::ramp({0x0B1E3F, 0x14355C, 0x1F6C80, 0x5FA79B, 0xF2B98A, 0xFF7A59,
                                 0xFF5A4E, 0xFFD08A}) +
                      smooth,
       .audio_graph = surf({41, 48, 57}, {72, 0, 69, 0, 65, 0, 64, 0}, 3, 6000, 700)},
      {.topic = kTopic,
       .creator = "yuki.tides",
       .caption = "I stayed at the bottom of the pool to think",
       .hashtags = {kTopic, "pool", "caustics"},
       .duration_ms = 5000,
       .video_graph = pool(5) + "," + large + deep() + smooth,
       .audio_graph = surf({43, 50, 59}, {0, 74, 0, 71, 0, 67, 0, 0}, 2, 5000, 420)},
      {.topic = kTopic,
       .creator = "salt.and.sine",
       .caption = "What the swell looks like to a seismograph",
       .hashtags = {kTopic, "lines", "minimal"},
       .duration_ms = 5000,
       .video_graph =
           swell(5) + kit::ramp({0x061A33, 0x0B2C4F, 0x137F96, 0x6FD0C6, 0xF3FCF4}) + smooth,
       .audio_graph = surf({36, 43, 51}, {60, 0, 63, 0, 67, 0, 70, 0}, 3, 5000, 600)},
      {.topic = kTopic,
       .creator = "yuki.tides",
       .caption = "Five drops of rain before everyone ran inside",
       .hashtags = {kTopic, "rain"},
       .duration_ms = 5000,
       .video_graph = rain(5) + "," + large + deep() + smooth,
       .audio_graph = surf({40, 47, 56}, {76, 83, 0, 80, 0, 88, 0, 85}, 2.5, 5000, 2600)},
  };
}

}  // namespace rondo::demo::topics
