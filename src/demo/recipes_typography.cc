// Typography: ink and vermilion on paper, flat and big; brushes, clicks and a plucked bass.
#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "typography";
constexpr std::string_view kPoster = "/usr/share/fonts/opentype/bebas-neue/BebasNeue-Bold.otf";
constexpr std::string_view kSerif = "/usr/share/fonts/truetype/dejavu/DejaVuSerif-Bold.ttf";

constexpr std::string_view kPaper = "0xF6F1E4", kInk = "0x14131A", kRed = "0xF2431F";

std::string sheet(std::string_view color) {
  return kit::fill("color=c={0}:s=720x1280:r=30", {std::string(color)});
}

std::string type(std::string_view font, int size, std::string_view color, std::string_view text,
                 std::string_view x, std::string_view y) {
  return kit::fill(",drawtext=fontfile={0}:fontsize={1}:fontcolor={2}:text='{3}':x='{4}':y='{5}'",
                   {std::string(font), kit::num(size), std::string(color), std::string(text),
                    std::string(x), std::string(y)});
}

// A bar of bass with a click on every half step.
std::string combo(std::vector<int> bass, double step_s, int duration_ms) {
  const std::string click = kit::fill(
      "0.35*(random(3)-0.5)*exp(-mod(t,{0})*90)*(1+1.4*lt(mod(t,{1}),{0})*gt(mod(t,{2}),{1}))",
      {kit::num(step_s / 2), kit::num(step_s), kit::num(step_s * 2)});
  return kit::track(kit::tune({bass, step_s, 5, kit::tone::string}) + "*0.9",
                    kit::tune({bass, step_s, 5, kit::tone::string}) + "*0.6+" + click, 0.8,
                    duration_ms, "aecho=0.9:0.6:45|83:0.2|0.12");
}

// Rows of one word running against each other, `period` pixels a loop.
std::string marquee(std::initializer_list<std::string_view> words, int duration_ms) {
  std::string graph = sheet(kPaper);
  int row = 0;
  for (const std::string_view word : words) {
    const bool back = row % 2 == 1;
    std::string line;
    for (int i = 0; i < 6; ++i) line += std::string(word) + "  ";
    // A row is six words long; one word a loop passes by.
    const std::string shift =
        kit::fill("mod(t*{1}/{0},1)*tw/6", {kit::num(duration_ms / 1000.0), kit::num(1 + row % 3)});
    graph += type(kPoster, 236, row % 3 == 1 ? kRed : kInk, line,
                  back ? "-tw/3+" + shift : "-" + shift, kit::num(12 + 182 * row));
    ++row;
  }
  return graph + "," + kit::canvas();
}

}  // namespace

std::vector<Recipe> typography() {
  return {
      {.topic = kTopic,
       .creator = "inkpot.ines",
       .caption = "Set in Bebas, stuck in my head",
       .hashtags = {kTopic, "kinetictype"},
       .duration_ms = 6000,
       .video_graph = marquee(
           {"ROUND", "AND ROUND", "AGAIN", "ROUND", "THE SAME", "OLD TUNE", "ENCORE"}, 6000),
       .audio_graph = combo({33, 0, 40, 33, 36, 0, 38, 40}, 0.25, 6000)},
  };
}

}  // namespace rondo::demo::topics
