#include "demo/recipes_kit.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>

namespace rondo::demo::kit {
namespace {

constexpr std::array<char, 3> kArgument = {'{', '0', '}'};

// pseudocolor with one expression a component, made by `component`, which gets the stops' values.
std::string pseudocolor(std::initializer_list<std::uint32_t> rgb,
                        const std::function<std::string(const std::vector<double>&)>& component) {
  std::string out = "mergeplanes=0x000000:yuv444p,pseudocolor=i=0";
  for (std::size_t plane = 0; plane < 3; ++plane) {
    std::vector<double> stops;
    for (const std::uint32_t color : rgb) stops.push_back(to_yuv(color)[plane]);
    out += ":c" + std::to_string(plane) + "='" + component(stops) + "'";
  }
  return out;
}

// The value of a list at index `at` (an expression), as a tree of comparisons: a list of n costs
// log n a sample.
std::string choose(const std::string& at, std::span<const double> values, std::size_t first = 0) {
  if (values.size() == 1) return num(values[0]);
  const std::size_t half = values.size() / 2;
  return "if(lt(" + at + "," + std::to_string(first + half) + ")," +
         choose(at, values.first(half), first) + "," +
         choose(at, values.subspan(half), first + half) + ")";
}

double hertz(int midi) { return 440 * std::exp2((midi - 69) / 12.0); }

}  // namespace

std::array<double, 3> to_yuv(std::uint32_t rgb) {
  const double r = (rgb >> 16) & 255, g = (rgb >> 8) & 255, b = rgb & 255;
  return {16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255,
          128 + (-37.797 * r - 74.203 * g + 112 * b) / 255,
          128 + (112 * r - 93.786 * g - 18.214 * b) / 255};
}

std::string num(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::string fill(std::string_view pattern, std::initializer_list<std::string> args) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == kArgument[0] && i + 2 < pattern.size() && pattern[i + 2] == kArgument[2]) {
      out += args.begin()[pattern[i + 1] - kArgument[1]];
      i += 2;
    } else {
      out += pattern[i];
    }
  }
  return out;
}

std::string field(int width, int height, std::string_view lum, int fps) {
  return fill("nullsrc=s={0}x{1}:r={2},format=gray,geq=lum='{3}'",
              {num(width), num(height), num(fps), std::string(lum)});
}

std::string hold(int fps) { return fill("loop=-1:1,setpts=N/{0}/TB,fps={0}", {num(fps)}); }

std::string spread() { return "lutyuv=y='clip((val-16)*255/219,0,255)'"; }

std::string still(int width, int height, std::string_view lum, int fps) {
  return fill("nullsrc=s={0}x{1}:r={4},trim=end_frame=1,format=gray,geq=lum='{2}',{3}",
              {num(width), num(height), std::string(lum), hold(fps), num(fps)});
}

std::string pulse(int width, int height, std::string_view value, int fps) {
  return field(8, 8, value, fps) + fill(",scale={0}:{1}:flags=neighbor", {num(width), num(height)});
}

std::string flow(std::string_view map, std::string_view pulse, std::string_view out) {
  return fill("[{0}][{1}]lut2=c0='if(x,1+mod(x+y,255),0)'[{2}]",
              {std::string(map), std::string(pulse), std::string(out)});
}

std::string ramp(std::initializer_list<std::uint32_t> rgb) {
  return pseudocolor(rgb, [](const std::vector<double>& stops) {
    const double width = 255.0 / static_cast<double>(stops.size() - 1);
    std::string out;
    for (std::size_t i = 0; i + 1 < stops.size(); ++i) {
      const std::string line = num(stops[i]) + "+(val-" + num(width * static_cast<double>(i)) +
                               ")*" + num((stops[i + 1] - stops[i]) / width);
      const bool last = i + 2 == stops.size();
      out +=
          last ? line : "if(lt(val," + num(width * static_cast<double>(i + 1)) + ")," + line + ",";
    }
    return out + std::string(stops.size() - 2, ')');
  });
}

std::string steps(std::initializer_list<std::uint32_t> rgb) {
  return pseudocolor(rgb, [](const std::vector<double>& stops) {
    return choose("floor(val*" + num(static_cast<double>(stops.size())) + "/256)", stops);
  });
}

std::string canvas(std::string_view scaler) {
  return fill("scale=720:1280:flags={0},fps=30,setsar=1,format=yuv420p", {std::string(scaler)});
}

std::string tune(const Tune& tune) {
  std::vector<double> pitches;
  for (const int note : tune.notes) pitches.push_back(note == 0 ? 0 : hertz(note));
  // 0: which note, 1: the time since it began, 2: its phase. The short ramp at the start and the
  // quick end keep it from clicking.
  return fill(
      "(st(0,mod(floor(t/{0}),{1}))*0+st(1,mod(t,{0}))*0+st(2,{2}*ld(1)*{3})*0"
      "+{4}*exp(-{5}*ld(1))*min(1,ld(1)*250)*min(1,({0}-ld(1))*60))",
      {num(tune.step_s), num(static_cast<double>(pitches.size())), num(2 * std::numbers::pi),
       choose("ld(0)", pitches), std::string(tune.tone), num(tune.decay)});
}

std::string pad(std::initializer_list<int> notes, double breath_s) {
  std::string out = "(";
  int voice = 0;
  for (const int note : notes) {
    if (voice > 0) out += "+";
    // Two strings a little apart beat slowly; every voice swells at its own moment.
    out += fill("(0.62+0.38*sin(2*PI*t/{1}+{2}))*(sin({0}*t)+0.6*sin({3}*t))",
                {num(2 * std::numbers::pi * hertz(note)), num(breath_s), num(1.9 * voice),
                 num(2 * std::numbers::pi * hertz(note) * 1.0031)});
    ++voice;
  }
  return out + ")/" + num(1.6 * voice);
}

std::string track(std::string_view left, std::string_view right, double gain, int duration_ms,
                  std::string_view effects) {
  return fill(
      "aevalsrc=exprs='{0}|{1}':s=44100,{2},crossfeed=strength=0.5,volume={3},"
      "alimiter=limit=0.8:level=0,afade=t=in:d=0.06,afade=t=out:st={4}:d=0.35,"
      "aformat=sample_fmts=fltp:sample_rates=44100:channel_layouts=stereo",
      {std::string(left), std::string(right), std::string(effects), num(gain),
       num(duration_ms / 1000.0 - 0.35)});
}

std::string with_noise(std::string_view track, std::string_view color, std::string_view filters) {
  return fill(
      "{0}[tune];anoisesrc=c={1}:r=44100:seed=7[n0];anoisesrc=c={1}:r=44100:seed=8[n1];"
      "[n0][n1]join=inputs=2:channel_layout=stereo,{2}[noise];"
      "[tune][noise]amix=inputs=2:duration=shortest:normalize=0,alimiter=limit=0.85:level=0",
      {std::string(track), std::string(color), std::string(filters)});
}

}  // namespace rondo::demo::kit
