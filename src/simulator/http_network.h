// A running server as a network to simulate on: its real videos, as Latest lists them, and its For
// You. Viewers are anonymous sessions of its own; they leave their marks in its log, for ever: so
// only a server on this machine is driven.
//
// What a real video is worth follows from its main hashtag and its length: nothing else of it is
// known. The server's clock goes on as it does; sessions are swiped through without waiting.
//
// Not thread safe; one connection. Errors are the server's own words, or say how its answer is not
// what the API describes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "simulator/feed.h"
#include "simulator/http_client.h"

namespace rondo::simulator {

// The port of "http://127.0.0.1:PORT" or "http://localhost:PORT"; invalid otherwise.
Result<uint16_t> local_port(std::string_view url);

// All videos that Latest lists and that have a hashtag and a length.
struct Listed {
  std::vector<std::string> topics;
  uint32_t authors = 0;
  std::vector<Catalogue::Known> videos;
};
// unavailable when there are too few to tell tastes apart.
Result<Listed> list_videos(HttpClient& client);

// For You of the server. `catalogue` is of its videos.
std::unique_ptr<Feed> http_feed(HttpClient& client, const Catalogue& catalogue);

}  // namespace rondo::simulator
