// A route: what it is called, who may call it, what goes in and comes out, and the handler.
//
// `typed` makes one from a handler over described types: parsing, serialisation and the OpenAPI
// operation are derived from them. `raw` is for what is not JSON (uploads, media, metrics): its
// operation is described by hand.
//
// Handlers are coroutines on an io thread; what blocks goes through `context.blocking(work)`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accounts/principal.h"
#include "api/http/message.h"
#include "api/http/server.h"
#include "api/json.h"
#include "api/schema.h"
#include "runtime/pool.h"

namespace rondo::api {

struct Services;

enum class Auth {
  kOpen,     // anybody; the principal is known when there is a session
  kViewer,   // any session, anonymous ones too
  kAccount,  // a signed-in account
  kAdmin,
};

struct Context {
  http::Request& request;
  Services& services;
  std::vector<std::string> path;  // the parameters of the path, in order
  std::optional<accounts::Principal> principal;
  std::string session_token;  // as it came; empty when there is no session
  std::string request_id;

  // Runs work(), which returns a Result, on the pool for blocking work.
  template <typename Work>
  auto blocking(Work work) {
    return pool().run(std::move(work));
  }

 private:
  runtime::Pool& pool() const;
};

struct Route {
  http::Method method = http::Method::kGet;
  std::string path;          // "/api/v1/videos/{id}"; "{rest*}" at the end takes the rest
  std::string operation_id;  // "getVideo"
  std::string summary;       // one sentence
  Auth auth = Auth::kOpen;
  http::BodyRule body{http::BodyRule::Kind::kWhole, 0};
  std::function<runtime::Task<http::Response>(Context&)> handle;
  // Fills in parameters, requestBody and responses; registers schemas.
  std::function<void(boost::json::object& operation, boost::json::object& components)> describe;
};

// For handlers that take no query, or no body, or answer without one.
struct None {};
BOOST_DESCRIBE_STRUCT(None, (), ())

template <typename Body>
struct Reply {
  Body body{};
  int status = 0;  // 0: the route's own
  std::vector<std::pair<std::string, std::string>> headers;
};

template <typename Query, typename Body, typename Answer>
using Handler = runtime::Task<Result<Reply<Answer>>> (*)(Context&, Query, Body);

struct RouteSpec {
  http::Method method;
  std::string path;
  std::string operation_id;
  std::string summary;
  Auth auth = Auth::kOpen;
  int status = 200;
  uint64_t body_bytes_max = 64 << 10;
};

// "limit=5&cursor=x" into a struct of optionals; unknown parameters are refused.
Result<std::vector<std::pair<std::string, std::string>>> split_query(std::string_view query);

template <typename T>
Result<T> query_value(const std::string& name, const std::string& text) {
  if constexpr (std::is_same_v<T, std::string>) {
    return text;
  } else {
    static_assert(std::is_integral_v<T>);
    T value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      return json::refused(name, "wrong_type", name + " has to be a whole number");
    }
    return value;
  }
}

template <typename Query>
Result<Query> read_query(std::string_view text) {
  RD_TRY(auto pairs, split_query(text));
  Query query{};
  for (const auto& [name, value] : pairs) {
    bool known = false;
    std::optional<Error> error;
    boost::mp11::mp_for_each<json::Members<Query>>([&, &n = name, &v = value](auto d) {
      if (n != d.name) return;
      known = true;
      using Member = std::remove_cvref_t<decltype(query.*d.pointer)>;
      auto parsed = query_value<typename Member::value_type>(n, v);
      if (parsed.ok()) {
        query.*d.pointer = std::move(parsed).value();
      } else {
        error = std::move(parsed).error();
      }
    });
    if (error) return std::move(*error);
    if (!known) {
      return json::refused(name, "unknown_field", "there is no parameter " + name + " here");
    }
  }
  return query;
}

// problem+json for an error (error_map.cc).
http::Response problem(const Error& error);
http::Response problem(int status, std::string title, std::string detail);
http::Response json_response(int status, std::string body);

template <typename Query, typename Body, typename Answer>
runtime::Task<http::Response> call(Context& context, int status,
                                   Handler<Query, Body, Answer> handler) {
  auto query = read_query<Query>(context.request.query);
  if (!query.ok()) co_return problem(query.error());
  Body body{};
  if constexpr (!std::is_same_v<Body, None>) {
    auto parsed = json::read<Body>(context.request.body);
    if (!parsed.ok()) co_return problem(parsed.error());
    body = std::move(parsed).value();
  }
  auto reply = co_await handler(context, std::move(query).value(), std::move(body));
  if (!reply.ok()) co_return problem(reply.error());
  http::Response response;
  if constexpr (std::is_same_v<Answer, None>) {
    response.status = 204;
  } else {
    response = json_response(status, json::write(reply->body));
  }
  if (reply->status != 0) response.status = reply->status;
  for (auto& [name, value] : reply->headers) response.set(std::move(name), std::move(value));
  co_return response;
}

template <typename Query, typename Body, typename Answer>
Route typed(RouteSpec spec, Handler<Query, Body, Answer> handler) {
  Route route;
  route.method = spec.method;
  route.path = std::move(spec.path);
  route.operation_id = std::move(spec.operation_id);
  route.summary = std::move(spec.summary);
  route.auth = spec.auth;
  route.body.bytes_max = std::is_same_v<Body, None> ? 0 : spec.body_bytes_max;
  int status = std::is_same_v<Answer, None> ? 204 : spec.status;
  route.handle = [handler, status](Context& context) { return call(context, status, handler); };
  route.describe = [status](boost::json::object& operation, boost::json::object& components) {
    auto parameters = schema::query_parameters<Query>(components);
    if (!parameters.empty()) {
      auto& all = operation["parameters"];
      if (!all.is_array()) all = boost::json::array();
      for (auto& parameter : parameters) all.as_array().push_back(std::move(parameter));
    }
    auto content = [](boost::json::object of) {
      return boost::json::object{
          {"application/json", boost::json::object{{"schema", std::move(of)}}}};
    };
    if constexpr (!std::is_same_v<Body, None>) {
      operation["requestBody"] = boost::json::object{
          {"required", true}, {"content", content(schema::of<Body>(components))}};
    }
    boost::json::object success{{"description", status == 204 ? "Done." : "The answer."}};
    if constexpr (!std::is_same_v<Answer, None>) {
      success["content"] = content(schema::of<Answer>(components));
    }
    operation["responses"].emplace_object()[std::to_string(status)] = std::move(success);
  };
  return route;
}

}  // namespace rondo::api
