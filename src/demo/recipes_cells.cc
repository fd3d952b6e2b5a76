// Cellular life: square or slimy, glowing green on a dark dish; quick wooden plinks.
#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "cells";
// A generation is a frame; life looks alive at fifteen a second.
constexpr int kRate = 15;

std::string dish() {
  return kit::ramp({0x04140F, 0x06291E, 0x0B4A34, 0x117A4C, 0x2FB35A, 0x9BE84F, 0xF4FFD0});
}

// Life-like automata; dead cells fade from grey when `mold` is set.
std::string life(std::string_view size, std::string_view rule, double ratio, int seed, int skip,
                 int mold = 0) {
  return kit::fill(
      "life=s={0}:r={1}:rule={2}:ratio={3}:seed={4}:mold={5}:life_color=white:"
      "mold_color=black:death_color={7},trim=start_frame={6},setpts=PTS-STARTPTS,format=gray",
      {std::string(size), kit::num(kRate), std::string(rule), kit::num(ratio), kit::num(seed),
       kit::num(mold), kit::num(skip), mold > 0 ? "0xC0C0C0" : "black"});
}

// One row after the other, each made from the one above by one of the 256 rules.
std::string rows(std::string_view size, int rule, std::string_view first) {
  return kit::fill("cellauto=s={0}:r={1}:rule={2}:{3}:full=1,format=gray",
                   {std::string(size), kit::num(kRate), kit::num(rule), std::string(first)});
}

// Lights the living cells by a picture as large as they are: [light] under [cells].
std::string lit(int width, int height, std::string_view light) {
  return "[cells];" + kit::still(width, height, light, kRate) +
         "[light];[cells][light]lut2=c0='if(gt(x,127),y,y/9)',";
}

// Noise that is blurred near and sharpened far, again and again, grows the spots and stripes of an
// animal's coat; a threshold that breathes turns stripes to spots and back.
std::string coat(int width, int height, int rounds, double breath_s) {
  std::string graph = kit::fill(
      "nullsrc=s={0}x{1}:r=15,trim=end_frame=1,format=gray,geq=lum='255*mod(abs(sin(X*12.9898+Y*78."
      "233)*43758.5453),1)'",
      {kit::num(width), kit::num(height)});
  for (int i = 0; i < rounds; ++i) {
    const std::string n = kit::num(i);
    graph += kit::fill(
        ",split[a{0}][b{0}];[a{0}]gblur=sigma=1.3[n{0}];[b{0}]gblur=sigma=3[f{0}];"
        "[n{0}][f{0}]lut2=c0='clip(128+9*(x-y),0,255)'",
        {n});
  }
  return graph + ",gblur=sigma=1,scale=720:1280:flags=bicubic," + kit::hold(kRate) + "[coat];" +
         kit::pulse(720, 1280, kit::fill("128+80*sin(2*PI*T/{0})", {kit::num(breath_s)}), kRate) +
         "[breath];[coat][breath]lut2=c0='clip(128+(x-y)*5,0,255)*0.72+x*0.25',";
}

std::string plinks(std::vector<int> notes, std::vector<int> others, double step_s, int duration_ms,
                   std::string_view tone = kit::tone::wood) {
  const double gain = tone == kit::tone::wood ? 0.85 : 1.3;
  return kit::track(kit::tune({std::move(notes), step_s, 14, tone}),
                    kit::tune({std::move(others), step_s * 1.5, 10, tone}), gain, duration_ms,
                    "aecho=0.8:0.6:120|240|375:0.4|0.25|0.15");
}

}  // namespace

std::vector<Recipe> cells() {
  const std::string pixels = "," + kit::canvas("neighbor");
  return {
      {.topic = kTopic,
       .creator = "petri.pia",
       .caption = "Day one in the dish. Nobody told them to make gliders",
       .hashtags = {kTopic, "gameoflife"},
       .duration_ms = 7000,
       .video_graph = life("90x160", "B3/S23", 0.35, 11, 20, 14) + "," + dish() + pixels,
       .audio_graph = plinks({69, 72, 76, 0, 79, 76, 0, 81}, {57, 0, 64, 60, 0, 64}, 0.125, 7000)},
      {.topic = kTopic,
       .creator = "petri.pia",
       .caption = "Leopard or zebra? It cannot decide either",
       .hashtags = {kTopic, "turing", "patterns"},
       .duration_ms = 6000,
       .video_graph = coat(120, 214, 9, 6) + dish() + "," + kit::canvas(),
       .audio_graph = plinks({57, 0, 60, 64, 0, 67}, {45, 0, 0, 48}, 0.2, 6000, kit::tone::soft)},
      {.topic = kTopic,
       .creator = "tomas.rules",
       .caption = "Rule 30 knitted me a curtain, one row at a time",
       .hashtags = {kTopic, "rule30", "wolfram"},
       .duration_ms = 6000,
       .video_graph = rows("90x160", 30, "ratio=0.5:seed=3") +
                      lit(90, 160, "90+150*pow(0.5+0.5*sin(X/11+Y/19),2)") + dish() + pixels,
       .audio_graph = plinks({72, 74, 0, 76, 72, 0, 79, 0}, {60, 0, 55, 0, 57, 0}, 0.1, 6000)},
      {.topic = kTopic,
       .creator = "petri.pia",
       .caption = "Slime with opinions",
       .hashtags = {kTopic, "microscope"},
       .duration_ms = 6000,
       .video_graph = life("63x112", "B3678/S34678", 0.5, 21, 4) +
                      ",tmix=frames=6,scale=180:320:flags=bicubic,gblur=sigma=4,"
                      "scale=360:640:flags=bicubic,"
                      "lutyuv=y='clip(val*0.8+26*sin(val/9),0,255)'," +
                      dish() + "," + kit::canvas(),
       .audio_graph =
           plinks({50, 0, 57, 0, 53, 55, 0, 0}, {62, 0, 0, 65, 0, 0}, 0.22, 6000, kit::tone::soft)},
      {.topic = kTopic,
       .creator = "tomas.rules",
       .caption = "Grandma's lace, but grandma is an exclusive or",
       .hashtags = {kTopic, "rule90", "lace"},
       .duration_ms = 6000,
       .video_graph =
           rows("60x214", 90, "ratio=0.05:seed=4") + ",split[l][r];[r]hflip[m];[l][m]hstack" +
           lit(120, 214, "120+130*pow(cos((X-W/2)/19),2)") + dish() + "," + kit::canvas("neighbor"),
       .audio_graph = plinks({76, 0, 79, 83, 0, 81, 79, 0}, {64, 67, 0, 71, 0, 69}, 0.14, 6000)},
      {.topic = kTopic,
       .creator = "petri.pia",
       .caption = "Coral, if coral were in a hurry",
       .hashtags = {kTopic, "growth"},
       .duration_ms = 6000,
       .video_graph = life("90x160", "B3/S012345678", 0.024, 5, 0) +
                      ",tmix=frames=40,trim=start_frame=26,setpts=PTS-STARTPTS,lutyuv=y='if(lt(val,"
                      "3),0,255-val*0.6)'," +
                      dish() + pixels,
       .audio_graph = plinks({60, 64, 67, 71, 72, 71, 67, 64}, {48, 0, 52, 0, 55, 0}, 0.11, 6000)},
  };
}

}  // namespace rondo::demo::topics
