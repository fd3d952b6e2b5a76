#include "api/route.h"

#include "api/services.h"

namespace rondo::api {

runtime::Pool& Context::pool() const { return services.blocking; }

Result<std::vector<std::pair<std::string, std::string>>> split_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    std::string_view item = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), item.size() + 1));
    if (item.empty()) continue;
    size_t equals = item.find('=');
    RD_TRY(auto name, http::percent_decode(item.substr(0, equals), true));
    std::string value;
    if (equals != std::string_view::npos) {
      RD_TRY(value, http::percent_decode(item.substr(equals + 1), true));
    }
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return pairs;
}

}  // namespace rondo::api
