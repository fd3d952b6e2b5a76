#include "api/handlers/ops.h"

#include "api/services.h"

namespace rondo::api::handlers {
namespace {

using runtime::Task;

http::Response text(int status, std::string body, std::string type) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  response.set("Content-Type", std::move(type));
  response.set("Cache-Control", "no-store");
  return response;
}

}  // namespace

// Alive: the process answers.
Task<http::Response> healthz(Context&) { co_return text(200, "ok\n", "text/plain"); }

// Ready: what a request needs is there. Without the engine the network still serves Latest, so a
// stopped engine is told here, and does not make the server unready.
Task<http::Response> readyz(Context& context) {
  auto check = [&services = context.services]() -> Result<std::string> { return services.ready(); };
  auto state = co_await context.blocking(check);
  if (!state.ok()) co_return text(503, state.error().describe() + "\n", "text/plain");
  co_return text(200, *state, "text/plain");
}

Task<http::Response> metrics(Context& context) {
  auto render = [&services = context.services]() -> Result<std::string> {
    return services.metrics.render();
  };
  auto body = co_await context.blocking(render);
  if (!body.ok()) co_return problem(body.error());
  co_return text(200, std::move(body).value(), "text/plain; version=0.0.4");
}

Task<http::Response> openapi(Context& context) {
  http::Response response;
  response.shared_body = context.services.openapi;
  response.set("Content-Type", "application/json");
  response.set("Cache-Control", "public, max-age=300");
  co_return response;
}

Task<Result<Reply<wire::Network>>> get_network(Context& context, None, None) {
  Services& services = context.services;
  Reply<wire::Network> reply;
  reply.body.name = services.config.server.name;
  reply.body.version = services.version;
  reply.body.uploads.size_bytes_max = services.config.uploads.size_mib_max << 20;
  reply.body.uploads.duration_ms_max = services.config.uploads.duration_seconds_max * 1000;
  reply.body.uploads.pixels_max = services.config.uploads.pixels_max;
  reply.body.uploads.frame_rate_max = services.config.uploads.frame_rate_max;
  reply.body.uploads.streams_max = services.config.uploads.streams_max;
  reply.body.uploads.captions_bytes_max = services.config.uploads.captions_kib_max << 10;
  reply.body.uploads.captions_languages_max = services.config.uploads.captions_languages_max;
  if (std::string reason = services.uploads_closed(); !reason.empty()) {
    reply.body.uploads_open = false;
    reply.body.uploads_closed_reason = std::move(reason);
  }
  reply.body.demo = services.demo();
  co_return reply;
}

}  // namespace rondo::api::handlers
