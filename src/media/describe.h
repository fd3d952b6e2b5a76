// From what ffprobe says, as JSON, to types: the streams that would be shown, and their facts.
//
// ffprobe runs inside the sandbox on foreign files: nothing of what it says is relied on to be
// there or to be sensible. Pure functions; thread safe; no errors: what is not said has its
// default.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string_view>

#include "media/probe.h"

namespace rondo::media {

// The picture and the sound to show: of several, the default one, then the one with most pixels or
// channels. Cover pictures are none.
struct Chosen {
  size_t stream_count = 0;
  std::optional<VideoStream> video;
  std::optional<AudioStream> audio;
  double nominal_rate = 0;  // the frame rate that fits all time stamps of the picture
};
Chosen choose_streams(const boost::json::object& answer);

// What a decoded frame says of itself, which counts more than what its container says. False when
// the answer holds no frame.
bool take_frame(const boost::json::object& answer, VideoStream& video);

// A finite number that is written as text, as FFmpeg's reports do.
std::optional<double> decimal_of(const boost::json::object& object, std::string_view key);

// A number of the container: "start_time", "duration".
std::optional<double> format_seconds(const boost::json::object& answer, std::string_view key);

}  // namespace rondo::media
