#include "media/ladder.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace rondo::media {
namespace {

struct Step {
  int short_side;
  int64_t rate_bps_max;
};
constexpr std::array<Step, 4> kSteps = {
    {{1080, 6'000'000}, {720, 3'200'000}, {480, 1'600'000}, {360, 900'000}}};

// H.264 level 4.2, what phones decode: no side over 4096, no frame over 8704 macroblocks.
constexpr int kLongSideMax = 4096;
constexpr double kPixelsMax = 8704.0 * 256;
constexpr int kSideMin = 16;

int even(double value) { return std::max(kSideMin, static_cast<int>(std::lround(value / 2)) * 2); }
int even_below(int value) { return std::max(kSideMin, value / 2 * 2); }

// The largest scale, at most 1, at which the picture has that short side and keeps to the level.
Size fit(int width, int height, int short_side) {
  const double w = width, h = height;
  double scale = std::min(1.0, short_side / std::min(w, h));
  scale = std::min(scale, kLongSideMax / std::max(w, h));
  scale = std::min(scale, std::sqrt(kPixelsMax / (w * h)));
  if (scale == 1.0) return {even_below(width), even_below(height)};
  return {even(w * scale), even(h * scale)};
}

}  // namespace

std::vector<Rung> ladder(int width, int height, double frame_rate) {
  const int source = std::min(width, height);
  const double busy = frame_rate > 35 ? 1.5 : 1.0;
  std::vector<Rung> rungs;
  auto add = [&](int short_side, double rate) {
    const Size size = fit(width, height, short_side);
    std::string name = std::to_string(std::min(size.width, size.height)) + "p";
    if (!rungs.empty() && rungs.back().name == name) return;
    rungs.push_back({std::move(name), size.width, size.height, static_cast<int64_t>(rate * busy)});
  };
  for (const Step& step : kSteps) {
    // A source a hair below a step (1078, 576 for 540...) keeps its own size there.
    if (source >= step.short_side * 15 / 16) {
      add(std::min(step.short_side, source), static_cast<double>(step.rate_bps_max));
    }
  }
  if (rungs.empty()) {
    const Step& least = kSteps.back();
    const double pixels = static_cast<double>(width) * height;
    add(source, std::clamp(least.rate_bps_max * pixels / (640.0 * 360), 150e3,
                           static_cast<double>(kSteps[1].rate_bps_max)));
  }
  return rungs;
}

std::vector<Rung> av1_rungs(const std::vector<Rung>& rungs) {
  constexpr int kShortSideMin = 480;
  std::vector<Rung> out;
  for (const Rung& rung : rungs) {
    if (!out.empty() && std::min(rung.width, rung.height) < kShortSideMin) break;
    out.push_back(rung);
    out.back().name += "-av1";
    out.back().av1 = true;
  }
  return out;
}

Size poster_size(int width, int height) { return fit(width, height, 720); }

}  // namespace rondo::media
