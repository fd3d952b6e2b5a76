// Typography: ink and vermilion on paper, flat and big; clicks and a plucked bass.
#include <algorithm>

#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "typography";
constexpr std::string_view kPoster = "/usr/share/fonts/opentype/bebas-neue/BebasNeue-Bold.otf";
constexpr std::string_view kSerif = "/usr/share/fonts/truetype/dejavu/DejaVuSerif-Bold.ttf";
constexpr std::string_view kMono = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf";

constexpr std::string_view kPaper = "0xF6F1E4", kInk = "0x14131A", kRed = "0xF2431F";

std::string sheet(std::string_view color, std::string_view size = "720x1280") {
  return kit::fill("color=c={0}:s={1}:r=30", {std::string(color), std::string(size)});
}

std::string type(std::string_view font, double size, std::string_view color, std::string_view text,
                 std::string_view x, std::string_view y, std::string_view when = "1") {
  return kit::fill(
      ",drawtext=fontfile={0}:fontsize={1}:fontcolor={2}:text='{3}':x='{4}':y='{5}':enable='{6}'",
      {std::string(font), kit::num(size), std::string(color), std::string(text), std::string(x),
       std::string(y), std::string(when)});
}

// Rows of one word running against each other; one, two or three words a loop pass by.
std::string marquee(std::initializer_list<std::string_view> words, int duration_ms) {
  std::string graph = sheet(kPaper);
  int row = 0;
  for (const std::string_view word : words) {
    std::string line;
    for (int i = 0; i < 6; ++i) line += std::string(word) + "  ";
    const std::string shift =
        kit::fill("mod(t*{0},1)*tw/6", {kit::num((1 + row % 3) * 1000.0 / duration_ms)});
    graph += type(kPoster, 236, row % 3 == 1 ? kRed : kInk, line,
                  row % 2 == 1 ? "-tw/3+" + shift : "-" + shift, kit::num(12 + 182 * row));
    ++row;
  }
  return graph + "," + kit::canvas();
}

// One word a beat, as large as the sheet is wide, on a sheet of the next colour.
std::string flash(std::initializer_list<std::string_view> words, double beat_s) {
  constexpr std::string_view kGround[] = {kRed, kPaper, kInk}, kType[] = {kPaper, kInk, kRed};
  std::string graph = sheet(kPaper);
  const double loop_s = beat_s * static_cast<double>(words.size());
  int i = 0;
  for (const std::string_view word : words) {
    const std::string when =
        kit::fill("between(mod(t,{0}),{1},{2})",
                  {kit::num(loop_s), kit::num(i * beat_s), kit::num((i + 1) * beat_s - 0.001)});
    const double size = std::min(1150.0, 1640.0 / static_cast<double>(word.size()));
    graph += kit::fill(",drawbox=0:0:720:1280:{0}:fill:enable='{1}'",
                       {std::string(kGround[i % 3]), when});
    // The word three times, the outer ones half over the edge.
    for (const char* at : {"h/2-th/2", "h/2-th/2-th-40", "h/2-th/2+th+40"}) {
      graph += type(kPoster, size, kType[i % 3], word, "(w-tw)/2", at, when);
    }
    ++i;
  }
  return graph + "," + kit::canvas();
}

// A page of one word, bent by a wave that runs through it.
std::string bent(std::string_view word, double seconds) {
  std::string graph = sheet("black", "360x640") + ",trim=end_frame=1,format=gray";
  for (int row = 0; row < 9; ++row) {
    graph += type(kPoster, 104, "white", std::string(word) + " " + std::string(word),
                  row % 2 ? "-96" : "-10", kit::num(-34 + row * 80));
  }
  return graph + "," + kit::spread() + "," + kit::hold() + "[page];" +
         kit::field(45, 80,
                    kit::fill("128+30*sin(Y/9-2*PI*T/{0})+16*sin(X/7+Y/13+4*PI*T/{0})",
                              {kit::num(seconds)})) +
         ",scale=360:640:flags=bicubic[dx];" +
         kit::field(45, 80, kit::fill("128+26*sin(X/8+2*PI*T/{0})", {kit::num(seconds)})) +
         ",scale=360:640:flags=bicubic[dy];[page][dx][dy]displace=edge=smear," +
         kit::ramp({0xF2431F, 0xF6F1E4}) + "," + kit::canvas("lanczos");
}

// One great glyph turning, and the ghosts of where it was.
std::string turning(std::string_view glyph, double seconds) {
  return sheet("black", "360x640") + ",trim=end_frame=1,format=gray" +
         type(kSerif, 370, "white", glyph, "(w-tw)/2", "(h-th)/2") + "," + kit::hold() +
         kit::fill(
             ",rotate=a='2*PI*t/{0}+0.35*sin(4*PI*t/{0})',tmix=frames=14:weights="
             "'1 1 1 1 1 1 1 2 2 2 3 3 4 14',lutyuv=y='clip((val-16)*1.35,0,255)',",
             {kit::num(seconds)}) +
         kit::ramp({0xF6F1E4, 0xF9B49C, 0xF2431F, 0xB02A18, 0x14131A}) + "," +
         kit::canvas("lanczos");
}

// Typed on a machine: covers of paper, each with a red caret, step off the lines in turn.
std::string typed(std::initializer_list<std::string_view> lines, double keys_a_second) {
  constexpr double kSize = 100, kAdvance = kSize * 0.602;
  std::string graph = sheet(kPaper) + ",drawbox=26:0:4:1280:0xF2431F@0.5:fill";
  double top = 150;
  for (const std::string_view line : lines) {
    graph += type(kMono, kSize, kInk, line, "48", kit::num(top));
    top += 144;
  }
  graph += "[l0]";
  double begin = -24.0 / keys_a_second;  // two lines are there already
  int i = 0;
  for (const std::string_view line : lines) {
    graph += ";" + sheet(kPaper, "672x130") +
             kit::fill(
                 ",drawbox=2:0:10:116:{0}:fill:enable='gte(t,{5})'[c{1}];"
                 "[l{1}][c{1}]overlay=y={2}:eval=frame:"
                 "x='if(gt(t,{3}),2000,48+{4}*max(0,floor((t-({5}))*{6})))'[l{7}]",
                 {std::string(kRed), kit::num(i), kit::num(150 + 144 * i - 20),
                  kit::num(begin + static_cast<double>(line.size()) / keys_a_second),
                  kit::num(kAdvance), kit::num(begin), kit::num(keys_a_second), kit::num(i + 1)});
    begin += (static_cast<double>(line.size()) + 3) / keys_a_second;
    ++i;
  }
  return graph + kit::fill(";[l{0}]", {kit::num(i)}) + kit::canvas();
}

// Words that share the height of the page: when one breathes in, the others make room.
std::string accordion(std::initializer_list<std::string_view> words, double seconds) {
  constexpr std::string_view kGround[] = {kInk, kRed, kPaper}, kType[] = {kPaper, kInk, kRed};
  std::string graph = sheet(kPaper) + "[p0];";
  const double n = static_cast<double>(words.size());
  std::string top = "0";
  int i = 0;
  for (const std::string_view word : words) {
    const std::string height = kit::fill("1280/{0}*(1+0.72*sin(2*PI*t/{1}+2*PI*{2}/{0}))",
                                         {kit::num(n), kit::num(seconds), kit::num(i)});
    graph += sheet(kGround[i % 3], "720x440") + ",trim=end_frame=1" +
             type(kPoster, 1560.0 / static_cast<double>(word.size()), kType[i % 3], word,
                  "(w-tw)/2", "(h-th)/2") +
             kit::fill(
                 ",{0},scale=w=720:h='max(8,2*round(({1})/2)+4)':eval=frame[w{2}];"
                 "[p{2}][w{2}]overlay=x=0:y='{3}':eval=frame[p{4}];",
                 {kit::hold(), height, kit::num(i), top, kit::num(i + 1)});
    top += "+" + height;
    ++i;
  }
  return graph + kit::fill("[p{0}]", {kit::num(i)}) + kit::canvas();
}

// A bar of bass with a click on every half step.
std::string combo(const std::vector<int>& bass, double step_s, int duration_ms) {
  const std::string click = kit::fill(
      "0.35*(random(3)-0.5)*exp(-mod(t,{0})*90)*(1+1.4*lt(mod(t,{1}),{0})*gt(mod(t,{2}),{1}))",
      {kit::num(step_s / 2), kit::num(step_s), kit::num(step_s * 2)});
  const std::string line = kit::tune({bass, step_s, 5, kit::tone::string});
  return kit::track(line + "*0.9", line + "*0.6+" + click, 0.8, duration_ms,
                    "aecho=0.9:0.6:45|83:0.2|0.12");
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
      {.topic = kTopic,
       .creator = "quarter.past.kit",
       .caption = "And per se and per se and per se and",
       .hashtags = {kTopic, "ampersand"},
       .duration_ms = 6000,
       .video_graph = turning("&", 6),
       .audio_graph = combo({36, 0, 0, 43, 0, 41, 0, 0}, 0.1875, 6000)},
      {.topic = kTopic,
       .creator = "inkpot.ines",
       .caption = "A pangram at the speed of the fox",
       .hashtags = {kTopic, "pangram", "fast"},
       .duration_ms = 6000,
       .video_graph =
           flash({"THE", "QUICK", "BROWN", "FOX", "JUMPS", "OVER", "A", "LAZY", "DOG"}, 0.333333),
       .audio_graph = combo({40, 40, 43, 45, 40, 47, 45, 43, 38}, 0.333333, 6000)},
      {.topic = kTopic,
       .creator = "inkpot.ines",
       .caption = "Flags are just words in the wind",
       .hashtags = {kTopic, "wavy"},
       .duration_ms = 5000,
       .video_graph = bent("BREEZE", 5),
       .audio_graph = combo({38, 0, 45, 0, 41, 0, 43, 45}, 0.3, 5000)},
      {.topic = kTopic,
       .creator = "quarter.past.kit",
       .caption = "Draft one of nine hundred",
       .hashtags = {kTopic, "typewriter", "poem"},
       .duration_ms = 10000,
       .video_graph = typed(
           {"every line", "begins as", "nothing.", "one key", "falls and", "another.", "ding!"}, 7),
       .audio_graph = combo({45, 0, 0, 0, 52, 0, 0, 50}, 0.142857, 10000)},
      {.topic = kTopic,
       .creator = "inkpot.ines",
       .caption = "Breathe in. Hold. Let the others have some page",
       .hashtags = {kTopic, "kinetictype", "calm"},
       .duration_ms = 6000,
       .video_graph = accordion({"IN", "HOLD", "OUT"}, 6),
       .audio_graph = combo({31, 0, 38, 0, 34, 0, 0, 36}, 0.375, 6000)},
  };
}

}  // namespace rondo::demo::topics
