// From a request to its route: matching, who asks, cross-site protection, metrics, the last resort
// for errors.
//
// A session comes as `Authorization: Bearer TOKEN`, or as the cookie `rondo_session`. With the
// cookie, a request that changes something is refused when the browser says that another site sent
// it (Sec-Fetch-Site, else Origin against Host).
//
// Thread safe after construction.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "api/http/server.h"
#include "api/route.h"
#include "api/services.h"

namespace rondo::api {

class Router final : public http::Service {
 public:
  Router(Services& services, std::vector<Route> routes);
  ~Router() override;

  http::BodyRule body_rule(const http::Request& head) const override;
  runtime::Task<http::Response> handle(http::Request& request) override;
  http::Response refuse(int status, std::string detail) const override;

  std::span<const Route> routes() const { return routes_; }

 private:
  struct Instruments;
  struct Match {
    const Route* route = nullptr;
    std::vector<std::string> parameters;
    std::string allow;  // methods that the path takes, when the asked one is not among them
  };
  Match match(const http::Request& request) const;
  runtime::Task<http::Response> dispatch(http::Request& request, const Match& match,
                                         const std::string& request_id);
  runtime::Task<Result<void>> identify(Context& context);

  Services& services_;
  const std::vector<Route> routes_;
  std::vector<std::vector<std::string>> patterns_;  // path segments, a route each
  std::vector<std::unique_ptr<Instruments>> instruments_;
};

}  // namespace rondo::api
