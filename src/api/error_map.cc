// The only place where an error's code becomes an HTTP status.

#include "api/route.h"
#include "api/wire.h"

namespace rondo::api {
namespace {

struct Mapped {
  int status;
  const char* title;
};

Mapped map(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kNotFound:
      return {404, "Not found"};
    case ErrorCode::kInvalid:
      // What cannot be read at all is 400; what is read and wrong is 422.
      if (error.reason() == "not_json") return {400, "Not JSON"};
      if (error.reason() == "too_large") return {413, "Too large"};
      return {422, "Invalid input"};
    case ErrorCode::kConflict:
      if (error.reason() == "upload_locked") return {423, "Locked"};
      return {409, "Conflict"};
    case ErrorCode::kDenied:
      if (error.reason() == "signed_out") return {401, "Sign in first"};
      if (error.reason() == "credentials_wrong") return {401, "Wrong handle or password"};
      return {403, "Not allowed"};
    case ErrorCode::kExhausted:
      if (error.reason() == "too_large") return {413, "Too large"};
      if (error.reason() == "beyond_horizon") return {410, "Gone"};
      if (error.reason() == "account_full" || error.reason() == "network_full") {
        return {507, "No room"};
      }
      return {429, "Too many"};
    case ErrorCode::kUnavailable:
      return {503, "Unavailable"};
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return {500, "Internal error"};
  }
  return {500, "Internal error"};
}

}  // namespace

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  response.set("Content-Type", "application/json");
  response.set("Cache-Control", "no-store");
  return response;
}

http::Response problem(int status, std::string title, std::string detail) {
  wire::Problem body;
  body.type = "about:blank";
  body.title = std::move(title);
  body.status = status;
  body.detail = std::move(detail);
  http::Response response = json_response(status, json::write(body));
  response.headers.front().second = "application/problem+json";
  return response;
}

http::Response problem(const Error& error) {
  Mapped mapped = map(error);
  wire::Problem body;
  body.type = error.reason().empty() ? "about:blank" : "/problems/" + error.reason();
  body.title = mapped.title;
  body.status = mapped.status;
  // What went wrong inside is for the log, not for the caller.
  body.detail = mapped.status == 500 ? "Something failed on our side; it has been noted. Try again."
                                     : error.message();
  if (!error.field().empty()) {
    body.errors.emplace().push_back({error.field(), error.reason(), error.message()});
  }
  http::Response response = json_response(mapped.status, json::write(body));
  response.headers.front().second = "application/problem+json";
  if (mapped.status == 429 || mapped.status == 503) {
    response.set("Retry-After", error.retry_after_seconds() > 0
                                    ? std::to_string(error.retry_after_seconds())
                                    : "1");
  }
  return response;
}

}  // namespace rondo::api
