// The drawing and sounding kit of the demo clips: small functions that return pieces of lavfi
// graphs.
//
// Pictures are made as one grey plane ("field": moving, "still": drawn once and repeated), moved by
// cheap whole-frame filters, and coloured at the end through a ramp. So geq, the slow filter, only
// works on few pixels or once. Sounds are sums of plain expressions of the time, through an echo.
//
// Thread safety: pure functions. Errors: none; a wrong expression shows when it is rendered.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::demo::kit {

// Replaces {0}, {1}... by the arguments (numbers through num()). Expressions keep braces out of
// their grammar, so nothing has to be escaped.
std::string fill(std::string_view pattern, std::initializer_list<std::string> args);
std::string num(double value);

// --- picture ---

// Y, Cb, Cr in BT.601, limited range: what swscale assumes of a picture that says nothing.
std::array<double, 3> to_yuv(std::uint32_t rgb);

// A moving grey picture: `lum` is a geq expression in X, Y, W, H, T, N with values 0..255.
std::string field(int width, int height, std::string_view lum, int fps = 30);
// The same drawn once (T and N are 0) and repeated for ever.
std::string still(int width, int height, std::string_view lum, int fps = 30);
// One uniform frame after the other, for lut2 to add to a still: `value` may use N and T.
std::string pulse(int width, int height, std::string_view value, int fps = 30);
// Two grey inputs, a map and a pulse, added modulo 255: the map's levels flow. Level 0 stays 0.
std::string flow(std::string_view map, std::string_view pulse, std::string_view out);
// drawbox and drawtext keep to 16..235 in a grey picture; this spreads it to 0..255.
std::string spread();
// Repeats the one frame that comes in.
std::string hold(int fps = 30);

// Colours for the levels of a grey input, evenly spaced from 0 to 255, straight lines between.
std::string ramp(std::initializer_list<std::uint32_t> rgb);
// The same with equal flat steps: poster colours.
std::string steps(std::initializer_list<std::uint32_t> rgb);
// To the size and pixel format of a clip. `scaler` is a swscale flag: neighbor keeps pixels square.
std::string canvas(std::string_view scaler = "bicubic");

// --- sound ---

// A tune: MIDI note numbers, 0 for a rest, played one a step and again from the start.
struct Tune {
  std::vector<int> notes;
  double step_s;
  double decay;           // how fast a note dies, in 1/s
  std::string_view tone;  // an expression of p, the phase in radians, written `ld(2)`
};
namespace tone {
inline constexpr std::string_view soft = "sin(ld(2))";
inline constexpr std::string_view glass = "(sin(ld(2))+0.35*sin(3.01*ld(2))*exp(-6*ld(1)))";
inline constexpr std::string_view wood = "(sin(ld(2))+0.6*sin(4*ld(2))*exp(-30*ld(1)))";
inline constexpr std::string_view reed = "(sin(ld(2))+0.4*sin(2*ld(2))+0.2*sin(3*ld(2)))";
inline constexpr std::string_view string =
    "(sin(ld(2))+0.5*sin(2*ld(2))*exp(-4*ld(1))+0.25*sin(3*ld(2))*exp(-8*ld(1)))";
}  // namespace tone
std::string tune(const Tune& tune);
// A chord that swells and never stops; `breath_s` is how long one swell takes.
std::string pad(std::initializer_list<int> notes, double breath_s);
// From expressions for the left and the right to a finished track: mixed a little, with a room
// around it, at `gain`, and with soft ends.
std::string track(std::string_view left, std::string_view right, double gain, int duration_ms,
                  std::string_view effects = "aecho=0.8:0.75:67|103|149|227:0.35|0.28|0.2|0.14");
// Noise through filters, mixed under a track: "brown", "pink", "white".
std::string with_noise(std::string_view track, std::string_view color, std::string_view filters);

}  // namespace rondo::demo::kit
