// The route table: every address of the API in one place.
#pragma once

#include <vector>

#include "api/route.h"

namespace rondo::api {

std::vector<Route> routes();

}  // namespace rondo::api
