#include "api/router.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "accounts/sessions.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace rondo::api {
namespace {

constexpr http::BodyRule kUnroutedBody{http::BodyRule::Kind::kWhole, 64 << 10};
constexpr std::string_view kSessionCookie = "rondo_session";

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // '/'
    size_t end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }
bool takes_rest(std::string_view segment) { return segment.ends_with("*}"); }

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& segments,
          std::vector<std::string>& parameters) {
  parameters.clear();
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (takes_rest(pattern[i])) {
      std::string rest;
      for (size_t j = i; j < segments.size(); ++j) rest += (j > i ? "/" : "") + segments[j];
      parameters.push_back(std::move(rest));
      return true;
    }
    if (i >= segments.size()) return false;
    if (is_parameter(pattern[i])) {
      if (segments[i].empty()) return false;
      parameters.push_back(segments[i]);
    } else if (pattern[i] != segments[i]) {
      return false;
    }
  }
  return pattern.size() == segments.size();
}

std::string cookie(const http::Request& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      std::string_view pair = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
        return std::string(pair.substr(equals + 1));
      }
    }
  }
  return {};
}

bool is_safe(http::Method method) {
  return method == http::Method::kGet || method == http::Method::kHead ||
         method == http::Method::kOptions;
}

bool is_cross_site(const http::Request& request) {
  if (auto site = request.header("sec-fetch-site"); !site.empty()) {
    return site != "same-origin" && site != "none";
  }
  std::string_view origin = request.header("origin");
  if (origin.empty()) return false;
  size_t scheme = origin.find("://");
  return scheme == std::string_view::npos || origin.substr(scheme + 3) != request.header("host");
}

}  // namespace

struct Router::Instruments {
  std::array<telemetry::Counter*, 6> by_class{};
  telemetry::Histogram* seconds = nullptr;
};

Router::Router(Services& services, std::vector<Route> routes)
    : services_(services), routes_(std::move(routes)) {
  for (const auto& route : routes_) {
    patterns_.push_back(segments_of(route.path));
    auto instruments = std::make_unique<Instruments>();
    for (int c = 1; c <= 5; ++c) {
      instruments->by_class[c] = &services.metrics.counter(
          "http_requests_total", "Requests answered.",
          {{"route", route.operation_id}, {"status", std::to_string(c) + "xx"}});
    }
    instruments->seconds = &services.metrics.seconds("http_request_seconds",
                                                     "From the request's head to its answer's.",
                                                     {{"route", route.operation_id}});
    instruments_.push_back(std::move(instruments));
  }
}

Router::~Router() = default;

Router::Match Router::match(const http::Request& request) const {
  Match match;
  auto segments = segments_of(request.path);
  http::Method method = request.method == http::Method::kHead ? http::Method::kGet : request.method;
  std::vector<std::string> parameters;
  for (size_t i = 0; i < routes_.size(); ++i) {
    if (!fits(patterns_[i], segments, parameters)) continue;
    bool exact = routes_[i].method == request.method;
    if (exact || routes_[i].method == method) {
      match.route = &routes_[i];
      match.parameters = std::move(parameters);
      match.allow.clear();
      return match;
    }
    // A catch-all does not tell a more exact path's methods.
    if (!patterns_[i].empty() && takes_rest(patterns_[i].back())) continue;
    match.allow += (match.allow.empty() ? "" : ", ") + std::string(to_string(routes_[i].method));
  }
  return match;
}

http::BodyRule Router::body_rule(const http::Request& head) const {
  Match found = match(head);
  // What no route takes is read, up to a little, so that the answer can say what is wrong.
  return found.route != nullptr ? found.route->body : kUnroutedBody;
}

http::Response Router::refuse(int status, std::string detail) const {
  static const std::map<int, std::string> kTitles = {
      {400, "Bad request"}, {413, "Too large"}, {431, "Headers too large"}};
  auto title = kTitles.find(status);
  return problem(status, title != kTitles.end() ? title->second : "Refused", std::move(detail));
}

runtime::Task<Result<void>> Router::identify(Context& context) {
  std::string_view authorization = context.request.header("authorization");
  bool by_cookie = false;
  if (authorization.starts_with("Bearer ")) {
    context.session_token = authorization.substr(7);
  } else {
    context.session_token = cookie(context.request, kSessionCookie);
    by_cookie = !context.session_token.empty();
  }
  if (context.session_token.empty()) co_return Result<void>();
  if (by_cookie && !is_safe(context.request.method) && is_cross_site(context.request)) {
    co_return denied("this request comes from another site; it was not carried out")
        .with_reason("cross_site");
  }
  if (auto cached = services_.sessions.cached(context.session_token)) {
    context.principal = cached->principal;
    co_return Result<void>();
  }
  auto look_up = [&sessions = services_.sessions, token = context.session_token] {
    return sessions.authenticate(token);
  };
  auto session = co_await context.blocking(look_up);
  if (!session.ok()) co_return std::move(session).error();
  if (session->has_value()) context.principal = (*session)->principal;
  co_return Result<void>();
}

runtime::Task<http::Response> Router::dispatch(http::Request& request, const Match& found,
                                               const std::string& request_id) {
  if (found.route == nullptr) {
    if (found.allow.empty())
      co_return problem(404, "Not found", "there is nothing at this address");
    auto response = problem(405, "Method not allowed", "this address takes " + found.allow);
    response.set("Allow", found.allow);
    co_return response;
  }
  Context context{request, services_, found.parameters, std::nullopt, {}, request_id};
  auto identified = co_await identify(context);
  if (!identified.ok()) co_return problem(identified.error());
  Auth auth = found.route->auth;
  if (auth != Auth::kOpen && !context.principal) {
    co_return problem(denied(auth == Auth::kViewer
                                 ? "this needs a session: POST /api/v1/viewers gives one"
                                 : "sign in first: POST /api/v1/sessions")
                          .with_reason("signed_out"));
  }
  if ((auth == Auth::kAccount || auth == Auth::kAdmin) && !context.principal->is_account()) {
    co_return problem(denied("sign in first: POST /api/v1/sessions").with_reason("signed_out"));
  }
  if (auth == Auth::kAdmin && !context.principal->is_admin()) {
    co_return problem(denied("this is for administrators"));
  }
  co_return co_await found.route->handle(context);
}

runtime::Task<http::Response> Router::handle(http::Request& request) {
  auto began = std::chrono::steady_clock::now();
  Match found = match(request);
  std::string request_id = base::id_to_text(services_.random.next64());
  http::Response response;
  std::string failure;
  try {
    response = co_await dispatch(request, found, request_id);
  } catch (const std::exception& e) {
    failure = e.what();
  }
  if (!failure.empty()) response = problem(internal(failure));
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  response.set("X-Request-Id", request_id);
  response.set("X-Content-Type-Options", "nosniff");
  if (found.route != nullptr) {
    auto& instruments = *instruments_[static_cast<size_t>(found.route - routes_.data())];
    instruments.by_class[std::clamp(response.status / 100, 1, 5)]->Increment();
    instruments.seconds->Observe(seconds);
  }
  auto level =
      response.status >= 500 && response.status != 503 ? log::Level::kError : log::Level::kDebug;
  log::write(level, "request",
             {{"id", request_id},
              {"method", to_string(request.method)},
              {"path", request.path},
              {"status", response.status},
              {"ms", seconds * 1e3},
              {"reason", failure}});
  co_return response;
}

}  // namespace rondo::api
