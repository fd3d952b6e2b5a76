// Mazes and maps: ultramarine and white, with one yellow way through; steps and a distant sonar.
#include <algorithm>
#include <array>

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

// The corridors as grey boxes on black: `level` of a cell also colours the way to its parent.
template <typename Level>
std::string corridors(const Maze& maze, int pitch, int wall, Level level) {
  std::string graph = kit::fill("color=c=black:s={0}x{1}:r=30,trim=end_frame=1,format=gray",
                                {kit::num(maze.columns * pitch), kit::num(maze.rows * pitch)});
  for (int cell = 0; cell < maze.columns * maze.rows; ++cell) {
    const int from = maze.parent[cell] < 0 ? cell : maze.parent[cell];
    const int x0 = std::min(cell % maze.columns, from % maze.columns),
              x1 = std::max(cell % maze.columns, from % maze.columns);
    const int y0 = std::min(cell / maze.columns, from / maze.columns),
              y1 = std::max(cell / maze.columns, from / maze.columns);
    char hex[8];
    std::snprintf(hex, sizeof hex, "%02X", static_cast<unsigned>(level(cell)));
    const std::string h = hex;
    graph += kit::fill(",drawbox={0}:{1}:{2}:{3}:0x{4}:fill",
                       {kit::num(x0 * pitch + wall), kit::num(y0 * pitch + wall),
                        kit::num((x1 - x0 + 1) * pitch - 2 * wall),
                        kit::num((y1 - y0 + 1) * pitch - 2 * wall), h + h + h});
  }
  return graph;
}

std::string steps_and_sonar(std::vector<int> walk, double step_s, int duration_ms) {
  return kit::track(
      kit::tune({walk, step_s, 11, kit::tone::reed}) + "*0.8",
      kit::tune({{84, 0, 0, 0, 91, 0, 0, 0}, step_s * 2, 5, kit::tone::soft}) + "*0.5", 0.6,
      duration_ms, "lowpass=f=2400,aecho=0.8:0.7:250|500|750:0.4|0.25|0.15");
}

}  // namespace

std::vector<Recipe> mazes() {
  const Maze small = carve(18, 32, 5);
  const std::string flood = corridors(small, 40, 4, [](int cell) {
    (void)cell;
    return 0;
  });
  return {
      {.topic = kTopic,
       .creator = "lost.on.purpose",
       .caption = "Pour paint into a maze and it finds every way at once",
       .hashtags = {kTopic, "flood"},
       .duration_ms = 6000,
       .video_graph =
           corridors(small, 40, 4, [&](int cell) { return 1 + small.distance[cell] * 2 % 255; }) +
           "," + kit::hold() + "[map];" + kit::pulse(720, 1280, "mod(510-N*255/90,255)") +
           "[time];" + kit::flow("map", "time", "levels") + ";[levels]" +
           kit::ramp({0x0A1A6B, 0x1E3FD8, 0x2F6BFF, 0x9CC4FF, 0xFFFFFF, 0xFFD83D, 0x2F6BFF,
                      0x1E3FD8, 0x1533B0}) +
           "," + kit::canvas(),
       .audio_graph = steps_and_sonar({57, 60, 64, 60, 62, 65, 64, 60}, 0.1875, 6000)},
  };
}

}  // namespace rondo::demo::topics
