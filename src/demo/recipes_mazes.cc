// Mazes and maps: ultramarine and white, with one yellow way through; steps and a distant sonar.
#include <algorithm>
#include <cstdlib>

#include "demo/recipes_kit.h"
#include "demo/recipes_topics.h"

namespace rondo::demo::topics {
namespace {

constexpr std::string_view kTopic = "mazes";

// A perfect maze: exactly one way between any two cells. Carved depth first from cell 0.
struct Maze {
  int columns, rows;
  std::vector<int> parent;    // the cell one came from; -1 for the first
  std::vector<int> distance;  // steps from the first
};

Maze carve(int columns, int rows, std::uint32_t seed) {
  Maze maze{columns, rows, std::vector<int>(columns * rows, -1),
            std::vector<int>(columns * rows, 0)};
  std::vector<bool> seen(columns * rows, false);
  std::vector<int> stack = {0};
  seen[0] = true;
  while (!stack.empty()) {
    const int cell = stack.back(), x = cell % columns, y = cell / columns;
    std::vector<int> next;
    if (x > 0 && !seen[cell - 1]) next.push_back(cell - 1);
    if (x + 1 < columns && !seen[cell + 1]) next.push_back(cell + 1);
    if (y > 0 && !seen[cell - columns]) next.push_back(cell - columns);
    if (y + 1 < rows && !seen[cell + columns]) next.push_back(cell + columns);
    if (next.empty()) {
      stack.pop_back();
      continue;
    }
    seed = seed * 1664525u + 1013904223u;
    const int to = next[(seed >> 16) % next.size()];
    seen[to] = true;
    maze.parent[to] = cell;
    maze.distance[to] = maze.distance[cell] + 1;
    stack.push_back(to);
  }
  return maze;
}

// The corridor between two neighbouring cells (or one cell), as a box of one grey or colour.
std::string corridor(const Maze& maze, int from, int to, int pitch, int wall,
                     std::string_view color, std::string_view when = "") {
  const int x0 = std::min(from % maze.columns, to % maze.columns);
  const int y0 = std::min(from / maze.columns, to / maze.columns);
  const int wide = std::abs(from % maze.columns - to % maze.columns) + 1;
  const int high = std::abs(from / maze.columns - to / maze.columns) + 1;
  return kit::fill(",drawbox={0}:{1}:{2}:{3}:{4}:fill{5}",
                   {kit::num(x0 * pitch + wall), kit::num(y0 * pitch + wall),
                    kit::num(wide * pitch - 2 * wall), kit::num(high * pitch - 2 * wall),
                    std::string(color), when.empty() ? "" : ":enable='" + std::string(when) + "'"});
}

std::string grey(int level) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = "0x";
  for (int i = 0; i < 3; ++i) {
    out += kDigits[level / 16];
    out += kDigits[level % 16];
  }
  return out;
}

// Paint poured in at the first cell: the colour of a cell is when the paint gets there.
std::string flood(const Maze& maze, int pitch, int wall, int loop_frames) {
  std::string graph = kit::fill("color=c=black:s={0}x{1}:r=15,trim=end_frame=1,format=gray",
                                {kit::num(maze.columns * pitch), kit::num(maze.rows * pitch)});
  for (int cell = 0; cell < maze.columns * maze.rows; ++cell) {
    graph += corridor(maze, std::max(maze.parent[cell], 0), cell, pitch, wall,
                      grey(1 + maze.distance[cell] * 2 % 254));
  }
  return graph + "," + kit::spread() + "," + kit::hold(15) + "[map];" +
         kit::pulse(720, 1280, kit::fill("mod(25500-N*255/{0},255)", {kit::num(loop_frames)}), 15) +
         "[time];" + kit::flow("map", "time", "levels") + ";[levels]";
}

// A line of chalk that walks from the first cell to the last, `seconds` long.
std::string solved(const Maze& maze, int pitch, double seconds) {
  std::string graph = "color=c=0x0A1A6B:s=720x1280:r=30,trim=end_frame=1";
  const int cells = maze.columns * maze.rows;
  for (int cell = 0; cell < cells; ++cell) {
    graph += corridor(maze, std::max(maze.parent[cell], 0), cell, pitch, 4, "0x2F55E8");
  }
  graph += "," + kit::hold();
  std::vector<int> way;
  for (int cell = cells - 1; cell >= 0; cell = maze.parent[cell]) way.push_back(cell);
  std::reverse(way.begin(), way.end());
  // A quarter is walked before the clip begins, so that the first picture shows the game.
  for (std::size_t i = 1; i < way.size(); ++i) {
    const double at =
        (static_cast<double>(i) / static_cast<double>(way.size()) * 1.25 - 0.25) * seconds;
    graph += corridor(maze, way[i - 1], way[i], pitch, pitch / 2 - 7, "0xFFD83D",
                      at <= 0 ? "" : kit::fill("gte(t,{0})", {kit::num(at)}));
  }
  return graph +
         kit::fill(",drawbox={0}:{0}:{1}:{1}:0xFFFFFF:fill,drawbox={2}:{3}:{1}:{1}:0xFF5A4E:fill",
                   {kit::num(pitch / 2 - 14), kit::num(28), kit::num(720 - pitch / 2 - 14),
                    kit::num(1280 - pitch / 2 - 14)});
}

// Every tile is one of two turns of the same quarter circles; the lines never end, but most go
// round. Register 2: how far from the middle of a line; register 3: a coin for the tile.
std::string truchet(double seconds) {
  return kit::still(360, 640,
                    "st(4,floor(X/40));st(5,floor(Y/40));"
                    "st(3,gt(mod(abs(sin(ld(4)*12.9898+ld(5)*78.233)*43758.5453),1),0.5));"
                    "st(0,if(ld(3),mod(X,40)+0.5,40-mod(X,40)-0.5));st(1,mod(Y,40)+0.5);"
                    "st(2,min(abs(hypot(ld(0),ld(1))-20),abs(hypot(40-ld(0),40-ld(1))-20)));"
                    "clip(255-ld(2)*21,0,255)") +
         kit::fill(",scroll=v={0},", {kit::num(1 / seconds / 30)});
}

// 10 PRINT CHR$(205.5+RND(1)); : GOTO 10
std::string ten_print(double seconds) {
  return kit::still(
             720, 1280,
             "st(4,floor(X/60));st(5,floor(Y/64));"
             "st(3,gt(mod(abs(sin(ld(4)*39.346+ld(5)*11.135)*24634.6345),1),0.5));"
             "st(0,mod(X,60)/60);st(1,mod(Y,64)/64);"
             "st(2,abs(if(ld(3),ld(0)-ld(1),ld(0)+ld(1)-1)));"
             "st(2,if(ld(3),min(ld(2),min(hypot(ld(0),ld(1)),hypot(1-ld(0),1-ld(1)))),ld(2)));"
             "st(6,gt(sin(ld(4)*0.7)+sin(ld(5)*2*PI/20)+sin((ld(4)*2+ld(5)*2)*2*PI/20),1.1));"
             "255*clip((0.15-ld(2))*30,0,1)*(0.55+0.45*ld(6))") +
         kit::fill(",scroll=v={0},", {kit::num(0.5 / seconds / 30)});
}

// A chart: level lines of invented hills, and a tide that comes and goes over the low ground.
std::string chart(double seconds) {
  return kit::still(180, 320,
                    "128+46*sin(X/31+1.3*sin(Y/43))+40*sin(Y/37-1.1*cos(X/29))+26*sin((X+Y)/19)"
                    "+12*sin(X/9-Y/13)",
                    15) +
         ",scale=720:1280:flags=bicubic[land];" +
         kit::pulse(720, 1280, kit::fill("96+34*sin(2*PI*T/{0})", {kit::num(seconds)}), 15) +
         "[tide];[land][tide]lut2=c0='if(lt(x,y),if(lt(y-x,3),250,60-min(50,(y-x)*0.8)),"
         "if(lt(mod(x,14),1.5),240,90+floor(x/14)*8))',";
}

// Lines of an underground, drawn as polylines of boxes, with stations and trains that run on them.
struct Point {
  int x, y;
};
std::string underground(double seconds) {
  struct Line {
    std::string_view color;
    std::vector<Point> stops;
  };
  const std::vector<Line> lines = {
      {"0x1E3FD8", {{110, -40}, {110, 360}, {360, 360}, {360, 760}, {610, 760}, {610, 1320}}},
      {"0xFFC21A", {{-40, 210}, {510, 210}, {510, 560}, {210, 560}, {210, 1010}, {760, 1010}}},
      {"0x18A5E0", {{610, -40}, {610, 460}, {60, 460}, {60, 1130}, {460, 1130}, {460, 1320}}},
      {"0x0A1A6B", {{-40, 860}, {360, 860}, {360, 1210}, {760, 1210}}},
  };
  std::string graph =
      "color=c=0xF4F6FB:s=720x1280:r=30,trim=end_frame=1,"
      "drawgrid=w=50:h=50:t=1:c=0xDDE4F5,drawbox=0:640:720:70:0xD6E6FB:fill";
  const auto bar = [](Point a, Point b, int half, std::string_view color) {
    return kit::fill(",drawbox={0}:{1}:{2}:{3}:{4}:fill",
                     {kit::num(std::min(a.x, b.x) - half), kit::num(std::min(a.y, b.y) - half),
                      kit::num(std::abs(a.x - b.x) + 2 * half),
                      kit::num(std::abs(a.y - b.y) + 2 * half), std::string(color)});
  };
  for (const Line& line : lines) {
    for (std::size_t i = 1; i < line.stops.size(); ++i) {
      graph += bar(line.stops[i - 1], line.stops[i], 11, line.color);
    }
  }
  for (const Line& line : lines) {
    for (std::size_t i = 1; i < line.stops.size(); ++i) {
      const Point a = line.stops[i - 1], b = line.stops[i];
      for (const Point at : {Point{(a.x + b.x) / 2, (a.y + b.y) / 2}, b}) {
        graph += bar(at, at, 17, "0x0A1A6B") + bar(at, at, 11, "0xFFFFFF");
      }
    }
  }
  graph += "," + kit::hold() + "[u0];";
  int train = 0;
  for (const Line& line : lines) {
    double whole = 0;
    std::vector<double> length;
    for (std::size_t i = 1; i < line.stops.size(); ++i) {
      length.push_back(std::abs(line.stops[i].x - line.stops[i - 1].x) +
                       std::abs(line.stops[i].y - line.stops[i - 1].y));
      whole += length.back();
    }
    for (int run = 0; run < 2; ++run) {
      // Where on the line: the way gone, then clipped to each stretch.
      const std::string gone = kit::fill(
          "{0}*mod(t/{1}+{2},1)",
          {kit::num(whole), kit::num(seconds), kit::num(0.5 * run + 0.13 * train + 0.05)});
      std::string x = kit::num(line.stops[0].x - 18), y = kit::num(line.stops[0].y - 18);
      double before = 0;
      for (std::size_t i = 1; i < line.stops.size(); ++i) {
        const int dx = line.stops[i].x - line.stops[i - 1].x,
                  dy = line.stops[i].y - line.stops[i - 1].y;
        const std::string here =
            kit::fill("clip({0}-{1},0,{2})", {gone, kit::num(before), kit::num(length[i - 1])});
        if (dx != 0) x += (dx > 0 ? "+" : "-") + here;
        if (dy != 0) y += (dy > 0 ? "+" : "-") + here;
        before += length[i - 1];
      }
      graph += kit::fill(
          "color=c=0xFF4B2B:s=36x36:r=30,drawbox=8:8:20:20:0xFFFFFF:fill[t{0}];"
          "[u{0}][t{0}]overlay=x='{1}':y='{2}':eval=frame[u{3}];",
          {kit::num(train), x, y, kit::num(train + 1)});
      ++train;
    }
  }
  return graph + kit::fill("[u{0}]", {kit::num(train)});
}

std::string steps_and_sonar(std::vector<int> walk, double step_s, int duration_ms, int sonar = 84) {
  return kit::track(
      kit::tune({std::move(walk), step_s, 11, kit::tone::reed}) + "*0.8",
      kit::tune({{sonar, 0, 0, 0, sonar + 7, 0, 0, 0}, step_s * 2, 5, kit::tone::soft}) + "*0.5",
      0.9, duration_ms, "lowpass=f=2400,aecho=0.8:0.7:250|500|750:0.4|0.25|0.15");
}

}  // namespace

std::vector<Recipe> mazes() {
  const std::string blues = kit::ramp(
      {0x0A1A6B, 0x1E3FD8, 0x2F6BFF, 0x9CC4FF, 0xFFFFFF, 0xFFD83D, 0x2F6BFF, 0x1E3FD8, 0x1533B0});
  return {
      {.topic = kTopic,
       .creator = "lost.on.purpose",
       .caption = "Pour paint into a maze and it finds every way at once",
       .hashtags = {kTopic, "flood"},
       .duration_ms = 6000,
       .video_graph = flood(carve(18, 32, 5), 40, 4, 90) + blues + "," + kit::canvas(),
       .audio_graph = steps_and_sonar({57, 60, 64, 60, 62, 65, 64, 60}, 0.1875, 6000)},
      {.topic = kTopic,
       .creator = "tomas.rules",
       .caption = "Flip a coin for every tile and forget where you live",
       .hashtags = {kTopic, "truchet", "tiles"},
       .duration_ms = 6000,
       .video_graph = truchet(12) + kit::ramp({0x1533B0, 0x1E3FD8, 0x2F6BFF, 0xDCE8FF, 0xFFFFFF}) +
                      "," + kit::canvas("lanczos"),
       .audio_graph = steps_and_sonar({52, 59, 64, 0, 57, 62, 55, 0}, 0.1875, 6000, 88)},
      {.topic = kTopic,
       .creator = "lost.on.purpose",
       .caption = "There is exactly one way out. I drew it so you can sleep",
       .hashtags = {kTopic, "solved"},
       .duration_ms = 8000,
       .video_graph = solved(carve(12, 21, 77), 60, 7) + "," + kit::canvas(),
       .audio_graph = steps_and_sonar({60, 62, 64, 67, 64, 62, 60, 57}, 0.125, 8000, 79)},
      {.topic = kTopic,
       .creator = "lost.on.purpose",
       .caption = "An island that is only there twice a day",
       .hashtags = {kTopic, "map", "contours"},
       .duration_ms = 6000,
       .video_graph = chart(6) +
                      kit::ramp({0x0A1A6B, 0x2F6BFF, 0x9CC4FF, 0xFFD83D, 0xFFF3C4, 0xFFFFFF}) +
                      "," + kit::canvas(),
       .audio_graph = steps_and_sonar({50, 57, 62, 57, 53, 60, 65, 60}, 0.25, 6000, 81)},
      {.topic = kTopic,
       .creator = "tomas.rules",
       .caption = "One line of BASIC, still the best architect I know",
       .hashtags = {kTopic, "10print", "retro"},
       .duration_ms = 6000,
       .video_graph =
           ten_print(6) + kit::ramp({0x101F8F, 0x1E3FD8, 0x6E9BFF, 0xFFD83D}) + "," + kit::canvas(),
       .audio_graph = steps_and_sonar({64, 60, 57, 60, 65, 60, 57, 55}, 0.15, 6000, 86)},
      {.topic = kTopic,
       .creator = "lost.on.purpose",
       .caption = "Mind the gap between the blue line and the other blue line",
       .hashtags = {kTopic, "metro", "map"},
       .duration_ms = 8000,
       .video_graph = underground(8) + kit::canvas(),
       .audio_graph = steps_and_sonar({55, 57, 59, 62, 59, 57, 55, 50}, 0.2, 8000, 83)},
  };
}

}  // namespace rondo::demo::topics
