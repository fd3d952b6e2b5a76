// Fractals: night indigo through magenta to gold, flowing or falling in; a choir that never
// arrives.
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
std::string frost() {
  return kit::ramp({0x0B0620, 0x1B1464, 0x3A2BB0, 0x7A4BE8, 0xC78BFF, 0xFFE3F7, 0xFFB45C, 0xC2367A,
                    0x4A1670, 0x12082E});
}

// How fast the points of the plane leave under `next`: (register 0, register 1) is z, `start` sets
// it from the pixel, register 2 counts. Levels are smooth, `bands` to a step.
std::string escape(std::string_view start, std::string_view next, double bands) {
  return kit::fill(
      "{0};st(2,0);while(lt(ld(0)*ld(0)+ld(1)*ld(1),40)*lt(ld(2),80),{1};st(2,ld(2)+1));"
      "if(gte(ld(2),80),0,1+mod({2}*(ld(2)-log(log(ld(0)*ld(0)+ld(1)*ld(1)))/0.6931),255))",
      {std::string(start), std::string(next), kit::num(bands)});
}

std::string julia(double cx, double cy, double height, double bands) {
  return escape(
      kit::fill("st(0,(Y-H/2)/H*{0});st(1,(X-W/2)/H*{0})", {kit::num(height)}),
      kit::fill("st(3,ld(0)*ld(0)-ld(1)*ld(1)+({0}));st(1,2*ld(0)*ld(1)+({1}));st(0,ld(3))",
                {kit::num(cx), kit::num(cy)}),
      bands);
}

// The Mandelbrot set standing up. Its two great discs never leave: start them outside the count.
std::string mandelbrot() {
  return escape(
      "st(4,-0.66+(H/2-Y)/H*2.7);st(5,(X-W/2)/H*2.7);st(6,hypot(ld(4)-0.25,ld(5)));st(0,0);st(1,0);"
      "st(7,lt(ld(4),ld(6)-2*ld(6)*ld(6)+0.25)+lt(hypot(ld(4)+1,ld(5)),0.25))",
      "st(3,ld(0)*ld(0)-ld(1)*ld(1)+ld(4));st(1,2*ld(0)*ld(1)+ld(5));st(0,ld(3));"
      "st(2,ld(2)+200*ld(7))",
      8);
}

// Same as a Julia set, but every step folds the plane twice and c is the pixel.
std::string burning_ship() {
  return escape("st(4,-1.757+(X-W/2)/H*0.15);st(5,-0.028+(Y-H*0.5)/H*0.15);st(0,0);st(1,0)",
                "st(3,ld(0)*ld(0)-ld(1)*ld(1)+ld(4));st(1,2*abs(ld(0)*ld(1))+ld(5));st(0,ld(3))",
                9);
}

// Newton's method on z^3 = 1: which root it falls to, shaded by how long it takes.
std::string newton() {
  return "st(0,(X-W/2)/H*3.2);st(1,(Y-H/2)/H*3.2+0.001);st(2,0);st(6,9);"
         "while(gt(ld(6),0.004)*lt(ld(2),26),"
         "st(3,ld(0)*ld(0)-ld(1)*ld(1));st(4,2*ld(0)*ld(1));"
         "st(5,3*(ld(3)*ld(3)+ld(4)*ld(4))+1e-9);"
         "st(7,2*ld(0)/3+ld(3)/ld(5));st(8,2*ld(1)/3-ld(4)/ld(5));"
         "st(6,hypot(ld(7)-ld(0),ld(8)-ld(1)));st(0,ld(7));st(1,ld(8));st(2,ld(2)+1));"
         "1+mod(85*(1+round(atan2(ld(1),ld(0))*1.5/PI))+5*ld(2)+2*log(ld(6)+1e-9),255)";
}

std::string flowing(const std::string& set, int loops, int duration_ms, const std::string& colors) {
  return kit::still(360, 640, set) + "[map];" +
         kit::pulse(
             360, 640,
             kit::fill("mod({0}*N+25500,255)", {kit::num(loops * 255000.0 / 30 / duration_ms)})) +
         "[time];" + kit::flow("map", "time", "levels") + ";[levels]" + colors + "," +
         kit::canvas("lanczos");
}

// The Sierpinski triangle seen from its tip: twice as close looks the same, so it never ends.
std::string gasket(int duration_ms) {
  return kit::fill(
             "nullsrc=s=1080x1920:r=30,trim=end_frame=1,format=gray,"
             "geq=lum='st(0,floor((Y/2+X-W/2)/7.5));st(1,floor((Y/2-X+W/2)/7.5));"
             "255*gte(ld(0),0)*gte(ld(1),0)*eq(bitand(max(0,ld(0)),max(0,ld(1))),0)',"
             "zoompan=z='pow(2,on/{0})':x='iw/2-iw/zoom/2':y=0:d={1}:s=360x640:fps=30[mask];",
             {kit::num(duration_ms * 0.03), kit::num(duration_ms * 0.03 + 30)}) +
         kit::still(360, 640, "mod(Y/H*255+60*abs(X/W-0.5),255)") + "[rows];" +
         kit::pulse(360, 640,
                    kit::fill("mod(255-N*{0},255)", {kit::num(255000.0 / 30 / duration_ms)})) +
         "[time];" + kit::flow("rows", "time", "flow") +
         ";[mask][flow]lut2=c0='if(gt(x,110),20+y*0.75*x/255,8+x/6)',";
}

std::string choir(std::initializer_list<int> low, std::initializer_list<int> high, double breath_s,
                  int duration_ms) {
  return kit::track(kit::pad(low, breath_s), kit::pad(high, breath_s * 1.37), 2.6, duration_ms,
                    "lowpass=f=1800,aphaser=type=t:speed=0.3:decay=0.3,"
                    "aecho=0.8:0.8:91|163|257:0.4|0.3|0.2");
}

}  // namespace

std::vector<Recipe> fractals() {
  return {
      {.topic = kTopic,
       .creator = "okafor.zooms",
       .caption = "One decimal place from nothing, and it turns into dragons",
       .hashtags = {kTopic, "julia", "math"},
       .duration_ms = 6000,
       .video_graph = flowing(julia(-0.79, 0.155, 3.3, 7), 1, 6000, ember()),
       .audio_graph = choir({38, 50, 57}, {62, 65, 69}, 3, 6000)},
      {.topic = kTopic,
       .creator = "mira.iterates",
       .caption = "Three answers to one equation, fighting over the map",
       .hashtags = {kTopic, "newton", "math"},
       .duration_ms = 5000,
       .video_graph = flowing(newton(), 1, 5000, frost()),
       .audio_graph = choir({40, 52, 59}, {64, 67, 74}, 2.5, 5000)},
      {.topic = kTopic,
       .creator = "okafor.zooms",
       .caption = "The beetle at the bottom of mathematics. Look closer, it has beetles",
       .hashtags = {kTopic, "mandelbrot", "math"},
       .duration_ms = 6000,
       .video_graph = flowing(mandelbrot(), -1, 6000, ember()),
       .audio_graph = choir({36, 48, 55}, {60, 63, 70}, 4, 6000)},
      {.topic = kTopic,
       .creator = "okafor.zooms",
       .caption = "Somebody set the ship on fire in 1992. It is still burning",
       .hashtags = {kTopic, "burningship"},
       .duration_ms = 5000,
       .video_graph = flowing(burning_ship(), 1, 5000, ember()),
       .audio_graph = choir({33, 45, 52}, {57, 60, 64}, 2, 5000)},
      {.topic = kTopic,
       .creator = "mira.iterates",
       .caption = "Keep scrolling down, there is always another triangle",
       .hashtags = {kTopic, "sierpinski", "loop"},
       .duration_ms = 6000,
       .video_graph = gasket(6000) + frost() + "," + kit::canvas("lanczos"),
       .audio_graph = choir({41, 53, 60}, {65, 69, 76}, 3, 6000)},
      {.topic = kTopic,
       .creator = "okafor.zooms",
       .caption = "Snowflake logic: a spiral, with spirals, made of spirals",
       .hashtags = {kTopic, "julia", "spiral"},
       .duration_ms = 5000,
       .video_graph = flowing(julia(0.285, 0.0105, 1.75, 5), 1, 5000, frost()),
       .audio_graph = choir({43, 50, 58}, {62, 67, 70}, 3.5, 5000)},
  };
}

}  // namespace rondo::demo::topics
