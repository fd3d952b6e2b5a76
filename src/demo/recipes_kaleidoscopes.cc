// Kaleidoscopes: jewel colours, everything mirrored; a music box.
#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "kaleidoscopes";

// What lies behind the mirrors: a moving 512x512 grey picture, labelled [glass].

// A cloth of petals and beads that repeats, drawn past the mirrors on a slant.
std::string cloth(double seconds) {
  return kit::still(512, 512,
                    "st(0,X*PI/128);st(1,Y*PI/128);"
                    "clip(128+58*sin(ld(0)+1.7*sin(ld(1)))+46*cos(2*ld(1)-1.3*cos(ld(0)))"
                    "+30*sin(3*(ld(0)+ld(1)))+24*cos(5*ld(0)-4*ld(1)),0,255)") +
         kit::fill(",scroll=h={0}:v={1}[glass];",
                   {kit::num(0.3 / 30 / seconds), kit::num(0.6 / 30 / seconds)});
}

// Rows of beads of many sizes with rings in them, leaded like a church window.
std::string beads(double seconds) {
  return kit::still(512, 512,
                    "st(0,floor(X/64));st(1,floor(Y/64)+0.5*mod(ld(0),2));"
                    "st(2,hypot(mod(X,64)-32,mod(Y-32*mod(ld(0),2)+64,64)-32));"
                    "if(gt(ld(2),29),70*gt(mod(X+Y,32),3),if(lt(ld(2),26),"
                    "100+155*mod(0.37*ld(0)+0.61*floor(ld(1))+0.21*floor(ld(2)/9),1),0))") +
         kit::fill(",scroll=h={0}:v={1}[glass];",
                   {kit::num(0.125 / 30 / seconds), kit::num(0.25 / 30 / seconds)});
}

// Two kinds of cells that push each other back, with the level lines of their border.
std::string colony() {
  return "life=s=80x80:r=10:rule=B3678/S34678:ratio=0.5:seed=8:life_color=white:death_color=black,"
         "trim=start_frame=6,setpts=PTS-STARTPTS,format=gray,tmix=frames=5,fps=30,tmix=frames=3,"
         "scale=256:256:flags=bicubic,gblur=sigma=4,lutyuv=y='clip(val*0.92+26*sin(val/13),0,255)',"
         "scale=512:512:flags=bicubic[glass];";
}

// Letters, which the mirrors turn into wrought iron.
std::string letters(double seconds) {
  std::string graph = "color=c=black:s=512x512:r=30,trim=end_frame=1,format=gray";
  constexpr std::string_view kGlyphs = "S8QR3JG5B2CD6a9sgEe&yKzf$";
  for (int i = 0; i < 25; ++i) {
    graph += kit::fill(
        ",drawtext=fontfile=/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf:"
        "fontsize=128:fontcolor=0x{3}{3}{3}:text='{0}':x={1}:y={2}",
        {std::string(kGlyphs.substr(i, 1)), kit::num(i % 5 * 102), kit::num(i / 5 * 102 - 10),
         i % 3 == 0   ? "FF"
         : i % 3 == 1 ? "B0"
                      : "70"});
  }
  return graph + "," + kit::hold() +
         kit::fill(",scroll=h={0}:v={1}:hpos=0.87:vpos=0.13[glass];",
                   {kit::num(-0.4 / 30 / seconds), kit::num(0.4 / 30 / seconds)});
}

// Stripes that only move along: for mirrors that look into the distance.
std::string stripes(double seconds) {
  return kit::still(512, 512,
                    "st(0,X*PI/128);st(1,Y*PI/64);clip(128+70*sin(2*ld(0)+1.5*cos(ld(1)))"
                    "+60*cos(3*ld(1)+2*sin(ld(0))),0,255)") +
         kit::fill(",scroll=h={0}[glass];", {kit::num(0.5 / 30 / seconds)});
}

// How the mirrors stand. Every pixel of the sheet is sent to one wedge of [glass] by two maps drawn
// once, in terms of register 0, its distance, and register 1, its angle folded into the wedge.
std::string mirrored(int mirrors, std::string_view to_x, std::string_view to_y,
                     std::string_view turn = "0") {
  const std::string wedge = kit::fill(
      "st(0,hypot(X-W/2,Y-H/2));st(1,mod(atan2(Y-H/2,X-W/2)+({1})+20*PI,2*PI/{0}));"
      "st(1,min(ld(1),2*PI/{0}-ld(1)));",
      {kit::num(mirrors), std::string(turn)});
  const auto map = [&](std::string_view to) {
    return kit::fill(
        "nullsrc=s=360x640:r=30,trim=end_frame=1,format=gray16le,"
        "geq=lum='{0}mod({1}+5120,512)',{2}",
        {wedge, std::string(to), kit::hold()});
  };
  return map(to_x) + "[mx];" + map(to_y) + "[my];[glass][mx][my]remap,";
}

std::string flat_mirrors(int mirrors, double reach, std::string_view turn = "0") {
  return mirrored(mirrors, kit::fill("128+ld(0)*{0}*cos(ld(1))", {kit::num(reach)}),
                  kit::fill("128+ld(0)*{0}*sin(ld(1))", {kit::num(reach)}), turn);
}

std::string music_box(std::vector<int> notes, std::vector<int> low, double step_s,
                      int duration_ms) {
  return kit::track(kit::tune({std::move(notes), step_s, 6, kit::tone::glass}),
                    kit::tune({std::move(low), step_s * 2, 3, kit::tone::glass}), 0.5, duration_ms);
}

}  // namespace

std::vector<Recipe> kaleidoscopes() {
  const std::string jewels =
      kit::ramp({0x1B0B3B, 0x5B1FA6, 0xE0218A, 0xFF6F61, 0xFFD23F, 0x2EC4B6, 0x0A6FB8, 0x1B0B3B});
  const std::string candy =
      kit::ramp({0x0D3B66, 0x1FA3C7, 0x7FE3D4, 0xFFF3B0, 0xFF9FB2, 0xE8368F, 0x7B2CBF});
  const std::string smooth = "," + kit::canvas("lanczos");
  return {
      {.topic = kTopic,
       .creator = "lena.folds",
       .caption = "Eight mirrors, one sweet wrapper",
       .hashtags = {kTopic, "symmetry", "color"},
       .duration_ms = 6000,
       .video_graph = cloth(6) + flat_mirrors(8, 0.72) + jewels + smooth,
       .audio_graph = music_box({76, 79, 83, 86, 83, 79, 81, 84}, {52, 0, 59, 57}, 0.25, 6000)},
      {.topic = kTopic,
       .creator = "mira.iterates",
       .caption = "A rose window for a very small cathedral",
       .hashtags = {kTopic, "stainedglass"},
       .duration_ms = 5000,
       .video_graph = beads(5) + flat_mirrors(12, 0.66) +
                      kit::steps({0x120A24, 0x3D1A78, 0x6A1B9A, 0xB5179E, 0xF72585, 0xFF7B54,
                                  0xFFB627, 0xFFE66D, 0x2EC4B6, 0x118AB2, 0x2B59C3}) +
                      ",gblur=sigma=0.7" + smooth,
       .audio_graph = music_box({72, 76, 79, 76, 84, 79, 77, 74}, {48, 0, 55, 53}, 0.3, 5000)},
      {.topic = kTopic,
       .creator = "lena.folds",
       .caption = "Alphabet soup, stirred symmetrically",
       .hashtags = {kTopic, "letters", "lace"},
       .duration_ms = 6000,
       .video_graph = letters(6) + flat_mirrors(10, 0.62) +
                      kit::ramp({0x2B0A3D, 0x7A1E8C, 0xE0218A, 0xFF8A5B, 0xFFE29A}) + smooth,
       .audio_graph = music_box({69, 72, 76, 81, 79, 76, 74, 72}, {45, 0, 52, 50}, 0.2, 6000)},
      {.topic = kTopic,
       .creator = "lena.folds",
       .caption = "Down the rabbit hole, please hold the handrail",
       .hashtags = {kTopic, "tunnel", "loop"},
       .duration_ms = 6000,
       .video_graph = stripes(6) + mirrored(6, "150*log(ld(0)+3)", "ld(1)*244+40*log(ld(0)+3)") +
                      candy + smooth,
       .audio_graph = music_box({74, 78, 81, 85, 86, 85, 81, 78}, {50, 57, 0, 55}, 0.1875, 6000)},
      {.topic = kTopic,
       .creator = "mira.iterates",
       .caption = "Snowflakes, if it snowed in July",
       .hashtags = {kTopic, "snowflake", "cells"},
       .duration_ms = 6000,
       .video_graph = colony() + flat_mirrors(6, 0.6, "PI/6") + candy + smooth,
       .audio_graph = music_box({83, 0, 88, 86, 0, 83, 81, 0}, {59, 0, 64, 0}, 0.22, 6000)},
      {.topic = kTopic,
       .creator = "lena.folds",
       .caption = "Five points, no corners",
       .hashtags = {kTopic, "star", "symmetry"},
       .duration_ms = 5000,
       .video_graph =
           cloth(5) + mirrored(5, "60+ld(0)*0.5+40*sin(ld(0)/37)", "ld(1)*190+ld(0)*0.2", "PI/2") +
           kit::ramp({0xFFD23F, 0xFF7B54, 0xF72585, 0x7209B7, 0x3A0CA3, 0x118AB2, 0x80FFDB}) +
           smooth,
       .audio_graph = music_box({77, 81, 84, 88, 89, 84, 81, 79}, {53, 0, 60, 58}, 0.25, 5000)},
  };
}

}  // namespace rondo::demo::topics
