// The heads of requests and answers between the wire and the handlers' types (http/message.h).
#pragma once

#include <boost/beast/http/message.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "api/http/message.h"
#include "base/result.h"

namespace rondo::api::http {

// A request's head as the handlers see it; an error is the client's (400). `peer`: the address that
// it came from; with `trust_forwarded` what our own proxy saw counts instead.
Result<Request> to_request(const boost::beast::http::request_header<>& head, std::string peer,
                           bool trust_forwarded);

// Status line and headers, with the empty line after them. No value ends its line early.
std::string serialise_head(const Response& response, std::optional<uint64_t> content_length,
                           bool keep_alive);

}  // namespace rondo::api::http
