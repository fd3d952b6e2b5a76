// The OpenAPI 3.1 document of a route table: derived, never written by hand. The same bytes on
// every run; docs/api/openapi.json is the committed copy that a test holds it against.
#pragma once

#include <span>
#include <string>

#include "api/route.h"

namespace rondo::api {

std::string openapi_document(std::span<const Route> routes);

}  // namespace rondo::api
