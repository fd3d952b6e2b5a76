// The client that simulated viewers use is the benches' too.
#pragma once

#include "simulator/http_client.h"

namespace rondo::bench {
using simulator::Answer;
using simulator::HttpClient;
}  // namespace rondo::bench
